"""The values of a feed's line become typed: strictly, for nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from storekeeper.outcomes import Reason
from storekeeper.transforms.dates import parse_date

LONGEST_KEY = 255
"""Of what names a row: a longer one is a mistake, and no index would take it."""

LARGEST_QUANTITY = 2_147_483_647
MOST_DIGITS = 15
"""Of a number, before the point and after it: more is no price, and a database takes its time with so many."""

FURTHEST_AHEAD = timedelta(days=1)
"""So far may a date lie in the future: clocks and time zones differ. Further, it would beat all later rows."""

SHOWN = 40
"""So much of an offending value is shown."""

_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?")
_ID = re.compile(rf"[0-9]{{1,{MOST_DIGITS}}}(\.0*)?")
_NO_NUMBER_AT_ALL = re.compile(r"[+-]?(nan|inf(inity)?)", re.IGNORECASE)


class Unreadable(Exception):
    """A value that cannot be taken."""

    def __init__(self, reason: Reason, said: str) -> None:
        super().__init__(said)
        self.reason = reason


Reader = Callable[[str | None], object]
"""Makes a value of what stands in a column, None where it is blank, or raises :class:`Unreadable`."""


def read_values(
    given: Mapping[str, str | None], fault: str | None, readers: Mapping[str, Reader]
) -> tuple[list[object], list[Unreadable]]:
    """Read a line.

    :param given: its values by column; columns that no reader knows are only looked at for what cannot be stored.
    :param fault: what is wrong with the line as a whole.
    :param readers: by column.
    :return: the typed values, in the readers' order; and all that is wrong, with which they are not to be used.
    """
    if fault is not None:
        return [], [Unreadable(Reason.INVALID_RECORD, fault)]
    broken = next((name for name, value in given.items() if "\0" in (value or "")), None)
    if broken is not None:
        return [], [Unreadable(Reason.UNSTORABLE_TEXT, f"{broken} holds the character U+0000")]
    typed: list[object] = []
    wrong: list[Unreadable] = []
    for column, read in readers.items():
        try:
            typed.append(read(given[column]))
        except Unreadable as bad:
            wrong.append(bad)
    return typed, wrong


def read_text(value: str | None) -> str | None:
    """A text, as it is."""
    return value


def usable_key(value: str | None) -> str | None:
    """What names a row, where it can."""
    return value if value and "\0" not in value and len(value) <= LONGEST_KEY else None


def read_key(value: str | None, column: str, missing: Reason) -> str:
    """What names a row; it must be there.

    :param missing: the reason where it is not.
    """
    if value is None:
        raise Unreadable(missing, f"has no {column}")
    if len(value) > LONGEST_KEY:
        raise Unreadable(Reason.INVALID_RECORD, f"{column} has more than {LONGEST_KEY} characters{got(value)}")
    return value


def read_quantity(value: str | None, column: str = "quantity", least: int = 0) -> int | None:
    """A whole number of units."""
    if value is None:
        return None
    rule = f"{column} must be a whole number from {least} to {LARGEST_QUANTITY}"
    if not _NUMBER.fullmatch(value):
        raise Unreadable(Reason.INVALID_QUANTITY, f"{rule}{got(value)}")
    number = Decimal(value)
    if number < 0:
        raise Unreadable(Reason.NEGATIVE_QUANTITY, f"{rule}{got(value)}")
    if number > LARGEST_QUANTITY:
        raise Unreadable(Reason.QUANTITY_TOO_LARGE, f"{rule}{got(value)}")
    if number < least or number != number.to_integral_value():
        raise Unreadable(Reason.INVALID_QUANTITY, f"{rule}{got(value)}")
    return int(number)


def read_id(value: str | None, column: str, reason: Reason) -> int | None:
    """A store's id: no sign and no exponent, for that is what a spreadsheet leaves of a longer one."""
    if value is None:
        return None
    number = int(value.partition(".")[0]) if _ID.fullmatch(value) else 0
    if number == 0:
        raise Unreadable(
            reason, f"{column} must be a whole number above 0, of at most {MOST_DIGITS} digits{got(value)}"
        )
    return number


def read_amount(value: str | None, column: str = "price", reason: Reason = Reason.INVALID_PRICE) -> Decimal | None:
    """A price or a weight, exact: 0 or more."""
    if value is None:
        return None
    number = Decimal(value) if _NUMBER.fullmatch(value) else None
    if number is None or number < 0:
        raise Unreadable(reason, f"{column} must be a number of 0 or more{got(value)}")
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "a finite number has one"
    if number >= 10**MOST_DIGITS or exponent < -MOST_DIGITS:
        raise Unreadable(reason, f"{column} has more than {MOST_DIGITS} digits before or after the point{got(value)}")
    return number


def read_moment(value: str | None, now: datetime, column: str = "updated_at") -> datetime | None:
    """A date, in UTC where it names no zone.

    :param now: the moment of the reading, by the warehouse's clock.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if value[:4].isdigit() and value[4:5] == "-" else parse_date(value)
        if moment is not None:
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise Unreadable(
            Reason.INVALID_DATE, f"{column} must be a date such as 2026-11-24T09:30:00Z, UTC without a zone{got(value)}"
        )
    if moment > now + FURTHEST_AHEAD:
        raise Unreadable(Reason.INVALID_DATE, f"{column} lies more than a day in the future{got(value)}")
    return moment


def got(value: str) -> str:
    """An offending value as a message shows it."""
    shown = repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}...")
    formula = value[0] in "=+-@" and not _NUMBER.fullmatch(value) and not _NO_NUMBER_AT_ALL.fullmatch(value)
    return f" (got {shown}, which looks like a formula)" if formula else f" (got {shown})"
