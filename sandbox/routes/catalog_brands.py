"""``/v3/catalog/brands``: reading and creating brands."""

from __future__ import annotations

import msgspec

from sandbox.catalog.field_rules import BRAND_RULES, problems, stored
from sandbox.catalog.shelving import brand
from sandbox.exchange import Answer, Refusal, Request, invalid, not_found
from sandbox.filtering import LISTS, RANGES, Filter, folded, integer
from sandbox.listing import listed
from sandbox.paging import fields_of, single
from sandbox.routing import FIELDS, NONE, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS, PRODUCTS_READ

FILTERS = {
    "id": Filter(lambda each: each["id"], integer, LISTS | RANGES),
    "name": Filter(lambda each: each["name"].lower(), folded, frozenset({"like"})),
    "page_title": Filter(lambda each: each["page_title"].lower(), folded),
}


def list_brands(store: Store, request: Request) -> Answer:
    """GET: a page of brands."""
    return listed(request, store.catalog.brands.values(), FILTERS, sorts=("name",))


def get_brand(store: Store, request: Request) -> Answer:
    """GET: one brand."""
    known = store.catalog.brands.get(request.number("brand_id"))
    if known is None:
        raise not_found(request.path)
    return single(fields_of(request, "id").of(msgspec.json.encode(known)))


def create_brand(store: Store, request: Request) -> Answer:
    """POST: one brand; its name must be new."""
    given = request.json_object()
    found = problems(given, BRAND_RULES, ("name",))
    if found:
        raise invalid(found)
    if any(each["name"].lower() == given["name"].lower() for each in store.catalog.brands.values()):
        reason = "The brand name is a duplicate"
        raise Refusal(409, reason, {"name": reason})
    made = brand(store.catalog.new_id("brand"), given["name"])
    made |= stored(given, BRAND_RULES)
    if "custom_url" in given:
        made["custom_url"] = {"url": f"/brands/{made['id']}/", "is_customized": False} | made["custom_url"]
    store.catalog.brands[made["id"]] = made
    store.catalog.indexes.forget_answers()
    store.note(request, "brand.created", made["id"], given)
    return single(msgspec.json.encode(made))


ROUTES = [
    Route("GET", "/v3/catalog/brands", PRODUCTS_READ, list_brands),
    Route("GET", "/v3/catalog/brands/{brand_id}", PRODUCTS_READ, get_brand, FIELDS),
    Route("POST", "/v3/catalog/brands", PRODUCTS, create_brand, NONE),
]
