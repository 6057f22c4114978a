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
    """The right to send one request.

    :param probe: it finds out what is left of a window that nobody knows yet.
    :param since: when it was given, in the pacer's seconds.
    """

    probe: bool
    since: float


class Pacer:
    """Hands out the right to send one request, so that the store's window is never overdrawn.

    At the start of a window nobody knows how much of it other clients have taken, so one request goes first and its
    answer tells. From then on the lowest number left that the store has told counts, less the requests still under way:
    it may not have counted them yet. When the store said so, its window could have been about to end; between the
    earliest and the latest moment of that, what was left of the old window is not spent any more.

    :param clock: monotonic seconds.
    :param sleep: waits for a number of seconds.
    """

    MARGIN_SECONDS = 0.02  # the store's milliseconds and our clock do not tick together
    UNPACED = 1_000  # a store that sends no rate-limit headers sets no pace

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.Condition()
        self._left: int | None = None  # the lowest that the store told of this window; None: unknown, somebody probes
        self._known_until = 0.0
        self._over_at = 0.0
        self._probing = False
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
                if now >= self._over_at or (now >= self._known_until and (self._left or 0) > self._under_way):
                    self._left = None
                if now < self._held_until:
                    wait = self._held_until - now
                elif self._left is None:
                    if not self._probing:
                        self._probing = True
                        self._under_way += 1
                        return Slot(probe=True, since=now)
                    self._turn.wait(0.05)
                    continue
                elif self._left > self._under_way:
                    self._under_way += 1
                    return Slot(probe=False, since=now)
                elif self._left > 0 and self._under_way > 0:
                    self._turn.wait(0.05)  # the answers under way tell whether there is room
                    continue
                else:
                    wait = self._over_at - now
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
                self._learn(slot, headers)
            elif self._left is not None:
                self._left -= 1  # the store may have counted it all the same
            self._turn.notify_all()

    def hold(self, seconds: float) -> None:
        """Let nobody send for this long: the store answered 429. The window is unknown afterwards."""
        with self._turn:
            self._held_until = max(self._held_until, self._clock() + seconds)
            self._left, self._over_at = None, 0.0
            self._turn.notify_all()

    def _learn(self, slot: Slot, headers: Mapping[str, str]) -> None:
        now = self._clock()
        try:
            limit = int(headers["X-Rate-Limit-Requests-Quota"])
            left = int(headers["X-Rate-Limit-Requests-Left"])
            window = int(headers["X-Rate-Limit-Time-Window-Ms"]) / 1000
            resets_in = int(headers["X-Rate-Limit-Time-Reset-Ms"]) / 1000
        except (KeyError, ValueError):
            if self._quota is None:
                self._left, self._known_until, self._over_at = self.UNPACED, now + 1, now + 1
            elif self._left is not None:
                self._left -= 1
            return
        self._quota = Quota(limit, left, window)
        # The store counted down from some moment between sending and now.
        earliest, latest = slot.since + resets_in - self.MARGIN_SECONDS, now + resets_in + self.MARGIN_SECONDS
        if self._left is None or earliest > self._over_at:
            self._left, self._known_until, self._over_at = left, earliest, latest
        elif latest > self._known_until:
            self._left = min(self._left, left)
            self._known_until = max(self._known_until, earliest)
            self._over_at = min(self._over_at, latest)
        # else: a late answer from the window before
