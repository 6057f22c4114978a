"""The store's clock: the machine's, moved by an offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


class Clock:
    """Tells the store's time.

    :param offset_seconds: how far the store's clock is ahead of the machine's.
    """

    def __init__(self, offset_seconds: float = 0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> datetime:
        """The store's present time in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def moment(self) -> int:
        """The present time in whole seconds since 1970."""
        return int(self.now().timestamp())

    def iso(self) -> str:
        """The present time as the API writes it."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S+00:00")

    def http_date(self) -> str:
        """The present time for the ``Date`` header."""
        return format_datetime(self.now(), usegmt=True)
