"""The effects log: every change of the store's state with the request that made it."""

from __future__ import annotations

from typing import Any

import msgspec


class Effect(msgspec.Struct, frozen=True):
    """One change.

    :param kind: what happened to what, e.g. ``product.updated``.
    :param change: the values that were set.
    """

    seq: int
    at: str
    request_id: str
    method: str
    path: str
    kind: str
    id: Any
    change: Any
