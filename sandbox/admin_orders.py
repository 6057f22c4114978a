"""The admin routes of orders: what the merchant, the shopper or the time does to them behind the API's back."""

from __future__ import annotations

from sandbox.exchange import Answer, Json, Refusal, Request, not_found
from sandbox.orders.consignments import lines_of, shipping_of, whole
from sandbox.orders.dates import moment_of, rfc2822
from sandbox.orders.money import amount_number, amount_of
from sandbox.orders.placing import placed_order
from sandbox.orders.record import OrderRecord
from sandbox.orders.refunds import refund, refund_item, take_back
from sandbox.orders.rendering import INCLUDES
from sandbox.orders.shipments import ship, shipment, unshipped
from sandbox.orders.statuses import NAMES, PARTIALLY_REFUNDED, REFUNDED, order_statuses, payment_status
from sandbox.store import Store


def place_order(store: Store, request: Request) -> Answer:
    """POST: place an order as it is, unchecked; only what is left out is plain."""
    record = placed_order(store, request.json_object(), _now(store))
    store.orders.put(record)
    return _shown(store, record)


def patch_order(store: Store, request: Request) -> Answer:
    """POST: set any of an order's fields to anything."""
    record, given = _editable(store, request), request.json_object()
    if "id" in given:
        raise Refusal(422, "the id of an order cannot be changed")
    _touch(store, record, given)
    record.order |= given
    store.orders.put(record)
    return _shown(store, record)


def patch_line(store: Store, request: Request) -> Answer:
    """POST: set any of a line's fields to anything."""
    record, given = _editable(store, request), request.json_object()
    for line in lines_of(record.order):
        if line.get("id") == request.number("order_product_id"):
            _touch(store, record, given)
            line |= given
            store.orders.put(record)
            return Answer.of(line)
    raise not_found(request.path)


def delete_order(store: Store, request: Request) -> Answer:
    """DELETE: take an order out for good; its refunds stay."""
    _editable(store, request)
    store.orders.remove(request.number("order_id"))
    return Answer.of({})


def refund_order(store: Store, request: Request) -> Answer:
    """POST: give back ``items``, or without them all that was not given back yet."""
    record, given = _editable(store, request), request.json_object()
    order = record.order
    by_id = {line.get("id"): line for line in lines_of(order)}
    left = [(line, whole(line.get("quantity")) - whole(line.get("quantity_refunded"))) for line in by_id.values()]
    items: list[Json] = given.get("items", [refund_item(line, quantity) for line, quantity in left if quantity > 0])
    whole_items = []
    for each in items:
        line = by_id.get(each.get("item_id"))
        product = each.get("item_type", "PRODUCT") == "PRODUCT"
        plain: Json = refund_item(line, each.get("quantity", 1)) if product and line is not None else {"reason": ""}
        whole_items.append(plain | {"item_type": "PRODUCT"} | each)
    total = amount_number(sum(amount_of(each.get("requested_amount")) for each in whole_items))
    created = store.clock.iso()
    taxes = [
        amount_of(by_id[each.get("item_id")].get("price_tax")) * whole(each.get("quantity"))
        for each in whole_items
        if each["item_type"] == "PRODUCT" and each.get("item_id") in by_id
    ]
    money = (given.get("total_amount", total), amount_number(sum(taxes)))
    made = refund(store.orders.new_id("refund"), order["id"], whole_items, *money, created)
    made |= {
        name: value for name, value in given.items() if name not in ("items", "status_id", "touch", "date_modified")
    }
    everything = take_back(record, whole_items)
    status_id = given.get("status_id", REFUNDED if everything else PARTIALLY_REFUNDED)
    order["status_id"], order["payment_status"] = status_id, payment_status(whole(status_id))
    _touch(store, record, given)
    store.orders.put_refund(made)
    store.orders.put(record)
    return Answer.of(made)


def ship_order(store: Store, request: Request) -> Answer:
    """POST: ship ``items``, or without them all that has not left yet for the address, which is the first one."""
    record, given = _editable(store, request), request.json_object()
    shipping = shipping_of(record.order)
    address_id = whole(given.get("order_address_id", shipping[0].get("id") if shipping else 0))
    inside = [
        line
        for consignment in shipping
        if consignment.get("id") == address_id
        for line in consignment.get("line_items") or ()
        if unshipped(line) > 0
    ]
    items = given.get("items", [{"order_product_id": line["id"], "quantity": unshipped(line)} for line in inside])
    moment = moment_of(given["date_created"]) if "date_created" in given else store.clock.moment()
    further = {
        name: value
        for name, value in given.items()
        if name not in ("items", "order_address_id", "touch", "date_modified")
    }
    made = shipment(store.orders.new_id("shipment"), record.order, address_id, items, moment, further)
    ship(record, made)
    _touch(store, record, given)
    store.orders.put(record)
    return Answer.of(made)


def rename_status(store: Store, request: Request) -> Answer:
    """POST ``{custom_label}``: give a status another label."""
    status_id = request.number("status_id")
    if status_id not in NAMES:
        raise not_found(request.path)
    store.orders.rename_status(status_id, request.json_object()["custom_label"])
    return Answer.of(next(each for each in order_statuses(store.orders.labels) if each["id"] == status_id))


ADMIN_ORDERS = (
    ("POST", "orders", place_order),
    ("POST", "orders/{order_id}", patch_order),
    ("DELETE", "orders/{order_id}", delete_order),
    ("POST", "orders/{order_id}/lines/{order_product_id}", patch_line),
    ("POST", "orders/{order_id}/refunds", refund_order),
    ("POST", "orders/{order_id}/shipments", ship_order),
    ("POST", "order_statuses/{status_id}", rename_status),
)


def _now(store: Store) -> str:
    return rfc2822(store.clock.moment())


def _touch(store: Store, record: OrderRecord, given: Json) -> None:
    """The order was changed now, unless a time is given or ``touch`` is false; both are taken out."""
    touched = given.pop("touch", True)
    if "date_modified" in given:
        record.order["date_modified"] = given.pop("date_modified")
    elif touched:
        record.order["date_modified"] = _now(store)


def _editable(store: Store, request: Request) -> OrderRecord:
    record = store.orders.editable(request.number("order_id"))
    if record is None:
        raise not_found(request.path)
    return record


def _shown(store: Store, record: OrderRecord) -> Answer:
    return Answer(200, store.orders.shown(record.order["id"], INCLUDES))
