"""``/v3/catalog/categories``: categories as the older categories API answers them."""

from __future__ import annotations

import msgspec

from sandbox.exchange import Answer, Json, Request, not_found
from sandbox.filtering import LISTS, RANGES, Filter, flag, folded, integer
from sandbox.listing import listed
from sandbox.paging import fields_of, single
from sandbox.routing import FIELDS, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS_READ

LIKE = frozenset({"like"})
FILTERS = {
    "id": Filter(lambda each: each["id"], integer, LISTS | RANGES),
    "name": Filter(lambda each: each["name"].lower(), folded, LIKE),
    "parent_id": Filter(lambda each: each["parent_id"], integer, frozenset({"in"}) | RANGES),
    "page_title": Filter(lambda each: each["page_title"].lower(), folded, LIKE),
    "keyword": Filter(lambda each: each["name"].lower(), folded, matches=lambda name, word: word in name),
    "is_visible": Filter(lambda each: each["is_visible"], flag),
}


def older_form(category: Json) -> Json:
    """A category of the category-trees API in the older API's form."""
    hidden = ("category_id", "category_uuid", "tree_id", "url")
    fields = {name: value for name, value in category.items() if name not in hidden}
    url = category["url"]
    return (
        {"id": category["category_id"]}
        | fields
        | {"custom_url": {"url": url["path"], "is_customized": url["is_customized"]}}
    )


def list_categories(store: Store, request: Request) -> Answer:
    """GET: a page of categories."""
    records = map(older_form, store.catalog.categories.values())
    return listed(request, records, FILTERS, sorts=("name", "id", "parent_id", "sort_order"))


def get_category(store: Store, request: Request) -> Answer:
    """GET: one category."""
    category = store.catalog.categories.get(request.number("category_id"))
    if category is None:
        raise not_found(request.path)
    return single(fields_of(request, "id").of(msgspec.json.encode(older_form(category))))


ROUTES = [
    Route("GET", "/v3/catalog/categories", PRODUCTS_READ, list_categories),
    Route("GET", "/v3/catalog/categories/{category_id}", PRODUCTS_READ, get_category, FIELDS),
]
