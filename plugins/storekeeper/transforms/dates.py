"""Dates as V2 writes them (RFC 2822, an empty text when unset) become moments."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pandas as pd

RFC_2822 = "%a, %d %b %Y %H:%M:%S %z"

UNSET = re.compile(r"|0000-.*|.*\s-?0000\s.*|.*\s-0001\s.*")
"""How stores say that a date is not set: an empty text, a year 0, and what PHP makes of that."""

_YEAR = re.compile(r"\d{4}-|.*[A-Za-z]{3}\s+\d{4}\s")


def parse_dates(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read a column of dates.

    :param column: text or None.
    :return: the moments in UTC as ``datetime``, None where there is none; and a mask of the texts that are no date.
    """
    texts = column.astype(object).where(column.notna(), "").map(str.strip)
    unset = texts.str.fullmatch(UNSET)
    quick = pd.to_datetime(texts.where(~unset), format=RFC_2822, utc=True, errors="coerce")
    moments = pd.Series(quick.dt.to_pydatetime(), index=column.index, dtype=object).where(quick.notna(), None)
    for place in texts.index[quick.isna() & ~unset]:
        moments[place] = parse_date(texts[place])
    return moments, moments.isna() & ~unset


def parse_date(text: str) -> datetime | None:
    """One date in RFC 2822 or ISO 8601, UTC where it names no zone; None where it is none."""
    if not _YEAR.match(text):
        return None  # a year of two digits would be guessed
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None
