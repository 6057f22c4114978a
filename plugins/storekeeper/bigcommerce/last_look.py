"""The last look: a request is not sent when too much time has passed since somebody checked that it may be.

A worker may stand still anywhere, and another may have taken over when it wakes. So the look is on the open connection,
just before each piece of the request goes out. What stays open is a worker that stands still in the few instructions
between the look and the write.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

LOOK_SECONDS = 2.0
"""How long a check holds: the bytes leave within so much of it, or not at all."""

_checked_at: ContextVar[float | None] = ContextVar("checked_at", default=None)


class TooLate(Exception):
    """Nothing of the request, or not all of it, was sent: the check is too old."""


@contextmanager
def checked(moment: float | None) -> Iterator[None]:
    """Requests in this block hold on to a check made at that moment, in monotonic seconds; None: no check is needed."""
    token = _checked_at.set(moment)
    try:
        yield
    finally:
        _checked_at.reset(token)


def _look() -> None:
    moment = _checked_at.get()
    if moment is not None and time.monotonic() - moment > LOOK_SECONDS:
        raise TooLate


class _LookingConnection(HTTPConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # it may take long, so it comes before the look
        _look()
        super().send(data)


class _LookingSafeConnection(HTTPSConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _look()
        super().send(data)


class _LookingPool(HTTPConnectionPool):
    ConnectionCls = _LookingConnection


class _LookingSafePool(HTTPSConnectionPool):
    ConnectionCls = _LookingSafeConnection


class LookingAdapter(HTTPAdapter):
    """Opens connections that take the last look."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As the base class does, with our own kinds of connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _LookingPool, "https": _LookingSafePool}
