"""``/v2/orders/{order_id}/shipments``: shipping lines, changing how a shipment is followed, taking it back."""

from __future__ import annotations

from sandbox.exchange import Answer, Json, Request
from sandbox.orders import shipments
from sandbox.orders.record import OrderRecord
from sandbox.orders.shipment_drafts import RULES, fields_of, items_of
from sandbox.routes.order_parts import ORDER
from sandbox.routes.orders_writing import editable_order, put_touched
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import ORDERS
from sandbox.v2 import json_object, not_found_v2, number_of, parameters, required


def create_shipment(store: Store, request: Request) -> Answer:
    """POST: one more shipment, whatever the order's status; the same once more ships as much again, if it is there."""
    parameters(request, {})
    record = editable_order(store, request)
    order, given = record.order, json_object(request)
    address_id = required(given, "order_address_id", RULES["order_address_id"])
    fields = fields_of(order, given)
    items = items_of(order, address_id, given)
    shipment_id = store.orders.new_id("shipment")
    made = shipments.shipment(shipment_id, order, address_id, items, store.clock.moment(), fields)
    shipments.ship(record, made, moves_status=store.configuration.shipments_move_status == "always")
    put_touched(store, record)
    store.note(request, "shipment.created", shipment_id, fields | {"order_id": order["id"], "items": items})
    store.note(request, "shopper.emailed", shipment_id, {"order_id": order["id"], "about": "shipment"})
    return Answer.of(made, 201)


def update_shipment(store: Store, request: Request) -> Answer:
    """PUT: some of a shipment's fields; its items stay what they are."""
    parameters(request, {})
    record = editable_order(store, request)
    present = _shipment(record, request)
    fields = fields_of(record.order, json_object(request))
    shipments.change(record, present, fields)
    put_touched(store, record)
    store.note(request, "shipment.updated", present["id"], fields | {"order_id": record.order["id"]})
    return Answer.of(present)


def delete_shipment(store: Store, request: Request) -> Answer:
    """DELETE: one shipment; the order stays in its status."""
    parameters(request, {})
    record = editable_order(store, request)
    gone = _shipment(record, request)
    shipments.take_back(record, gone)
    put_touched(store, record)
    store.note(request, "shipment.deleted", gone["id"], {"order_id": record.order["id"]})
    return Answer(204)


def _shipment(record: OrderRecord, request: Request) -> Json:
    wanted = number_of(request, "shipment_id")
    for each in record.shipments:
        if each.get("id") == wanted:
            return each
    raise not_found_v2()


ROUTES = [
    Route("POST", f"{ORDER}/shipments", ORDERS, create_shipment, NONE),
    Route("PUT", f"{ORDER}/shipments/{{shipment_id}}", ORDERS, update_shipment, NONE),
    Route("DELETE", f"{ORDER}/shipments/{{shipment_id}}", ORDERS, delete_shipment, NONE),
]
