"""How large and how odd the made-up catalog is."""

from __future__ import annotations

import msgspec


class Plan(msgspec.Struct, frozen=True):
    """The catalog is a function of these values alone.

    :param products: how many products.
    :param variants: variants of each product; ``None`` for a realistic mix of 1 and 2-12.
    :param seed: another seed gives another catalog.
    :param clean: without blank or repeated identifiers.
    """

    products: int = 500
    variants: int | None = None
    seed: int = 7
    clean: bool = False
