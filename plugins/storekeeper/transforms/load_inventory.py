"""An inventory feed's lines become typed rows, or problems: nothing is guessed, and nothing bad raises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from storekeeper.outcomes import Reason
from storekeeper.transforms.dates import parse_date

COLUMNS = ("master_sku", "quantity", "price", "updated_at")
"""The columns of a feed, in the order in which a line's values come."""

ITEM_COLUMNS = ("line", *COLUMNS)
PROBLEM_COLUMNS = ("line", "entity_key", "reason", "message", "master_sku")

LONGEST_SKU = 255
LARGEST_QUANTITY = 2_147_483_647
MOST_DIGITS = 15
"""Of a price, before the point and after it: more is no price, and a database takes its time with a million of them."""

SHOWN = 40
"""So much of an offending value is shown."""

_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?")
_NO_NUMBER_AT_ALL = re.compile(r"[+-]?(nan|inf(inity)?)", re.IGNORECASE)

ItemRow = tuple[int, str, int | None, Decimal | None, datetime | None]
ProblemRow = tuple[int, str, str, str, str | None]


@dataclass(slots=True)
class Items:
    """What lines became.

    :ivar rows: of :data:`ITEM_COLUMNS`; None where the item keeps what it has.
    :ivar problems: of :data:`PROBLEM_COLUMNS`, one for each thing that is wrong with a line. Their ``master_sku`` is
        the item that the line speaks of, as far as it can be told.
    """

    rows: list[ItemRow] = field(default_factory=list)
    problems: list[ProblemRow] = field(default_factory=list)


class _Bad(Exception):
    """A value that cannot be taken."""

    def __init__(self, reason: Reason, said: str) -> None:
        super().__init__(said)
        self.reason = reason


def read_items(lines: Iterable[tuple[int, Sequence[str | None], str | None]]) -> Items:
    """Read a feed's lines.

    :param lines: number; values of :data:`COLUMNS`, stripped, None where blank; what is wrong with the line as a whole.
    :return: a row for each good line; problems for each other one.
    """
    items = Items()
    for number, values, fault in lines:
        sku, quantity, price, updated_at = values
        found: list[_Bad] = []
        typed: list[object] = []
        if fault is not None:
            found.append(_Bad(Reason.INVALID_RECORD, fault))
        elif broken := next((name for name, value in zip(COLUMNS, values, strict=True) if "\0" in (value or "")), None):
            found.append(_Bad(Reason.UNSTORABLE_TEXT, f"{broken} holds the character U+0000"))
        else:
            for read, value in (
                (_read_sku, sku),
                (_read_quantity, quantity),
                (_read_price, price),
                (_read_moment, updated_at),
            ):
                try:
                    typed.append(read(value))
                except _Bad as bad:
                    found.append(bad)
        if not found:
            items.rows.append((number, *typed))  # type: ignore[arg-type]
            continue
        speaks_of = (sku or "").replace("\0", "") or None
        key = sku if sku and "\0" not in sku and len(sku) <= LONGEST_SKU else f"line {number}"
        items.problems += [(number, key, bad.reason.value, f"line {number}: {bad}.", speaks_of) for bad in found]
    return items


def _read_sku(value: str | None) -> str:
    if value is None:
        raise _Bad(Reason.MISSING_MASTER_SKU, "has no master_sku")
    if len(value) > LONGEST_SKU:
        raise _Bad(Reason.INVALID_RECORD, f"master_sku has more than {LONGEST_SKU} characters{_got(value)}")
    return value


def _read_quantity(value: str | None) -> int | None:
    if value is None:
        return None
    rule = f"quantity must be a whole number from 0 to {LARGEST_QUANTITY}"
    if not _NUMBER.fullmatch(value):
        raise _Bad(Reason.INVALID_QUANTITY, f"{rule}{_got(value)}")
    number = Decimal(value)
    if number < 0:
        raise _Bad(Reason.NEGATIVE_QUANTITY, f"{rule}{_got(value)}")
    if number > LARGEST_QUANTITY:
        raise _Bad(Reason.QUANTITY_TOO_LARGE, f"{rule}{_got(value)}")
    if number != number.to_integral_value():
        raise _Bad(Reason.INVALID_QUANTITY, f"{rule}{_got(value)}")
    return int(number)


def _read_price(value: str | None) -> Decimal | None:
    if value is None:
        return None
    number = Decimal(value) if _NUMBER.fullmatch(value) else None
    if number is None or number < 0:
        raise _Bad(Reason.INVALID_PRICE, f"price must be a number of 0 or more{_got(value)}")
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "a finite number has one"
    if number >= 10**MOST_DIGITS or exponent < -MOST_DIGITS:
        raise _Bad(
            Reason.INVALID_PRICE, f"price has more than {MOST_DIGITS} digits before or after the point{_got(value)}"
        )
    return number


def _read_moment(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if value[:4].isdigit() and value[4:5] == "-" else parse_date(value)
        if moment is not None:
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Bad(
        Reason.INVALID_DATE, f"updated_at must be a date such as 2026-11-24T09:30:00Z, UTC without a zone{_got(value)}"
    )


def _got(value: str) -> str:
    shown = repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}...")
    formula = value[0] in "=+-@" and not _NUMBER.fullmatch(value) and not _NO_NUMBER_AT_ALL.fullmatch(value)
    return f" (got {shown}, which looks like a formula)" if formula else f" (got {shown})"
