"""``/v3/catalog/products``: creating, changing and deleting products."""

from __future__ import annotations

from sandbox.catalog import drafts
from sandbox.catalog.field_rules import is_whole
from sandbox.catalog.identifiers import check_batch
from sandbox.exchange import Answer, Json, Refusal, Request, invalid, not_found
from sandbox.paging import MOST_PER_PAGE, collection, fields_of, page_of, single
from sandbox.partial_saves import multi_status, saved_of
from sandbox.routes.catalog_products import included, selection
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS

MOST_IN_BATCH = 10
DELETE_FILTERS = frozenset(
    {
        "name", "sku", "price", "weight", "condition", "brand_id", "date_modified", "date_last_imported", "is_visible",
        "is_featured", "id:in", "inventory_level", "total_sold", "type", "categories", "keyword",
    }
)  # fmt: skip


def create_product(store: Store, request: Request) -> Answer:
    """POST: one product, with its variants, custom fields and images inline."""
    given = request.json_object()
    included(request)  # what cannot be included is refused before anything is stored
    store.refuse(given)
    saved, unsaved = saved_of(store, given, given)
    product = drafts.created(store.catalog, saved, store.clock.iso())
    _store(store, request, "product.created", product, saved)
    for variant in product["variants"]:
        store.newcomers.note("variant", variant["id"], store.clock.now())
    store.newcomers.note("product", product["id"], store.clock.now())
    record = _record(store, request, product)
    # The specification answers one product in a list here, and in none where it was saved whole.
    return multi_status(b"[" + record + b"]", unsaved) if unsaved else single(record)


def update_product(store: Store, request: Request) -> Answer:
    """PUT: some of a product's fields."""
    given = request.json_object()
    included(request)
    product = store.catalog.editable(request.number("product_id"))
    if product is None:
        raise not_found(request.path)
    store.refuse(product)
    saved, unsaved = saved_of(store, given, product, given)
    product = drafts.updated(store.catalog, product, saved, store.clock.iso())
    _store(store, request, "product.updated", product, saved)
    record = _record(store, request, product)
    return multi_status(record, unsaved) if unsaved else single(record)


def update_products(store: Store, request: Request) -> Answer:
    """PUT: up to ten products; one that cannot be changed refuses the batch."""
    changes = request.json_objects(MOST_IN_BATCH)
    made: dict[int, Json] = {}
    saves: list[Json] = []
    errors: Json = {}
    for place, given in enumerate(changes):
        if not is_whole(given.get("id")):
            raise invalid({"id": "is required"})
        product = made.get(given["id"]) or store.catalog.editable(given["id"])
        if product is None:
            raise not_found(f"{request.path}/{given['id']}")
        store.refuse(product)
        saved, unsaved = saved_of(store, given, product, given)
        errors |= {f"{place}.{name}": reason for name, reason in unsaved.items()}
        made[given["id"]] = drafts.updated(store.catalog, product, saved, store.clock.iso())
        saves.append(saved)
    check_batch(made.values())
    for saved in saves:
        change = {name: saved[name] for name in saved if name != "id"}
        _store(store, request, "product.updated", made[saved["id"]], change)
    records = [_record(store, request, each) for each in made.values()]
    if errors:
        return multi_status(b"[" + b",".join(records) + b"]", errors)
    return collection(records, page_of(request), len(records))


def delete_product(store: Store, request: Request) -> Answer:
    """DELETE: one product; 204 whether it was there or not, as the specification knows no other answer."""
    _remove(store, request, request.number("product_id"))
    return Answer(204)


def delete_products(store: Store, request: Request) -> Answer:
    """DELETE: the products a filter means, at most 250 of them."""
    names = {name for name, _ in request.query}
    if not names:
        raise Refusal(422, "A filter is required to delete products.", {})
    if names - DELETE_FILTERS:
        unknown = ", ".join(sorted(names - DELETE_FILTERS))
        raise Refusal(422, f"The filter(s): {unknown} are not valid filter parameter(s).", {})
    for name, text in request.query:
        if name == "id:in" and text.count(",") >= MOST_PER_PAGE:
            raise invalid({"id:in": f"must name at most {MOST_PER_PAGE} products"})
    for product_id in list(selection(store, request).slice(0, MOST_PER_PAGE)):
        _remove(store, request, product_id)
    return Answer(204)


def _remove(store: Store, request: Request, product_id: int) -> None:
    if product_id in store.catalog.indexes.facts:
        store.catalog.remove(product_id)
        store.note(request, "product.deleted", product_id, None)


def _store(store: Store, request: Request, kind: str, product: Json, saved: Json) -> None:
    """Store a product that nothing refuses any more, with the brand it names."""
    brand = drafts.link_brand(store.catalog, product, saved)
    if brand is not None:
        store.note(request, "brand.created", brand["id"], {"name": brand["name"]})
    store.catalog.put(product)
    store.note(request, kind, product["id"], saved)


ANSWERED = ("custom_fields", "images", "options")
"""Parts that the answer to a write has unasked, as the specification says; the variants are not among them."""


def _record(store: Store, request: Request, product: Json) -> bytes:
    include = tuple(dict.fromkeys((*ANSWERED, *included(request))))
    return fields_of(request, "id", *include).of(store.catalog.rendered(product["id"]).whole(include))


WRITTEN = frozenset({"include_fields", "include"})
ROUTES = [
    Route("POST", "/v3/catalog/products", PRODUCTS, create_product, WRITTEN),
    Route("PUT", "/v3/catalog/products", PRODUCTS, update_products, WRITTEN),
    Route("DELETE", "/v3/catalog/products", PRODUCTS, delete_products),
    Route("PUT", "/v3/catalog/products/{product_id}", PRODUCTS, update_product, WRITTEN),
    Route("DELETE", "/v3/catalog/products/{product_id}", PRODUCTS, delete_product, NONE),
]
