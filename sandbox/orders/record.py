"""A whole order with what belongs to it."""

from __future__ import annotations

import msgspec

from sandbox.exchange import Json


class OrderRecord(msgspec.Struct):
    """One order.

    :param order: its own fields, with ``consignments`` (lines and all) and ``fees``; links and the status' label are
        added when it is shown.
    :param tax_rate: in percent, as V2 writes it.
    """

    order: Json
    coupons: list[Json] = []
    messages: list[Json] = []
    shipments: list[Json] = []
    tax_rate: str = "0.0000"

    def copy(self) -> OrderRecord:
        """A copy of the whole, to be changed and put back."""
        return msgspec.json.decode(msgspec.json.encode(self), type=OrderRecord)
