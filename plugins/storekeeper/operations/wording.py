"""Numbers as a person reads them."""

from __future__ import annotations


def counted(number: int, things: str) -> str:
    """So many of something: ``1 page``, ``2,000 batches``.

    :param things: in the plural.
    """
    if number != 1:
        return f"{number:,} {things}"
    for plural, singular in (("ies", "y"), ("ches", "ch"), ("s", "")):
        if things.endswith(plural):
            return f"1 {things.removesuffix(plural)}{singular}"
    raise ValueError(f"{things!r} is no plural that is known here")
