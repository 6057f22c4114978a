"""A product's sub-resources: images, custom fields, options and videos, as lists of their own."""

from __future__ import annotations

import msgspec

from sandbox.exchange import Answer, Json, Request, not_found
from sandbox.paging import collection, fields_of, page_of, single
from sandbox.routing import FIELDS, PAGES, Handler, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS_READ


def _product(store: Store, request: Request) -> Json:
    product = store.catalog.product(request.number("product_id"))
    if product is None:
        raise not_found(request.path)
    return product


def _lists(part: str) -> Handler:
    def list_part(store: Store, request: Request) -> Answer:
        records: list[Json] = _product(store, request).get(part) or []
        page, fields = page_of(request), fields_of(request, "id")
        listed = [fields.of(msgspec.json.encode(each)) for each in records[page.start : page.stop]]
        return collection(listed, page, len(records))

    return list_part


def _gets(part: str, parameter: str) -> Handler:
    def get_part(store: Store, request: Request) -> Answer:
        wanted = request.number(parameter)
        for each in _product(store, request).get(part) or []:
            if each.get("id") == wanted:
                return single(fields_of(request, "id").of(msgspec.json.encode(each)))
        raise not_found(request.path)

    return get_part


def _reading(part: str, path: str, parameter: str) -> list[Route]:
    base = f"/v3/catalog/products/{{product_id}}/{path}"
    return [
        Route("GET", base, PRODUCTS_READ, _lists(part), PAGES),
        Route("GET", f"{base}/{{{parameter}}}", PRODUCTS_READ, _gets(part, parameter), FIELDS),
    ]


ROUTES = [
    *_reading("images", "images", "image_id"),
    *_reading("custom_fields", "custom-fields", "custom_field_id"),
    *_reading("options", "options", "option_id"),
    *_reading("videos", "videos", "id"),
]
