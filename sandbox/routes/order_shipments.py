"""``/v2/orders/{order_id}/shipments``: what has left for the shopper."""

from __future__ import annotations

from sandbox.exchange import Answer, Request
from sandbox.routes.order_parts import ORDER, one_of, order_record
from sandbox.routing import Route
from sandbox.store import Store
from sandbox.tokens import ORDERS_READ
from sandbox.v2 import array_page, number_of, parameters


def list_shipments(store: Store, request: Request) -> Answer:
    """GET: a page of the order's shipments."""
    return array_page(request, order_record(store, request).shipments)


def count_shipments(store: Store, request: Request) -> Answer:
    """GET: how many shipments the order has."""
    parameters(request, {})
    return Answer.of({"count": len(order_record(store, request).shipments)})


def get_shipment(store: Store, request: Request) -> Answer:
    """GET: one shipment."""
    parameters(request, {})
    return one_of(order_record(store, request).shipments, number_of(request, "shipment_id"))


ROUTES = [
    Route("GET", f"{ORDER}/shipments", ORDERS_READ, list_shipments),
    # Named before the shipment of an id, which has as many steps.
    Route("GET", f"{ORDER}/shipments/count", ORDERS_READ, count_shipments),
    Route("GET", f"{ORDER}/shipments/{{shipment_id}}", ORDERS_READ, get_shipment),
]
