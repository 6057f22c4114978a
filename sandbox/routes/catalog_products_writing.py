"""``/v3/catalog/products``: creating, changing and deleting products."""

from __future__ import annotations

from sandbox.catalog import drafts
from sandbox.catalog.rendering import Rendered
from sandbox.exchange import Answer, Json, Refusal, Request, invalid, not_found
from sandbox.paging import MOST_PER_PAGE, collection, fields_of, page_of, single
from sandbox.routes.catalog_products import included, selection
from sandbox.routing import Route
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
    store.refuse(given)
    brands = len(store.catalog.brands)
    product = drafts.created(store.catalog, given, store.clock.iso())
    _note_brands(store, request, brands)
    store.catalog.put(product)
    store.note(request, "product.created", product["id"], given)
    return _written(store, request, product)


def update_product(store: Store, request: Request) -> Answer:
    """PUT: some of a product's fields."""
    given = request.json_object()
    product = store.catalog.editable(request.number("product_id"))
    if product is None:
        raise not_found(request.path)
    store.refuse(product)
    brands = len(store.catalog.brands)
    product = drafts.updated(store.catalog, product, given, store.clock.iso())
    _note_brands(store, request, brands)
    store.catalog.put(product)
    store.note(request, "product.updated", product["id"], given)
    return _written(store, request, product)


def update_products(store: Store, request: Request) -> Answer:
    """PUT: up to ten products; one that cannot be changed refuses the batch."""
    changes = request.json_objects(MOST_IN_BATCH)
    made: dict[int, Json] = {}
    brands = len(store.catalog.brands)
    for given in changes:
        if not isinstance(given.get("id"), int):
            raise invalid({"id": "is required"})
        product = made.get(given["id"]) or store.catalog.editable(given["id"])
        if product is None:
            raise not_found(f"{request.path}/{given['id']}")
        store.refuse(product)
        made[given["id"]] = drafts.updated(store.catalog, product, given, store.clock.iso())
    drafts.check_batch(made.values())
    _note_brands(store, request, brands)
    for product in made.values():
        store.catalog.put(product)
    for given in changes:
        store.note(request, "product.updated", given["id"], {name: given[name] for name in given if name != "id"})
    include, fields = included(request), fields_of(request, "id", *included(request))
    records = [fields.of(store.catalog.rendered(each).whole(include)) for each in made]
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


def _note_brands(store: Store, request: Request, before: int) -> None:
    """Note the brands made on the way, of which there were so many before."""
    for made in list(store.catalog.brands.values())[before:]:
        store.note(request, "brand.created", made["id"], {"name": made["name"]})


def _written(store: Store, request: Request, product: Json) -> Answer:
    include = included(request)
    rendered: Rendered = store.catalog.rendered(product["id"])
    return single(fields_of(request, "id", *include).of(rendered.whole(include)))


ROUTES = [
    Route("POST", "/v3/catalog/products", PRODUCTS, create_product),
    Route("PUT", "/v3/catalog/products", PRODUCTS, update_products),
    Route("DELETE", "/v3/catalog/products", PRODUCTS, delete_products),
    Route("PUT", "/v3/catalog/products/{product_id}", PRODUCTS, update_product),
    Route("DELETE", "/v3/catalog/products/{product_id}", PRODUCTS, delete_product),
]
