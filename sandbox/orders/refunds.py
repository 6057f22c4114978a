"""Refunds: what was given back of which lines. They outlive the order they belong to."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.catalog.facts import epoch, iso
from sandbox.exchange import Json
from sandbox.orders.consignments import lines_of, whole
from sandbox.orders.money import amount_number, amount_of
from sandbox.orders.record import OrderRecord
from sandbox.orders.sketches import Sketch
from sandbox.orders.statuses import PARTIALLY_REFUNDED, REFUNDED

FIRST_TRANSACTION_ID = 7000


class RefundFacts(msgspec.Struct, frozen=True, gc=False):
    """What filters look at."""

    id: int
    order_id: int
    created: int
    transaction_ids: tuple[str, ...]


def facts_of(refund: Json) -> RefundFacts:
    """Read a refund's facts."""
    payments = refund.get("payments")
    payments = payments if isinstance(payments, list) else []
    transactions = tuple(str(each.get("transaction_id")) for each in payments if isinstance(each, dict))
    return RefundFacts(refund["id"], whole(refund.get("order_id")), epoch(refund.get("created")), transactions)


def sketched_facts(sketch: Sketch) -> list[RefundFacts]:
    """The facts of a made-up order's refunds."""
    return [
        RefundFacts(number, sketch.facts.id, created, (transaction_of(number),))
        for number, created in zip(sketch.refund_ids, sketch.refunded, strict=True)
    ]


def transaction_of(refund_id: int) -> str:
    """The transaction a refund's money went back with."""
    return str(FIRST_TRANSACTION_ID + refund_id)


def refund(refund_id: int, order_id: int, items: list[Json], total: Any, total_tax: Any, created: str) -> Json:
    """A refund as the API answers it."""
    return {
        "id": refund_id,
        "order_id": order_id,
        "user_id": 1,
        "created": created,
        "reason": "",
        "total_amount": total,
        "total_tax": total_tax,
        "uses_merchant_override_values": False,
        "items": items,
        "payments": [
            {
                "id": refund_id + 100,
                "provider_id": "storecredit",
                "amount": total,
                "offline": True,
                "is_declined": False,
                "declined_message": "",
                "transaction_id": transaction_of(refund_id),
            }
        ],
    }


def refund_item(line: Json, quantity: int) -> Json:
    """So many of a line, at the price that was paid for each."""
    return {
        "item_type": "PRODUCT",
        "item_id": line["id"],
        "reason": "",
        "quantity": quantity,
        "adjustments": [],
        "requested_amount": amount_number(amount_of(line.get("price_inc_tax")) * quantity),
    }


def sketched_refunds(sketch: Sketch, order: Json) -> list[Json]:
    """The refunds of a made-up order.

    :param order: with its lines as they were made up.
    """
    lines = lines_of(order)
    if len(sketch.refund_ids) > 1:
        parts = [[refund_item(lines[0], lines[0]["quantity"])], [refund_item(lines[1], 1)]]
    elif sketch.facts.status_id == PARTIALLY_REFUNDED:
        parts = [[refund_item(lines[0], 1)]]
    else:
        parts = [[refund_item(line, line["quantity"]) for line in lines]]
    made = []
    for number, created, items in zip(sketch.refund_ids, sketch.refunded, parts, strict=True):
        taxes = {line["id"]: amount_of(line["price_tax"]) for line in lines}
        total_tax = sum(taxes[item["item_id"]] * item["quantity"] for item in items)
        total = sum(amount_of(item["requested_amount"]) for item in items)
        if sketch.facts.status_id == REFUNDED:
            # All that was paid goes back: costs and fees too, and not what was never paid because of a discount.
            total, total_tax = amount_of(order["total_inc_tax"]), amount_of(order["total_tax"])
        reason = {"reason": f"Returned by shopper-{sketch.shopper}"}
        money = (amount_number(total), amount_number(total_tax))
        made.append(refund(number, order["id"], items, *money, iso(created)) | reason)
    return made


def take_back(record: OrderRecord, items: list[Json]) -> bool:
    """Raise what was refunded of the lines.

    :param record: a copy of the stored one; it is changed.
    :return: nothing is left that was not refunded.
    """
    lines = lines_of(record.order)
    by_id = {line.get("id"): line for line in lines}
    for item in items:
        line = by_id.get(item.get("item_id"))
        if item.get("item_type") == "PRODUCT" and line is not None:
            line["quantity_refunded"] = whole(line.get("quantity_refunded")) + whole(item.get("quantity"))
            line["is_refunded"] = line["quantity_refunded"] > 0
    return all(whole(line.get("quantity_refunded")) >= whole(line.get("quantity")) for line in lines)
