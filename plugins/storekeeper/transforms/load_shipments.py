"""A shipments feed's lines become typed rows, or problems: values stay as they are, and nothing bad raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from storekeeper.outcomes import Reason
from storekeeper.transforms.feed_values import (
    Reader,
    Unreadable,
    read_id,
    read_key,
    read_moment,
    read_quantity,
    read_text,
    read_values,
    usable_key,
)

REQUIRED = ("shipment_key", "order_id", "quantity")
OF_LINE = ("order_product_id", "master_sku")
"""What says which line of the order it is: a file has one of the two columns, a row a value in one of them."""

COLUMNS = (
    *REQUIRED, *OF_LINE, "tracking_number", "carrier", "shipping_method", "tracking_link", "shipped_at", "cancelled_at",
    "updated_at",
)  # fmt: skip
"""The columns of a feed, in the order in which a line's values come."""

MOMENTS = ("shipped_at", "cancelled_at", "updated_at")

ROW_COLUMNS = ("line", *COLUMNS)
PROBLEM_COLUMNS = ("line", "entity", "entity_key", "reason", "source", "message", "group_key")

ENTITY = "shipment"

ProblemRow = tuple[int, str, str, str, str, str, str | None]


@dataclass(slots=True)
class Rows:
    """What lines became.

    :ivar rows: of :data:`ROW_COLUMNS`; None where a value is blank, or the file has no such column.
    :ivar problems: of :data:`PROBLEM_COLUMNS`, one for each other line. Their ``group_key`` is the shipment that the
        line speaks of, as far as it can be told.
    """

    rows: list[tuple[object, ...]] = field(default_factory=list)
    problems: list[ProblemRow] = field(default_factory=list)


def read_rows(lines: Iterable[tuple[int, Sequence[str | None], str | None]], now: datetime) -> Rows:
    """Read a feed's lines.

    :param lines: number; values of :data:`COLUMNS`, stripped, None where blank; what is wrong with the line as a whole.
    :param now: the moment of the reading, by the warehouse's clock.
    :return: a row for each good line; a problem for each other one, which says all that is wrong with it. A row may
        lack its order_id: another one of its shipment may have it.
    """
    found = Rows()
    readers: dict[str, Reader] = {
        **dict.fromkeys(COLUMNS, read_text),
        **_READ,
        **{column: partial(read_moment, now=now, column=column) for column in MOMENTS},
    }
    for number, values, fault in lines:
        given = dict(zip(COLUMNS, values, strict=True))
        typed, wrong = read_values(given, fault, readers)
        if typed and not any(given[column] for column in OF_LINE):
            wrong.append(Unreadable(Reason.INVALID_SHIPMENT_LINE, f"has neither {' nor '.join(OF_LINE)}"))
        if wrong:
            found.problems.append(_problem(number, usable_key(given["shipment_key"]), wrong))
        else:
            found.rows.append((number, *typed))
    return found


def _problem(number: int, shipment: str | None, wrong: Sequence[Unreadable]) -> ProblemRow:
    said = "; ".join(str(bad) for bad in wrong)
    return (
        number,
        ENTITY,
        shipment or f"line {number}",
        wrong[0].reason.value,
        f"feed/shipment/{shipment}" if shipment else "feed/shipments",
        f"line {number}: {said}.",
        shipment,
    )


def _read_units(value: str | None) -> int | None:
    if value is None:
        raise Unreadable(Reason.INVALID_QUANTITY, "has no quantity")
    return read_quantity(value, least=1)


def _read_sku(value: str | None) -> str | None:
    return value and read_key(value, "master_sku", Reason.MISSING_MASTER_SKU)


_READ: dict[str, Reader] = {
    "shipment_key": partial(read_key, column="shipment_key", missing=Reason.MISSING_SHIPMENT_KEY),
    "order_id": partial(read_id, column="order_id", reason=Reason.INVALID_ORDER_ID),
    "quantity": _read_units,
    "order_product_id": partial(read_id, column="order_product_id", reason=Reason.INVALID_SHIPMENT_LINE),
    "master_sku": _read_sku,
}
"""What is not plain text; dates are not either, but need to know the time."""
