"""What no list brings along of an order, where a setting asks for it: coupons, taxes, messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pandas as pd

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.dates import parse_date
from storekeeper.transforms.validation import LARGEST_AMOUNT

COUPON_COLUMNS = ("order_id", "coupon_no", "coupon_id", "code", "type", "amount", "discount")
TAX_COLUMNS = ("order_id", "tax_no", "order_product_id", "name", "class", "rate", "amount", "line_item_type")
MESSAGE_COLUMNS = ("order_id", "message_id", "type", "subject", "message", "status", "sent_at")


_Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Coupon(msgspec.Struct):
    coupon_id: _Id | None = None
    code: str | None = None
    type: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] | None = None
    amount: Decimal | None = None
    discount: Decimal | None = None


class _Tax(msgspec.Struct):
    order_product_id: _Id | None = None
    name: str | None = None
    class_: str | None = msgspec.field(name="class", default=None)
    rate: Decimal | None = None
    line_amount: Decimal | None = None
    line_item_type: str | None = None


class _Message(msgspec.Struct):
    id: _Id
    type: str | None = None
    subject: str | None = None
    message: str | None = None
    status: str | None = None
    date_created: str | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """Details of some orders; each frame's columns are named by the constants of this module.

    :param problems: one for each order with a part that could not be read; a message of theirs shows no value.
    :param unread: order id and part of each of those.
    """

    coupons: pd.DataFrame
    taxes: pd.DataFrame
    messages: pd.DataFrame
    problems: list[Problem]
    unread: list[tuple[int, str]]


def read_details(payloads: Iterable[tuple[int, str, str | None]]) -> Details:
    """Read details as the API sends them.

    :param payloads: order id, part (``coupons``, ``taxes`` or ``messages``) and its JSON; None where no database can
        store it.
    """
    rows: dict[str, list[tuple[Any, ...]]] = {"coupons": [], "taxes": [], "messages": []}
    problems, unread = [], []
    for order_id, part, payload in payloads:
        found = _read(order_id, part, payload)
        if isinstance(found, str):
            source, why = f"order/{order_id}", f"Order {order_id}: its {part} cannot be read: {found}."
            problems.append(Problem("order", str(order_id), Reason.INVALID_RECORD, why, source))
            unread.append((order_id, part))
        else:
            rows[part] += found
    return Details(
        pd.DataFrame(rows["coupons"], columns=list(COUPON_COLUMNS), dtype=object),
        pd.DataFrame(rows["taxes"], columns=list(TAX_COLUMNS), dtype=object),
        pd.DataFrame(rows["messages"], columns=list(MESSAGE_COLUMNS), dtype=object),
        problems,
        unread,
    )


def _read(order_id: int, part: str, payload: str | None) -> list[tuple[Any, ...]] | str:
    """The part's rows, or what is wrong with it, without any value."""
    if payload is None:
        return "its text is not valid Unicode"
    try:
        rows = _ROWS[part](order_id, payload)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"another shape than expected at {str(error).rpartition(' - at ')[2]}"
    for value in (value for row in rows for value in row):
        if isinstance(value, str) and "\0" in value:
            return "its text holds the character U+0000"
        if isinstance(value, Decimal) and not (value.is_finite() and abs(value) <= LARGEST_AMOUNT):
            return f"an amount is not within {LARGEST_AMOUNT:.0e}"
    return rows


def _coupons(order_id: int, payload: str) -> list[tuple[Any, ...]]:
    found = msgspec.json.decode(payload, type=list[_Coupon], strict=False)
    return [
        (order_id, number, each.coupon_id, each.code, each.type, each.amount, each.discount)
        for number, each in enumerate(found, 1)
    ]


def _taxes(order_id: int, payload: str) -> list[tuple[Any, ...]]:
    found = msgspec.json.decode(payload, type=list[_Tax], strict=False)
    return [
        (
            order_id,
            number,
            each.order_product_id or None,
            each.name,
            each.class_,
            each.rate,
            each.line_amount,
            each.line_item_type,
        )
        for number, each in enumerate(found, 1)
    ]


def _messages(order_id: int, payload: str) -> list[tuple[Any, ...]]:
    found = {each.id: each for each in msgspec.json.decode(payload, type=list[_Message])}
    return [
        (order_id, each.id, each.type, each.subject, each.message, each.status, parse_date(each.date_created or ""))
        for each in found.values()
    ]


_ROWS = {"coupons": _coupons, "taxes": _taxes, "messages": _messages}
