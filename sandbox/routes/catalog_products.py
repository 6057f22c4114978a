"""``/v3/catalog/products``: reading products."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.catalog.rendering import INCLUDABLE
from sandbox.catalog.selection import SORT_KEYS, Selection, select
from sandbox.exchange import Answer, Refusal, Request, not_found
from sandbox.filtering import (
    LISTS,
    RANGES,
    Condition,
    Filter,
    conditions,
    flag,
    folded,
    integer,
    moment,
    number,
    one_of,
)
from sandbox.paging import MOST_PER_PAGE, MOST_WITH_OPTIONS, collection, fields_of, names, page_of, single
from sandbox.routing import FIELDS, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS_READ

# Filters that a search index answers, which learns of a new product a while after its creation.
LOOKUPS = frozenset({"name", "sku"})


def product_filters(store: Store) -> Mapping[str, Filter]:
    """The filters of a collection of products."""
    when = moment(store.clock.now)

    def in_keywords(facts: object, wanted: str) -> bool:
        brand = store.catalog.brands.get(getattr(facts, "brand_id", 0), {})
        text = f"{getattr(facts, 'name', '')} {getattr(facts, 'sku', '')} {brand.get('name', '')}".lower()
        return wanted in text

    return {
        "id": Filter(lambda facts: facts.id, integer, LISTS | RANGES),
        "channel_id": Filter(
            lambda facts: store.catalog.channels(facts.id),
            integer,
            frozenset({"in"}),
            plain=False,
            matches=lambda channels, channel: channel in channels,
        ),
        "name": Filter(lambda facts: facts.name.lower(), folded),
        "sku": Filter(lambda facts: facts.sku.lower(), folded, frozenset({"in"})),
        "upc": Filter(lambda facts: facts.upc.lower(), folded),
        "mpn": Filter(lambda facts: facts.mpn.lower(), folded),
        "price": Filter(lambda facts: facts.price, number),
        "weight": Filter(lambda facts: facts.weight, number),
        "condition": Filter(lambda facts: facts.condition.lower(), one_of("new", "used", "refurbished")),
        "brand_id": Filter(lambda facts: facts.brand_id, integer),
        "date_modified": Filter(lambda facts: facts.modified, when, frozenset({"min", "max"})),
        "date_last_imported": Filter(lambda facts: facts.imported, when, frozenset({"min", "max", "not"})),
        "is_visible": Filter(lambda facts: facts.is_visible, flag),
        "is_featured": Filter(lambda facts: facts.is_featured, flag),
        "is_free_shipping": Filter(lambda facts: facts.is_free_shipping, flag),
        "inventory_level": Filter(lambda facts: facts.level, integer, LISTS | RANGES),
        "inventory_low": Filter(
            lambda facts: facts.tracking != "none" and facts.level <= facts.warning_level,
            flag,
        ),
        "out_of_stock": Filter(lambda facts: facts.tracking != "none" and facts.level <= 0, flag),
        "total_sold": Filter(lambda facts: facts.total_sold, integer),
        "type": Filter(lambda facts: facts.type, one_of("physical", "digital")),
        "categories": Filter(
            lambda facts: facts.categories,
            integer,
            frozenset({"in"}),
            matches=lambda categories, category: category in categories,
        ),
        "keyword": Filter(lambda facts: facts, folded, matches=in_keywords),
        "keyword_context": Filter(lambda facts: "", one_of("shopper", "merchant"), matches=lambda _have, _want: True),
        "availability": Filter(lambda facts: facts.availability, one_of("available", "disabled", "preorder")),
    }


def selection(store: Store, request: Request) -> Selection:
    """The products a request's filters and sort order mean."""
    asked = conditions(request.query, product_filters(store))
    order = dict(request.query)
    sort, direction = order.get("sort", "id"), order.get("direction", "asc")
    if sort not in SORT_KEYS:
        raise Refusal(422, "The filter values are not valid.", {"sort": f"must be one of {', '.join(SORT_KEYS)}"})
    if direction not in ("asc", "desc"):
        raise Refusal(422, "The filter values are not valid.", {"direction": "must be asc or desc"})
    if any(condition.field == "categories" and not condition.operator for condition in asked):
        # The plain filter leaves out products that are in more than one category.
        asked.append(Condition("categories", "", 1, Filter(lambda facts: len(facts.categories), integer)))
    unknown = store.unknown_to_lookups("product")
    if unknown and any(condition.field in LOOKUPS for condition in asked):
        asked.append(Condition("id", "not_in", sorted(unknown), Filter(lambda facts: facts.id, integer, LISTS)))
    return select(store.catalog.indexes, asked, sort, direction == "desc")


def included(request: Request) -> tuple[str, ...]:
    """The sub-resources a request wants with each product."""
    wanted = names(request, "include")
    unknown = [each for each in wanted if each not in INCLUDABLE]
    if unknown:
        raise Refusal(422, "The filter values are not valid.", {"include": f"unknown: {', '.join(unknown)}"})
    return wanted


def list_products(store: Store, request: Request) -> Answer:
    """GET: a page of products."""
    include = included(request)
    with_options = "options" in include or "modifiers" in include
    page = page_of(request, MOST_WITH_OPTIONS if with_options else MOST_PER_PAGE)
    chosen = selection(store, request)
    fields = fields_of(request, "id", *include)
    rendered = store.catalog.rendered
    records = [fields.of(rendered(each).whole(include)) for each in chosen.slice(page.start, page.stop)]
    return collection(records, page, chosen.total)


def get_product(store: Store, request: Request) -> Answer:
    """GET: one product."""
    product_id = request.number("product_id")
    if product_id not in store.catalog.indexes.facts:
        raise not_found(request.path)
    include = included(request)
    return single(fields_of(request, "id", *include).of(store.catalog.rendered(product_id).whole(include)))


ROUTES = [
    Route("GET", "/v3/catalog/products", PRODUCTS_READ, list_products),
    Route("GET", "/v3/catalog/products/{product_id}", PRODUCTS_READ, get_product, FIELDS | {"include"}),
]
