"""Shipments: which lines left for which address, and how to follow them."""

from __future__ import annotations

from sandbox.exchange import Json
from sandbox.orders.consignments import lines_of, shipping_of, whole
from sandbox.orders.dates import rfc2822
from sandbox.orders.record import OrderRecord
from sandbox.orders.statuses import PARTIALLY_SHIPPED, SHIPPED

PROVIDERS = {
    "auspost": "Australia Post",
    "canadapost": "Canada Post",
    "endicia": "Endicia",
    "fedex": "FedEx",
    "royalmail": "Royal Mail",
    "ups": "UPS",
    "usps": "USPS",
}
ADDRESS_FIELDS = (
    "first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip", "country", "country_iso2",
    "phone", "email",
)  # fmt: skip


def shipment(shipment_id: int, order: Json, address_id: int, items: list[Json], moment: int, given: Json) -> Json:
    """A shipment as the API answers it.

    :param items: ``{order_product_id, quantity}`` each.
    :param moment: seconds since 1970 of its making.
    :param given: further fields, which win.
    """
    to = next((each for each in shipping_of(order) if each.get("id") == address_id), {})
    billing = order.get("billing_address")
    billing = billing if isinstance(billing, dict) else {}
    product_ids = {line.get("id"): whole(line.get("product_id")) for line in lines_of(order)}
    provider, number = given.get("shipping_provider", ""), given.get("tracking_number", "")
    follow = f"https://tracking.example.com/{number}" if number else ""
    return {
        "id": shipment_id,
        "order_id": order["id"],
        "customer_id": order.get("customer_id"),
        "order_address_id": address_id,
        "date_created": rfc2822(moment),
        "tracking_number": number,
        "merchant_shipping_cost": "0.0000",
        "shipping_method": to.get("shipping_method", ""),
        "comments": "",
        "shipping_provider": provider,
        "tracking_carrier": "",
        "tracking_link": "",
        "billing_address": {name: billing.get(name, "") for name in ADDRESS_FIELDS},
        "shipping_address": {name: to.get(name, "") for name in ADDRESS_FIELDS},
        "items": [each | {"product_id": product_ids.get(each["order_product_id"], 0)} for each in items],
        "shipping_provider_display_name": PROVIDERS.get(provider, ""),
        "generated_tracking_link": follow,
    } | given


def ship(record: OrderRecord, made: Json) -> None:
    """Let a shipment take effect on the order it belongs to: lines, numbers of items, status, date shipped.

    :param record: a copy of the stored one; it is changed.
    """
    order = record.order
    record.shipments.append(made)
    lines = {line.get("id"): line for line in lines_of(order)}
    for item in made["items"]:
        line = lines.get(item["order_product_id"])
        if line is not None:
            line["quantity_shipped"] = whole(line.get("quantity_shipped")) + item["quantity"]
    # What is collected or downloaded never ships, so an order can be all shipped without it.
    unsent = False
    for consignment in shipping_of(order):
        inside = consignment.get("line_items") or ()
        consignment["items_shipped"] = sum(whole(line.get("quantity_shipped")) for line in inside)
        unsent = unsent or any(line.get("type") == "physical" and unshipped(line) > 0 for line in inside)
    order["items_shipped"] = sum(whole(line.get("quantity_shipped")) for line in lines.values())
    order["status_id"] = PARTIALLY_SHIPPED if unsent else SHIPPED
    if not unsent:
        order["date_shipped"] = made["date_created"]


def unshipped(line: Json) -> int:
    """How many of a line have not left yet."""
    return whole(line.get("quantity")) - whole(line.get("quantity_shipped"))
