"""Pacing: spend the store's quota fully, provoke no 429.

The store counts requests of all its clients in a fixed window and says with each answer how many are left and when the
window resets. One pacer is shared by all threads of a process; several processes agree through the store's headers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """What the store said last: requests per window, requests left, the window's length in seconds."""

    limit: int
    left: int
    window_seconds: float


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to send one request; ``probe`` finds out what is left of a window that nobody knows yet."""

    probe: bool


class Pacer:
    """Hands out the right to send one request, so that the store's window is never overdrawn.

    At the start of a window nobody knows how much of it other clients have taken, so one request goes first and its
    answer tells. From then on each request sent counts down; an answer that shows less left (another client) wins, and
    requests still under way are taken off it, since the store may not have counted them yet.

    :param clock: monotonic seconds.
    :param sleep: waits for a number of seconds.
    """

    MARGIN_SECONDS = 0.02  # the store's window and ours end at slightly different moments
    UNPACED = 1_000  # a store that sends no rate-limit headers sets no pace

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.Condition()
        self._left: int | None = None  # None: this window is unknown, one request is to find out
        self._probing = False
        self._resets_at = 0.0
        self._held_until = 0.0
        self._under_way = 0
        self._quota: Quota | None = None

    @property
    def quota(self) -> Quota | None:
        """What the store said last; None before the first answer."""
        return self._quota

    def acquire(self) -> Slot:
        """Wait until one request may be sent. Each slot must be given back by one :meth:`release`."""
        while True:
            with self._turn:
                now = self._clock()
                if now >= self._resets_at:
                    self._left = None
                if now < self._held_until:
                    wait = self._held_until - now
                elif self._left is None:
                    if not self._probing:
                        self._probing = True
                        self._under_way += 1
                        return Slot(probe=True)
                    self._turn.wait(0.05)
                    continue
                elif self._left > 0:
                    self._left -= 1
                    self._under_way += 1
                    return Slot(probe=False)
                else:
                    wait = self._resets_at - now
            self._sleep(max(wait, 0.001))

    def release(self, slot: Slot, headers: Mapping[str, str] | None) -> None:
        """One request has ended.

        :param headers: the answer's headers; None where there was no answer.
        """
        with self._turn:
            self._under_way -= 1
            if slot.probe:
                self._probing = False
            if headers is not None:
                self._learn(headers)
            self._turn.notify_all()

    def hold(self, seconds: float) -> None:
        """Let nobody send for this long: the store answered 429. The window is unknown afterwards."""
        with self._turn:
            self._held_until = max(self._held_until, self._clock() + seconds)
            self._left, self._resets_at = None, 0.0
            self._turn.notify_all()

    def _learn(self, headers: Mapping[str, str]) -> None:
        now = self._clock()
        try:
            limit = int(headers["X-Rate-Limit-Requests-Quota"])
            left = int(headers["X-Rate-Limit-Requests-Left"])
            window = int(headers["X-Rate-Limit-Time-Window-Ms"]) / 1000
            resets_in = int(headers["X-Rate-Limit-Time-Reset-Ms"]) / 1000
        except (KeyError, ValueError):
            if self._quota is None:
                self._left, self._resets_at = self.UNPACED, now + 1
            return
        self._quota = Quota(limit, left, window)
        available = max(left - self._under_way, 0)
        if self._left is None or now >= self._resets_at:
            self._left = available
            self._resets_at = now + resets_in + self.MARGIN_SECONDS
        else:
            self._left = min(self._left, available)
