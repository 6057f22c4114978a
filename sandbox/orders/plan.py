"""How many made-up orders there are, from which time, and how odd they are."""

from __future__ import annotations

import msgspec


class OrdersPlan(msgspec.Struct, frozen=True):
    """The made-up orders are a function of these values and of the catalog's plan alone.

    :param number: how many orders.
    :param lines: lines of every order; ``None`` for a realistic mix of 1 to 6.
    :param days: over how many days they are spread evenly.
    :param until: when the last day ends, in seconds since 1970.
    :param seed: another seed gives other orders.
    :param clean: plain orders alone: one address, physical products, the store's currency, nothing refunded.
    :param currency: the store's currency.
    """

    number: int = 0
    lines: int | None = None
    days: int = 400
    until: int = 0
    seed: int = 7
    clean: bool = False
    currency: str = "USD"
