"""The store's quota: so many requests in a fixed window, shared by all its clients."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

import msgspec

UNLIMITED = 1_000_000
LOG_LENGTH = 20_000


class Asking(msgspec.Struct, frozen=True):
    """One request as the quota met it.

    :param client: its ``User-Agent``.
    :param path: what it asked for, below the store; empty, as ``query``, where it asked for another store.
    :param at: when, in the store's monotonic seconds.
    :param window: the number of the window that it fell into.
    :param admitted: false where it was answered 429.
    """

    client: str
    at: float
    window: int
    admitted: bool
    path: str = ""
    query: dict[str, str] = {}


class RateLimit:
    """Counts requests of the present window.

    :param quota: requests a window allows; 0 for no limit.
    :param window_ms: length of the window; it begins with the first request after the last one ended.
    """

    def __init__(self, quota: int, window_ms: int) -> None:
        self.quota = quota
        self.window_ms = window_ms
        self.used = 0
        self.window = 0
        self.log: deque[Asking] = deque(maxlen=LOG_LENGTH)
        self._began = float("-inf")

    def take(self, client: str, path: str = "", query: Iterable[tuple[str, str]] = ()) -> bool:
        """Count one request of a client; false when the window's quota is spent."""
        now = time.monotonic()
        if (now - self._began) * 1000 >= self.window_ms:
            self._began, self.used = now, 0
            self.window += 1
        admitted = not self.quota or self.used < self.quota
        self.used += admitted
        self.log.append(Asking(client, now, self.window, admitted, path, dict(query)))
        return admitted

    def start_over(self) -> None:
        """Begin a new window with the next request."""
        self._began, self.used = float("-inf"), 0

    def headers(self) -> dict[str, str]:
        """The four headers every answer carries."""
        quota = self.quota or UNLIMITED
        passed_ms = (time.monotonic() - self._began) * 1000
        left_ms = self.window_ms - passed_ms if passed_ms < self.window_ms else self.window_ms
        return {
            "X-Rate-Limit-Requests-Quota": str(quota),
            "X-Rate-Limit-Requests-Left": str(max(0, quota - self.used)),
            "X-Rate-Limit-Time-Window-Ms": str(self.window_ms),
            "X-Rate-Limit-Time-Reset-Ms": str(max(1, round(left_ms))),
        }
