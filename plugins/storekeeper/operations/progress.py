"""What a task says while it works: at sensible intervals, so that a log of an hour can still be read."""

from __future__ import annotations

import logging
import threading
import time

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations.wording import counted
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0


class Progress:
    """Counts what comes in, from several threads, and logs a line every few seconds.

    :param what: what is counted, in the plural.
    :param run: gets a sign of life with each line.
    :param store: shows how much of the store's quota is left.
    :param unit: in what they come, in the plural.
    """

    def __init__(self, what: str, run: Run, store: StoreClient | None = None, unit: str = "pages") -> None:
        self._what = what
        self._unit = unit
        self._run = run
        self._expected: int | None = None
        self._store = store
        self._lock = threading.Lock()
        self._started = self._said = time.monotonic()
        self.done = 0
        self.batches = 0

    def expect(self, records: int | None) -> None:
        """So many more records will come; None: nobody knows."""
        if records is not None:
            self._expected = (self._expected or 0) + records

    def add(self, records: int) -> None:
        """One more page or chunk of so many records; to be called outside of the run's transactions."""
        with self._lock:
            self.done += records
            self.batches += 1
            if time.monotonic() - self._said < INTERVAL_SECONDS:
                return
            self._said = time.monotonic()
        log.info("%s", self.line())
        self._run.touch()

    def line(self) -> str:
        """How far it has come, how fast, and how long it may still take."""
        seconds = max(time.monotonic() - self._started, 0.001)
        rate = self.done / seconds
        of = f"{self.done:,} of " if self._expected else ""
        what = counted(self._expected or self.done, self._what)
        parts = [f"{of}{what} in {counted(self.batches, self._unit)}, {rate:,.0f} a second"]
        if self._expected:
            left = max(self._expected - self.done, 0)
            if left and rate:
                parts.append(f"about {left / rate:,.0f} s to go")
        quota = self._store.pacer.quota if self._store else None
        if quota:
            parts.append(f"{quota.left} of {quota.limit} requests left in the store's window")
        return "; ".join(parts)
