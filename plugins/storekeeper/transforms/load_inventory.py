"""An inventory feed's lines become typed rows, or problems: nothing is guessed, and nothing bad raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial

from storekeeper.outcomes import Reason
from storekeeper.transforms.feed_values import (
    Reader,
    read_amount,
    read_key,
    read_moment,
    read_quantity,
    read_values,
    usable_key,
)

COLUMNS = ("master_sku", "quantity", "price", "updated_at")
"""The columns of a feed, in the order in which a line's values come."""

ITEM_COLUMNS = ("line", *COLUMNS)
PROBLEM_COLUMNS = ("line", "entity", "entity_key", "reason", "source", "message", "master_sku")

ENTITY = "inventory_item"
SOURCE = "feed/inventory"

ItemRow = tuple[int, str, int | None, Decimal | None, datetime | None]
ProblemRow = tuple[int, str, str, str, str, str, str | None]

_READ: dict[str, Reader] = {
    "master_sku": partial(read_key, column="master_sku", missing=Reason.MISSING_MASTER_SKU),
    "quantity": read_quantity,
    "price": read_amount,
}
"""How a value is read; updated_at, the last column, needs to know the time."""


@dataclass(slots=True)
class Items:
    """What lines became.

    :ivar rows: of :data:`ITEM_COLUMNS`; None where the item keeps what it has.
    :ivar problems: of :data:`PROBLEM_COLUMNS`, one for each thing that is wrong with a line. Their ``master_sku`` is
        the item that the line speaks of, as far as it can be told.
    """

    rows: list[ItemRow] = field(default_factory=list)
    problems: list[ProblemRow] = field(default_factory=list)


def read_items(lines: Iterable[tuple[int, Sequence[str | None], str | None]], now: datetime) -> Items:
    """Read a feed's lines.

    :param lines: number; values of :data:`COLUMNS`, stripped, None where blank; what is wrong with the line as a whole.
    :param now: the moment of the reading, by the warehouse's clock.
    :return: a row for each good line; problems for each other one.
    """
    items = Items()
    readers: dict[str, Reader] = {**_READ, "updated_at": partial(read_moment, now=now)}
    for number, values, fault in lines:
        sku = values[0]
        typed, found = read_values(dict(zip(COLUMNS, values, strict=True)), fault, readers)
        if not found:
            items.rows.append((number, *typed))  # type: ignore[arg-type]
            continue
        speaks_of = (sku or "").replace("\0", "") or None
        key = usable_key(sku) or f"line {number}"
        items.problems += [
            (number, ENTITY, key, bad.reason.value, SOURCE, f"line {number}: {bad}.", speaks_of) for bad in found
        ]
    return items
