"""Dates of V2: RFC 2822 in answers, RFC 2822 or ISO 8601 in filters, whole seconds since 1970 within."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
RFC = re.compile(r"([A-Za-z]{3}, )?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d(:\d\d)?( ([+-]\d{4}|[A-Z]{1,3}))?")


def rfc2822(seconds: int) -> str:
    """V2's way to write a time: ``Wed, 10 Jan 2018 21:05:30 +0000``."""
    return formatdate(seconds)[:-5] + "+0000"


def moment_of(text: str) -> int:
    """Read a time; without a zone it is UTC, a fraction of a second is cut off.

    :raises ValueError: neither RFC 2822 nor ISO 8601.
    """
    text = text.strip()
    # An unescaped plus of the zone arrives as a space.
    text = re.sub(r"(\d\d:\d\d(?::\d\d(?:\.\d+)?)?) {1,2}(\d\d:?\d\d)$", r"\1 +\2", text)
    try:
        if ISO.fullmatch(text):
            given = datetime.fromisoformat(text.replace(" +", "+"))
        elif RFC.fullmatch(text):
            given = parsedate_to_datetime(text)
        else:
            raise ValueError(text)
    except (ValueError, TypeError, IndexError):
        raise ValueError(f"must be a date in RFC 2822 or ISO 8601 (got {text!r})") from None
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp() // 1)


def moment_or_none(value: Any) -> int | None:
    """Seconds since 1970 of an order's own date, none where it is unset or not a date."""
    try:
        return moment_of(value) if isinstance(value, str) else None
    except ValueError:
        return None
