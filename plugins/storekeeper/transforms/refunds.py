"""Refunds as the store sent them (V3) become typed rows; and which orders show that they have some."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pandas as pd

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.dates import parse_date
from storekeeper.transforms.validation import LARGEST_AMOUNT, with_value

REFUND_COLUMNS = ("refund_id", "order_id", "created_at", "amount", "tax")
ITEM_COLUMNS = ("refund_id", "item_no", "item_type", "item_id", "quantity", "amount")

REFUNDED = (4, 14)
"""The statuses Refunded and Partially Refunded."""

_Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class _Item(msgspec.Struct):
    item_type: str | None = None
    item_id: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    quantity: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    requested_amount: Decimal | None = None


class _Refund(msgspec.Struct):
    id: _Id
    order_id: _Id
    created: str
    total_amount: Decimal
    total_tax: Decimal | None = None
    items: list[_Item] | None = None


_SHOWN = frozenset({"id", "order_id", "created", "total_amount", "total_tax", *_Item.__struct_fields__})
"""Fields whose value a message may show; a reason is free text."""


class _Identity(msgspec.Struct):
    id: _Id
    order_id: int | None = None


class _Line(msgspec.Struct):
    is_refunded: bool = False
    quantity_refunded: float | None = None


class _Part(msgspec.Struct):
    line_items: list[_Line] = []


class _Email(msgspec.Struct):
    gift_certificates: list[_Part] | None = None


class _Parts(msgspec.Struct):
    shipping: list[_Part] | None = None
    pickups: list[_Part] | None = None
    downloads: list[_Part] | None = None
    email: _Email | None = None


class _Headline(msgspec.Struct):
    status_id: int | None = None
    payment_status: str | None = None
    consignments: _Parts | list[Any] | None = None


@dataclass(frozen=True, slots=True)
class Refunds:
    """Some refunds, read.

    :param refunds: :data:`REFUND_COLUMNS`, one row a refund.
    :param items: :data:`ITEM_COLUMNS`, one row for each thing that a refund is for.
    :param problems: one for each refund that could not be read.
    """

    refunds: pd.DataFrame
    items: pd.DataFrame
    problems: list[Problem]


def refund_ids(records: Iterable[bytes]) -> list[tuple[int, bytes]]:
    """Each refund's id with its JSON.

    :raises msgspec.ValidationError: a record without an id: the page cannot be trusted.
    """
    return [(msgspec.json.decode(record, type=_Identity).id, record) for record in records]


def read_refunds(payloads: Iterable[tuple[int, str | None]]) -> Refunds:
    """Read refunds as the API sends them.

    :param payloads: refund id and its JSON; None where no database can store it.
    """
    refunds: list[tuple[Any, ...]] = []
    items: list[tuple[Any, ...]] = []
    problems = []
    for refund_id, payload in payloads:
        if payload is None:
            problems.append(_invalid(refund_id, "its text is not valid Unicode", Reason.UNSTORABLE_TEXT))
            continue
        try:
            refund = msgspec.json.decode(payload, type=_Refund)
        except msgspec.ValidationError as error:
            problems.append(_invalid(refund_id, with_value(str(error), payload, shown=_SHOWN)))
            continue
        except (msgspec.DecodeError, RecursionError) as error:
            problems.append(_invalid(refund_id, str(error), Reason.UNSTORABLE_TEXT))
            continue
        created_at = parse_date(refund.created)
        if wrong := _mistake(refund, created_at):
            problems.append(_invalid(refund_id, wrong))
            continue
        refunds.append((refund.id, refund.order_id, created_at, refund.total_amount, refund.total_tax))
        items += [
            (refund.id, number, item.item_type, item.item_id, item.quantity, item.requested_amount)
            for number, item in enumerate(refund.items or (), 1)
        ]
    return Refunds(
        pd.DataFrame(refunds, columns=list(REFUND_COLUMNS), dtype=object),
        pd.DataFrame(items, columns=list(ITEM_COLUMNS), dtype=object),
        problems,
    )


class _Status(msgspec.Struct):
    status_id: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] | None = None


def status_of(payload: bytes) -> int | None:
    """An order's status id; None where it cannot be read."""
    try:
        return msgspec.json.decode(payload, type=_Status).status_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def shows_refund(payload: bytes) -> bool:
    """Whether an order shows that something of it was refunded; one that cannot be read may."""
    try:
        order = msgspec.json.decode(payload, type=_Headline)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True
    if order.status_id in REFUNDED or "refunded" in (order.payment_status or ""):
        return True
    parts = order.consignments
    if not isinstance(parts, _Parts):
        return False
    certificates = parts.email.gift_certificates if parts.email else None
    return any(
        line.is_refunded or bool(line.quantity_refunded)
        for part in (*(parts.shipping or ()), *(parts.pickups or ()), *(parts.downloads or ()), *(certificates or ()))
        for line in part.line_items
    )


def _mistake(refund: _Refund, created_at: datetime | None) -> str | None:
    if created_at is None:
        return f"its created is no date (got {refund.created[:50]!r})"
    amounts = [("total_amount", refund.total_amount), ("total_tax", refund.total_tax)]
    amounts += [("requested_amount", item.requested_amount) for item in refund.items or ()]
    for name, amount in amounts:
        if amount is not None and not (amount.is_finite() and abs(amount) <= LARGEST_AMOUNT):
            return f"its {name} must be an amount within {LARGEST_AMOUNT:.0e} (got {str(amount)[:50]})"
    if any("\0" in (item.item_type or "") for item in refund.items or ()):
        return "its text holds the character U+0000"
    return None


def _invalid(refund_id: int, why: str, reason: Reason = Reason.INVALID_RECORD) -> Problem:
    return Problem(
        "refund",
        str(refund_id),
        reason,
        f"Refund {refund_id} cannot be read: {why}.",
        f"refund/{refund_id}",
    )
