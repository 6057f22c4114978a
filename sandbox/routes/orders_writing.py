"""``/v2/orders/{order_id}``: moving an order to another status, and noting something on it."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.catalog.field_rules import TEXT_MOST, FieldRule
from sandbox.exchange import Answer, Request
from sandbox.orders.dates import rfc2822
from sandbox.orders.record import OrderRecord
from sandbox.orders.statuses import NAMES, SHIPPED
from sandbox.routes.order_parts import ORDER
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import ORDERS
from sandbox.v2 import bad_field, checked, json_object, not_found_v2, number_of, parameters

RULES: Mapping[str, FieldRule] = {
    "status_id": FieldRule("integer", min(NAMES), max(NAMES)),
    "staff_notes": FieldRule("text", 0, TEXT_MOST),
    "customer_message": FieldRule("text"),
}
# The service changes these; to take them and change nothing would tell a client that it had.
UNSUPPORTED = frozenset(
    {
        "base_handling_cost", "base_shipping_cost", "base_wrapping_cost", "billing_address", "channel_id",
        "consignments", "customer_id", "customer_locale", "date_created", "discount_amount", "ebay_order_id",
        "external_merchant_id", "external_order_id", "external_source", "fees", "geoip_country", "geoip_country_iso2",
        "handling_cost_ex_tax", "handling_cost_inc_tax", "ip_address", "ip_address_v6", "items_shipped", "items_total",
        "order_is_digital", "order_source", "payment_method", "payment_provider_id", "products", "refunded_amount",
        "shipping_addresses", "shipping_cost_ex_tax", "shipping_cost_inc_tax", "subtotal_ex_tax", "subtotal_inc_tax",
        "total_ex_tax", "total_inc_tax", "wrapping_cost_ex_tax", "wrapping_cost_inc_tax",
    }
)  # fmt: skip


def update_order(store: Store, request: Request) -> Answer:
    """PUT: another status, or other notes; what has been shipped stays as it is."""
    parameters(request, {})
    record = editable_order(store, request)
    given = json_object(request)
    for name in given:
        if name in UNSUPPORTED:
            raise bad_field(name, given[name], f"cannot be changed here, only {', '.join(RULES)} can")
    fields = {name: checked(name, given[name], rule) for name, rule in RULES.items() if name in given}
    record.order |= fields
    if fields.get("status_id") == SHIPPED and not record.order.get("date_shipped"):
        record.order["date_shipped"] = rfc2822(store.clock.moment())
    put_touched(store, record)
    store.note(request, "order.updated", record.order["id"], fields)
    return Answer(200, store.orders.shown(record.order["id"], frozenset()))


def editable_order(store: Store, request: Request) -> OrderRecord:
    """A copy of the order a path names, to be changed and put back."""
    record = store.orders.editable(number_of(request, "order_id"))
    if record is None:
        raise not_found_v2()
    return record


def put_touched(store: Store, record: OrderRecord) -> None:
    """Store an order as changed now."""
    record.order["date_modified"] = rfc2822(store.clock.moment())
    store.orders.put(record)


ROUTES = [Route("PUT", ORDER, ORDERS, update_order, NONE)]
