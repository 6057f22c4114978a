"""``/v3/catalog/products/{product_id}/custom-fields``: writing custom fields one by one."""

from __future__ import annotations

import msgspec

from sandbox.catalog.custom_field_drafts import checked
from sandbox.catalog.field_rules import CUSTOM_FIELD_RULES, problems
from sandbox.exchange import Answer, Json, Request, invalid, not_found
from sandbox.paging import single
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS


def create_field(store: Store, request: Request) -> Answer:
    """POST: one more custom field."""
    product = _product(store, request)
    given = _checked(request, ("name", "value"))
    made = {"id": store.catalog.new_id("part"), "name": given["name"], "value": given["value"]}
    _store(store, product, [*product["custom_fields"], made])
    store.note(request, "custom_field.created", made["id"], given | {"product_id": product["id"]})
    return single(msgspec.json.encode(made))


def update_field(store: Store, request: Request) -> Answer:
    """PUT: another name or value."""
    product = _product(store, request)
    field = _field(product, request)
    given = _checked(request, ())
    changed = field | {name: given[name] for name in ("name", "value") if name in given}
    _store(store, product, [changed if each is field else each for each in product["custom_fields"]])
    store.note(request, "custom_field.updated", field["id"], given | {"product_id": product["id"]})
    return single(msgspec.json.encode(changed))


def delete_field(store: Store, request: Request) -> Answer:
    """DELETE: the custom field."""
    product = _product(store, request)
    field = _field(product, request)
    _store(store, product, [each for each in product["custom_fields"] if each is not field])
    store.note(request, "custom_field.deleted", field["id"], {"product_id": product["id"]})
    return Answer(204)


def _product(store: Store, request: Request) -> Json:
    product = store.catalog.editable(request.number("product_id"))
    if product is None:
        raise not_found(request.path)
    return product


def _field(product: Json, request: Request) -> Json:
    wanted = request.number("custom_field_id")
    for each in product["custom_fields"]:
        if each["id"] == wanted:
            field: Json = each
            return field
    raise not_found(request.path)


def _checked(request: Request, required: tuple[str, ...]) -> Json:
    given = request.json_object()
    found = problems(given, CUSTOM_FIELD_RULES, required)
    if found:
        raise invalid(found)
    return given


def _store(store: Store, product: Json, fields: list[Json]) -> None:
    store.catalog.put(product | {"custom_fields": checked(fields), "date_modified": store.clock.iso()})


ROUTES = [
    Route("POST", "/v3/catalog/products/{product_id}/custom-fields", PRODUCTS, create_field, NONE),
    Route("PUT", "/v3/catalog/products/{product_id}/custom-fields/{custom_field_id}", PRODUCTS, update_field, NONE),
    Route("DELETE", "/v3/catalog/products/{product_id}/custom-fields/{custom_field_id}", PRODUCTS, delete_field, NONE),
]
