"""``/_sandbox/...``: how tests look into the store and change it behind the API's back. No token, no quota."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sandbox.admin_orders import ADMIN_ORDERS
from sandbox.catalog.blank import new_product, new_variant
from sandbox.connection import Send
from sandbox.delivery import deliver
from sandbox.exchange import Answer, Json, Refusal, Request, not_found
from sandbox.faults import Change
from sandbox.oauth.admin_apps import ADMIN_APPS
from sandbox.oauth.app_calls import AppCall
from sandbox.orders.rendering import INCLUDES
from sandbox.orders.statuses import order_statuses
from sandbox.routing import Route, Router
from sandbox.store import Store

DUMP_CHUNK = 200


class Admin:
    """The admin routes of one store.

    :param state_file: where ``save`` writes the state.
    """

    def __init__(self, store: Store, state_file: Path | None) -> None:
        self._store = store
        self._state_file = state_file
        self._router = Router(
            Route(method, f"/_sandbox/{path}", "", handler)
            for method, path, handler in (
                ("GET", "requests", get_requests),
                ("DELETE", "requests", delete_requests),
                ("GET", "quota", get_quota),
                ("GET", "effects", get_effects),
                ("GET", "faults", get_faults),
                ("POST", "faults", add_faults),
                ("DELETE", "faults", delete_faults),
                ("POST", "faults/release", _plainly(lambda store: store.faults.release())),
                ("POST", "snapshot", _plainly(Store.take_snapshot)),
                ("POST", "reset", _plainly(Store.reset)),
                ("POST", "save", self._save),
                ("GET", "config", get_configuration),
                ("POST", "config", configure),
                ("GET", "tokens", get_tokens),
                ("POST", "tokens", add_token),
                ("DELETE", "tokens/{token}", revoke_token),
                ("GET", "violations", get_violations),
                ("DELETE", "violations", delete_violations),
                ("POST", "products", insert_product),
                ("POST", "products/{product_id}", patch_product),
                ("DELETE", "products/{product_id}", delete_product),
                ("POST", "products/{product_id}/variants/{variant_id}", patch_variant),
                *ADMIN_ORDERS,
                *ADMIN_APPS,
            )
        )

    async def answer(self, request: Request, send: Send) -> None:
        """Answer one admin request."""
        if (request.method, request.path) == ("GET", "/_sandbox/dump"):
            await stream(send, dump(self._store))
            return
        try:
            answer = self._router.match(request).handler(self._store, request)
            if isinstance(answer, AppCall):
                answer = await answer.completed()
        except Refusal as refusal:
            answer = refusal.answer()
        except (msgspec.ValidationError, KeyError, TypeError) as error:
            answer = Refusal(422, f"{type(error).__name__}: {error}").answer()
        await deliver(send, answer, {})

    def change(self, change: Change) -> None:
        """Make one admin request from within.

        :raises Refusal: there is no such route or record.
        """
        request = Request("", change.method, f"/_sandbox/{change.path}", [], {}, msgspec.json.encode(change.body))
        self._router.match(request).handler(self._store, request)

    def _save(self, store: Store, request: Request) -> Answer:
        if self._state_file is None:
            raise Refusal(422, "the sandbox was started without --state")
        store.save(self._state_file)
        return Answer.of({"saved": str(self._state_file)})


def _plainly(change: Callable[[Store], None]) -> Callable[[Store, Request], Answer]:
    def handler(store: Store, request: Request) -> Answer:
        change(store)
        return Answer.of({})

    return handler


def get_requests(store: Store, request: Request) -> Answer:
    """GET: how many requests each route had, by status or by the fault that cut them."""
    total = sum(sum(outcomes.values()) for outcomes in store.counts.values())
    return Answer.of({"total": total, "routes": store.counts})


def delete_requests(store: Store, request: Request) -> Answer:
    """DELETE: count from zero."""
    store.counts.clear()
    store.rate_limit.log.clear()
    return Answer.of({})


def get_quota(store: Store, request: Request) -> Answer:
    """GET: the latest requests in the order the quota met them: whose, when, in which window, whether admitted."""
    return Answer.of(list(store.rate_limit.log))


def get_effects(store: Store, request: Request) -> Answer:
    """GET: the effects log."""
    return Answer.of(store.effects)


def get_faults(store: Store, request: Request) -> Answer:
    """GET: the rules in force, with what they have seen and struck."""
    return Answer.of(store.faults.rules)


def add_faults(store: Store, request: Request) -> Answer:
    """POST: put a rule, or a list of rules, in force."""
    store.faults.add(request.json())
    return get_faults(store, request)


def delete_faults(store: Store, request: Request) -> Answer:
    """DELETE: put all rules out of force."""
    store.faults.clear()
    return Answer.of({})


def get_configuration(store: Store, request: Request) -> Answer:
    """GET: quota, currency and the like."""
    return Answer.of(store.configuration)


def configure(store: Store, request: Request) -> Answer:
    """POST: change some of them."""
    store.configure(request.json_object())
    return Answer.of(store.configuration)


def get_tokens(store: Store, request: Request) -> Answer:
    """GET: the tokens and their scopes."""
    return Answer.of(store.tokens.scopes)


def add_token(store: Store, request: Request) -> Answer:
    """POST ``{token, scopes}``: accept a token."""
    given = request.json_object()
    store.tokens.add(given["token"], given["scopes"])
    return Answer.of(store.tokens.scopes)


def revoke_token(store: Store, request: Request) -> Answer:
    """DELETE: accept a token no longer."""
    store.tokens.revoke(request.params["token"])
    return Answer.of(store.tokens.scopes)


def get_violations(store: Store, request: Request) -> Answer:
    """GET: exchanges that broke the specification."""
    return Answer.of(store.violations)


def delete_violations(store: Store, request: Request) -> Answer:
    """DELETE: forget them."""
    store.violations.clear()
    return Answer.of({})


def insert_product(store: Store, request: Request) -> Answer:
    """POST: put a product in as it is, unchecked; only what is left out gets the API's own value."""
    given = request.json_object()
    product_id = given.get("id") or store.catalog.new_id("product")
    product = new_product(product_id, store.clock.iso()) | given | {"id": product_id}
    variants = []
    for each in product["variants"] or [{"sku": product["sku"]}]:
        variant_id = each.get("id") or store.catalog.new_id("variant")
        variants.append(new_variant(variant_id, product_id) | each | {"id": variant_id})
    if "variants" in given and not given["variants"]:
        variants = given["variants"]
    elif len(variants) == 1 and not variants[0]["option_values"] and "base_variant_id" not in given:
        product["base_variant_id"] = variants[0]["id"]
    product["variants"] = variants
    store.catalog.put(product)
    return Answer.of(product)


def patch_product(store: Store, request: Request) -> Answer:
    """POST: set any of a product's fields to anything."""
    product = _editable(store, request) | request.json_object()
    store.catalog.put(product)
    return Answer.of(product)


def patch_variant(store: Store, request: Request) -> Answer:
    """POST: set any of a variant's fields to anything."""
    product = _editable(store, request)
    for variant in product["variants"]:
        if variant["id"] == request.number("variant_id"):
            variant |= request.json_object()
            store.catalog.put(product)
            return Answer.of(variant)
    raise not_found(request.path)


def delete_product(store: Store, request: Request) -> Answer:
    """DELETE: take a product out."""
    _editable(store, request)
    store.catalog.remove(request.number("product_id"))
    return Answer.of({})


def _editable(store: Store, request: Request) -> Json:
    product = store.catalog.editable(request.number("product_id"))
    if product is None:
        raise not_found(request.path)
    return product


def dump(store: Store) -> Iterator[bytes]:
    """The whole catalog and all orders, a JSON object ``{resource, record}`` a line, in chunks of lines."""
    lines: list[bytes] = []
    for resource, record in _records(store):
        lines.append(b'{"resource":"%s","record":%s}\n' % (resource.encode(), record))
        if len(lines) >= DUMP_CHUNK:
            yield b"".join(lines)
            lines.clear()
    yield b"".join(lines)


def _records(store: Store) -> Iterator[tuple[str, bytes]]:
    orders = store.orders
    resources: list[tuple[str, Iterator[Any]]] = [
        ("brand", iter(list(store.catalog.brands.values()))),
        ("category", iter(list(store.catalog.categories.values()))),
        ("location", iter(list(store.stock.locations.values()))),
        ("product", store.catalog.products()),
        ("refund", (orders.refund(each.id) for each in orders.refund_facts)),
        ("shipment", orders.shipments()),
        ("order_status", order_statuses(orders.labels) if orders.indexes.ids else iter(())),
    ]
    for resource, records in resources:
        for record in records:
            yield resource, msgspec.json.encode(record)
    for order_id in list(orders.indexes.ids):
        # The state may change between two chunks.
        if order_id in orders.indexes.facts:
            yield "order", orders.shown(order_id, INCLUDES)


async def stream(send: Send, chunks: Iterator[bytes]) -> None:
    """Send chunks as they come."""
    headers = [(b"Content-Type", b"application/x-ndjson")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
