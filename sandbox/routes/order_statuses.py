"""``/v2/order_statuses``: the statuses with the merchant's labels."""

from __future__ import annotations

from sandbox.exchange import Answer, Request
from sandbox.orders.statuses import order_statuses
from sandbox.routes.order_parts import one_of
from sandbox.routing import Route
from sandbox.store import Store
from sandbox.tokens import ORDERS_READ
from sandbox.v2 import number_of, parameters


def list_statuses(store: Store, request: Request) -> Answer:
    """GET: every status."""
    parameters(request, {})
    return Answer.of(list(order_statuses(store.orders.labels)))


def get_status(store: Store, request: Request) -> Answer:
    """GET: one status."""
    parameters(request, {})
    return one_of(list(order_statuses(store.orders.labels)), number_of(request, "status_id"))


ROUTES = [
    Route("GET", "/v2/order_statuses", ORDERS_READ, list_statuses),
    Route("GET", "/v2/order_statuses/{status_id}", ORDERS_READ, get_status),
]
