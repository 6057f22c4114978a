"""``/v3/catalog/variants`` and ``/v3/catalog/products/{product_id}/variants``: reading variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sandbox.exchange import Answer, Request, not_found
from sandbox.filtering import PAGE_PARAMETERS, Condition, Filter, conditions, folded, integer
from sandbox.paging import collection, fields_of, page_of, single
from sandbox.routing import FIELDS, PAGES, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS_READ

# The only filters there are: no ranges, no `sku:in`. They are answered from the indexes alone.
FILTERS = {
    "id": Filter(lambda variant_id: variant_id, integer),
    "sku": Filter(lambda variant_id: variant_id, folded),
    "upc": Filter(lambda variant_id: variant_id, folded),
    "product_id": Filter(lambda variant_id: variant_id, integer, frozenset({"in"}), plain=False),
}
PARAMETERS = PAGE_PARAMETERS - {"sort", "direction", "include"}

# The specification gives these with a product's variants, but not in the list over all products.
UNLISTED = frozenset({"map_price", "image_url", "mpn", "gtin", "calculated_weight"})


def list_variants(store: Store, request: Request) -> Answer:
    """GET: a page of the variants of all products."""
    page = page_of(request)
    chosen = _selected(store, conditions(request.query, FILTERS, PARAMETERS))
    fields = fields_of(request, "id")
    if not fields.only:
        fields = replace(fields, without=fields.without | UNLISTED)
    records = [fields.of(_rendered(store, each)) for each in chosen[page.start : page.stop]]
    return collection(records, page, len(chosen))


def _selected(store: Store, asked: Sequence[Condition]) -> Sequence[int]:
    indexes = store.catalog.indexes
    if not asked:
        return indexes.variant_ids
    chosen: set[int] | None = None
    for condition in asked:
        match condition.field:
            case "id":
                found = {condition.value} & indexes.product_of_variant.keys()
            case "sku":
                found = set(indexes.variant_sku.find(condition.value)) - store.unknown_to_lookups("variant")
            case "upc":
                found = set(indexes.variant_upc.find(condition.value))
            case _:
                products = [indexes.facts[each] for each in condition.value if each in indexes.facts]
                found = {variant.id for facts in products for variant in facts.variants}
        chosen = found if chosen is None else chosen & found
    return sorted(chosen or ())


def _rendered(store: Store, variant_id: int) -> bytes:
    return store.catalog.rendered(store.catalog.indexes.product_of_variant[variant_id]).variants[variant_id]


def list_product_variants(store: Store, request: Request) -> Answer:
    """GET: a page of one product's variants."""
    product_id = request.number("product_id")
    if product_id not in store.catalog.indexes.facts:
        raise not_found(request.path)
    page, fields = page_of(request), fields_of(request, "id")
    records = list(store.catalog.rendered(product_id).variants.values())
    return collection([fields.of(each) for each in records[page.start : page.stop]], page, len(records))


def get_variant(store: Store, request: Request) -> Answer:
    """GET: one variant of a product."""
    product_id, variant_id = request.number("product_id"), request.number("variant_id")
    if store.catalog.indexes.product_of_variant.get(variant_id) != product_id:
        raise not_found(request.path)
    return single(fields_of(request, "id").of(_rendered(store, variant_id)))


ROUTES = [
    Route("GET", "/v3/catalog/variants", PRODUCTS_READ, list_variants),
    Route("GET", "/v3/catalog/products/{product_id}/variants", PRODUCTS_READ, list_product_variants, PAGES),
    Route("GET", "/v3/catalog/products/{product_id}/variants/{variant_id}", PRODUCTS_READ, get_variant, FIELDS),
]
