"""``/v3/catalog/products/{product_id}/images``: writing images one by one, by their address on the web."""

from __future__ import annotations

import msgspec

from sandbox.catalog import image_drafts
from sandbox.exchange import Answer, Json, Refusal, Request, invalid, not_found
from sandbox.paging import single
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS


def create_image(store: Store, request: Request) -> Answer:
    """POST: one more image."""
    product = _product(store, request)
    try:
        given = _given(request)
        made = image_drafts.add(store.catalog, product, given, store.clock.iso())
    except Refusal as refusal:
        # Of all the store's refusals this one names no fields.
        reasons = "; ".join((refusal.errors or {}).values())
        raise Refusal(refusal.status, reasons or refusal.title) from None
    _store(store, product)
    store.note(request, "image.created", made["id"], given | {"product_id": product["id"]})
    return single(msgspec.json.encode(made))


def update_image(store: Store, request: Request) -> Answer:
    """PUT: another address, place or description, or the thumbnail."""
    product = _product(store, request)
    image = _image(product, request)
    if image is None:
        raise not_found(request.path)
    given = _given(request)
    image_drafts.update(product, image, given, store.clock.iso())
    _store(store, product)
    store.note(request, "image.updated", image["id"], given | {"product_id": product["id"]})
    return single(msgspec.json.encode(image))


def delete_image(store: Store, request: Request) -> Answer:
    """DELETE: one image; 204 whether it was there or not, as the specification knows no other answer."""
    product, image_id = store.catalog.editable(request.number("product_id")), request.number("image_id")
    image = None if product is None else next((each for each in product["images"] if each["id"] == image_id), None)
    if product is not None and image is not None:
        image_drafts.remove(product, image)
        _store(store, product)
        store.note(request, "image.deleted", image["id"], {"product_id": product["id"]})
    return Answer(204)


def _product(store: Store, request: Request) -> Json:
    product = store.catalog.editable(request.number("product_id"))
    if product is None:
        raise not_found(request.path)
    store.refuse(product)
    return product


def _image(product: Json, request: Request) -> Json | None:
    wanted = request.number("image_id")
    return next((each for each in product["images"] if each["id"] == wanted), None)


def _given(request: Request) -> Json:
    if request.headers.get("content-type", "").startswith("multipart/"):
        # Uploads of files are not taken; the service answers so where an address comes in a form.
        raise invalid({"image_url": "image_url must be present if uploading by url"})
    return request.json_object()


def _store(store: Store, product: Json) -> None:
    store.catalog.put(product | {"date_modified": store.clock.iso()})


ROUTES = [
    Route("POST", "/v3/catalog/products/{product_id}/images", PRODUCTS, create_image, NONE),
    Route("PUT", "/v3/catalog/products/{product_id}/images/{image_id}", PRODUCTS, update_image, NONE),
    Route("DELETE", "/v3/catalog/products/{product_id}/images/{image_id}", PRODUCTS, delete_image, NONE),
]
