"""``/v3/catalog/products/{product_id}/options``: writing a product's options, and their values one by one."""

from __future__ import annotations

import msgspec

from sandbox.catalog import drafts, option_drafts, variant_drafts
from sandbox.exchange import Answer, Json, Request, not_found
from sandbox.paging import collection, fields_of, page_of, single
from sandbox.routing import FIELDS, NONE, PAGES, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS, PRODUCTS_READ

OPTIONS = "/v3/catalog/products/{product_id}/options"
VALUES = f"{OPTIONS}/{{option_id}}/values"


def create_option(store: Store, request: Request) -> Answer:
    """POST: one more option with its values; the product's variants stay as they are."""
    product = _product(store, request)
    given = request.json_object()
    made = option_drafts.add(store.catalog, product, given)
    _store(store, product)
    store.note(request, "option.created", made["id"], given | {"product_id": product["id"]})
    return single(msgspec.json.encode(made))


def update_option(store: Store, request: Request) -> Answer:
    """PUT: another name or type, other values; a value that is not named stays."""
    product = _product(store, request)
    option = _option(product, request)
    given = request.json_object()
    option_drafts.update(store.catalog, product, option, given)
    _store(store, product)
    store.note(request, "option.updated", option["id"], given | {"product_id": product["id"]})
    return single(msgspec.json.encode(option))


def delete_option(store: Store, request: Request) -> Answer:
    """DELETE: one option with the variants that have a value of it; 204 whether it was there or not."""
    product = store.catalog.editable(request.number("product_id"))
    option_id = request.number("option_id")
    if product is not None and any(each["id"] == option_id for each in product["options"]):
        product["options"] = [each for each in product["options"] if each["id"] != option_id]
        variant_drafts.remove(store.catalog, product, option_drafts.variants_with(product, option_id))
        _store(store, product)
        store.note(request, "option.deleted", option_id, {"product_id": product["id"]})
    return Answer(204)


def list_values(store: Store, request: Request) -> Answer:
    """GET: a page of an option's values."""
    values = _option(_product(store, request), request)["option_values"]
    page, fields = page_of(request), fields_of(request, "id")
    return collection(
        [fields.of(msgspec.json.encode(each)) for each in values[page.start : page.stop]], page, len(values)
    )


def get_value(store: Store, request: Request) -> Answer:
    """GET: one value."""
    value = _value(_option(_product(store, request), request), request)
    return single(fields_of(request, "id").of(msgspec.json.encode(value)))


def create_value(store: Store, request: Request) -> Answer:
    """POST: one more value of an option."""
    product = _product(store, request)
    option = _option(product, request)
    given = request.json_object()
    made = option_drafts.add_value(store.catalog, option, given)
    _store(store, product)
    store.note(request, "option_value.created", made["id"], given | _whose(product, option))
    return single(msgspec.json.encode(made))


def update_value(store: Store, request: Request) -> Answer:
    """PUT: another label or place of a value."""
    product = _product(store, request)
    option = _option(product, request)
    value = _value(option, request)
    given = request.json_object()
    option_drafts.update_value(product, option, value, given)
    _store(store, product)
    store.note(request, "option_value.updated", value["id"], given | _whose(product, option))
    return single(msgspec.json.encode(value))


def delete_value(store: Store, request: Request) -> Answer:
    """DELETE: one value with the variants that have it; 204 whether it was there or not."""
    product = store.catalog.editable(request.number("product_id"))
    option_id, value_id = request.number("option_id"), request.number("value_id")
    option = next((each for each in product["options"] if each["id"] == option_id), None) if product else None
    if product is not None and option is not None and any(each["id"] == value_id for each in option["option_values"]):
        option["option_values"] = [each for each in option["option_values"] if each["id"] != value_id]
        variant_drafts.remove(store.catalog, product, option_drafts.variants_with(product, option_id, value_id))
        _store(store, product)
        store.note(request, "option_value.deleted", value_id, _whose(product, option))
    return Answer(204)


def _product(store: Store, request: Request) -> Json:
    product = store.catalog.editable(request.number("product_id"))
    if product is None:
        raise not_found(request.path)
    return product


def _option(product: Json, request: Request) -> Json:
    return _named(product["options"], "option_id", request)


def _value(option: Json, request: Request) -> Json:
    return _named(option["option_values"], "value_id", request)


def _named(records: list[Json], parameter: str, request: Request) -> Json:
    wanted = request.number(parameter)
    for each in records:
        if each["id"] == wanted:
            return each
    raise not_found(request.path)


def _whose(product: Json, option: Json) -> Json:
    return {"product_id": product["id"], "option_id": option["id"]}


def _store(store: Store, product: Json) -> None:
    product["date_modified"] = store.clock.iso()
    drafts.settle(product)
    store.catalog.put(product)


ROUTES = [
    Route("POST", OPTIONS, PRODUCTS, create_option, NONE),
    Route("PUT", f"{OPTIONS}/{{option_id}}", PRODUCTS, update_option, NONE),
    Route("DELETE", f"{OPTIONS}/{{option_id}}", PRODUCTS, delete_option, NONE),
    Route("GET", VALUES, PRODUCTS_READ, list_values, PAGES),
    Route("POST", VALUES, PRODUCTS, create_value, NONE),
    Route("GET", f"{VALUES}/{{value_id}}", PRODUCTS_READ, get_value, FIELDS),
    Route("PUT", f"{VALUES}/{{value_id}}", PRODUCTS, update_value, NONE),
    Route("DELETE", f"{VALUES}/{{value_id}}", PRODUCTS, delete_value, NONE),
]
