"""The taxes of an order, worked out from what its lines and consignments say of them."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.exchange import Json
from sandbox.orders.consignments import lines_of, shipping_of
from sandbox.orders.money import amount_of, amount_text
from sandbox.orders.record import OrderRecord


def order_taxes(record: OrderRecord, *, details: bool) -> list[Json]:
    """One tax for each address or pickup, with details one for each line and cost; fees bear theirs themselves."""
    parts = [part for part in _parts(record.order) if part[-1]]
    if not details:
        sums: dict[tuple[int, int], int] = {}
        for address_id, pickup_id, _, _, amount in parts:
            sums[address_id, pickup_id] = sums.get((address_id, pickup_id), 0) + amount
        parts = [(*where, "", "", amount) for where, amount in sums.items()]
    taxes = []
    for number, (address_id, pickup_id, kind, line_id, amount) in enumerate(parts):
        tax = {
            "id": record.order["id"] * 100 + number,
            "order_id": record.order["id"],
            "order_address_id": address_id,
            "tax_rate_id": 1,
            "sales_tax_id": "",
            "tax_class_id": 0,
            "name": "Tax",
            "class": "Default Tax Class",
            "rate": record.tax_rate,
            "priority": 0,
            "priority_amount": amount_text(amount),
            "line_amount": amount_text(amount),
            "order_pickup_method_id": pickup_id,
        }
        taxes.append(tax | ({"order_product_id": line_id, "line_item_type": kind} if details else {}))
    return taxes


def _parts(order: Json) -> Iterator[tuple[int, int, str, str, int]]:
    for line in lines_of(order):
        where = (line.get("order_address_id") or 0, line.get("order_pickup_method_id") or 0)
        yield (*where, "item", str(line.get("id")), amount_of(line.get("total_tax")))
        yield (*where, "gift-wrapping", str(line.get("id")), amount_of(line.get("wrapping_cost_tax")))
    for consignment in shipping_of(order):
        for kind, field in (("shipping", "cost_tax"), ("handling", "handling_cost_tax")):
            yield consignment.get("id") or 0, 0, kind, "", amount_of(consignment.get(field))
