"""``/v3/orders/payment_actions/refunds``: what was given back, which the V2 order does not tell."""

from __future__ import annotations

import msgspec

from sandbox.exchange import Answer, Refusal, Request, not_found
from sandbox.filtering import Filter, conditions, integer, moment
from sandbox.orders.refunds import RefundFacts
from sandbox.paging import collection, page_of, single
from sandbox.routing import Route
from sandbox.store import Store
from sandbox.tokens import ORDERS_READ


def _refunds(store: Store, request: Request, filters: dict[str, Filter], also: frozenset[str]) -> list[RefundFacts]:
    asked = conditions(request.query, filters, also)
    return [each for each in store.orders.refund_facts if all(condition.holds(each) for condition in asked)]


TRANSACTION = Filter(lambda each: each.transaction_ids, str, matches=lambda have, want: want in have)


def list_refunds(store: Store, request: Request) -> Answer:
    """GET: a page of all refunds, by ascending id."""
    filters = {
        "id": Filter(lambda each: each.id, integer, frozenset({"in"}), plain=False),
        "order_id": Filter(lambda each: each.order_id, integer, frozenset({"in"}), plain=False),
        "created": Filter(lambda each: each.created, moment(store.clock.now), frozenset({"min", "max"}), plain=False),
        "transaction_id": TRANSACTION,
    }
    found, page = _refunds(store, request, filters, frozenset({"page", "limit"})), page_of(request)
    listed = found[page.start : page.stop]
    return collection([store.orders.shown_refund(each.id) for each in listed], page, len(found))


def list_order_refunds(store: Store, request: Request) -> Answer:
    """GET: the refunds of one order; they are there even where the order is not any more."""
    order_id = request.number("order_id")
    found = _refunds(store, request, {"transaction_id": TRANSACTION}, frozenset())
    of_order = [store.orders.refund(each.id) for each in found if each.order_id == order_id]
    if not of_order and order_id not in store.orders.indexes.facts:
        raise not_found(request.path)
    return Answer.of({"data": of_order, "meta": {}})


def get_refund(store: Store, request: Request) -> Answer:
    """GET: one refund."""
    if request.query:
        raise Refusal(422, f"The filter(s): {request.query[0][0]} are not valid filter parameter(s).", {})
    refund = store.orders.refund(request.number("refund_id"))
    if refund is None:
        raise not_found(request.path)
    return single(msgspec.json.encode(refund))


ROUTES = [
    Route("GET", "/v3/orders/payment_actions/refunds", ORDERS_READ, list_refunds),
    Route("GET", "/v3/orders/payment_actions/refunds/{refund_id}", ORDERS_READ, get_refund),
    Route("GET", "/v3/orders/{order_id}/payment_actions/refunds", ORDERS_READ, list_order_refunds),
]
