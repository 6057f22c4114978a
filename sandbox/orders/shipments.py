"""Shipments: which lines left for which address, and how to follow them."""

from __future__ import annotations

from urllib.parse import quote

from sandbox.exchange import Json
from sandbox.orders.consignments import lines_in, lines_of, shipping_of, whole
from sandbox.orders.dates import rfc2822
from sandbox.orders.record import OrderRecord
from sandbox.orders.statuses import PARTIALLY_SHIPPED, SHIPPED

PROVIDERS = {
    "": "",
    "auspost": "Australia Post",
    "canadapost": "Canada Post",
    "endicia": "Endicia",
    "fedex": "FedEx",
    "royalmail": "Royal Mail",
    "shipperhq": "ShipperHQ",
    "ups": "UPS",
    "upsready": "UPS Ready",
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
    to = _consignment(order, address_id)
    billing = order.get("billing_address")
    billing = billing if isinstance(billing, dict) else {}
    product_ids = {line.get("id"): whole(line.get("product_id")) for line in lines_of(order)}
    made = {
        "id": shipment_id,
        "order_id": order["id"],
        "customer_id": order.get("customer_id"),
        "order_address_id": address_id,
        "date_created": rfc2822(moment),
        "tracking_number": "",
        "merchant_shipping_cost": "0.0000",
        "shipping_method": to.get("shipping_method", ""),
        "comments": "",
        "shipping_provider": "",
        "tracking_carrier": "",
        "tracking_link": "",
        "billing_address": _address(billing),
        "shipping_address": _address(to),
        "items": [each | {"product_id": product_ids.get(each["order_product_id"], 0)} for each in items],
    }
    made |= given
    return made | _worked_out(made) | given


def change(record: OrderRecord, present: Json, given: Json) -> None:
    """Set some of a shipment's fields; what the store works out from them follows.

    :param record: a copy of the stored one.
    :param present: the shipment within it; it is changed.
    """
    present |= given
    if "order_address_id" in given:
        present["shipping_address"] = _address(_consignment(record.order, given["order_address_id"]))
    present |= _worked_out(present)


def _worked_out(made: Json) -> Json:
    """The provider's name, and the link the store makes where the merchant gave none."""
    number = made["tracking_number"]
    follow = number and not made["tracking_link"]
    return {
        "shipping_provider_display_name": PROVIDERS.get(made["shipping_provider"], ""),
        "generated_tracking_link": f"https://tracking.example.com/{quote(str(number), safe='')}" if follow else "",
    }


def _consignment(order: Json, address_id: int) -> Json:
    return next((each for each in shipping_of(order) if each.get("id") == address_id), {})


def _address(record: Json) -> Json:
    return {name: record.get(name, "") for name in ADDRESS_FIELDS}


def ship(record: OrderRecord, made: Json, *, moves_status: bool = True) -> None:
    """Let a shipment take effect on the order it belongs to: lines and numbers of items, then status and date shipped.

    :param record: a copy of the stored one; it is changed.
    :param moves_status: False leaves the order in its status, and so without a date shipped.
    """
    order = record.order
    record.shipments.append(made)
    _count_shipped(order, made["items"], 1)
    if not moves_status:
        return
    # What is collected or downloaded never ships, so an order can be all shipped without it.
    unsent = any(
        line.get("type") == "physical" and unshipped(line) > 0
        for consignment in shipping_of(order)
        for line in lines_in(consignment)
    )
    order["status_id"] = PARTIALLY_SHIPPED if unsent else SHIPPED
    if not unsent:
        order["date_shipped"] = made["date_created"]


def take_back(record: OrderRecord, gone: Json) -> None:
    """Take a shipment out of its order: its pieces are open again, the order stays in its status.

    :param record: a copy of the stored one; it is changed.
    """
    record.shipments = [each for each in record.shipments if each is not gone]
    _count_shipped(record.order, gone["items"], -1)


def _count_shipped(order: Json, items: list[Json], sign: int) -> None:
    """Count pieces as shipped (1), or no longer (-1), for line, address and order."""
    lines = {line.get("id"): line for line in lines_of(order)}
    for item in items:
        line = lines.get(item["order_product_id"])
        if line is not None:
            line["quantity_shipped"] = max(whole(line.get("quantity_shipped")) + sign * item["quantity"], 0)
    for consignment in shipping_of(order):
        consignment["items_shipped"] = sum(whole(line.get("quantity_shipped")) for line in lines_in(consignment))
    order["items_shipped"] = sum(whole(line.get("quantity_shipped")) for line in lines.values())


def unshipped(line: Json) -> int:
    """How many of a line have not left yet."""
    return whole(line.get("quantity")) - whole(line.get("quantity_shipped"))
