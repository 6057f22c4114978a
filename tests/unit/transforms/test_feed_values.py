"""Where a feed's values stop being taken: the last that is, and the first that is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from storekeeper.outcomes import Reason
from storekeeper.transforms.feed_values import (
    Unreadable,
    got,
    read_amount,
    read_id,
    read_key,
    read_moment,
    read_quantity,
    usable_key,
)

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

key = partial(read_key, column="sku", missing=Reason.MISSING_LISTING_KEY)
product_id = partial(read_id, column="product_id", reason=Reason.INVALID_RECORD)
positive = partial(read_quantity, least=1)
moment = partial(read_moment, now=NOW)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (key, "k" * 255, "k" * 255),
        (read_quantity, "0", 0),
        (read_quantity, "+7.000", 7),
        (read_quantity, "1e2", 100),
        (read_quantity, "2147483647", 2_147_483_647),
        (positive, "1", 1),
        (product_id, "1", 1),
        (product_id, "12.0", 12),
        (product_id, "12.", 12),
        (product_id, "9" * 15, 999_999_999_999_999),
        (read_amount, "0", Decimal(0)),
        (read_amount, ".5", Decimal("0.5")),
        (read_amount, "9" * 15, Decimal("9" * 15)),
        (read_amount, "0." + "0" * 14 + "1", Decimal("1e-15")),
        (moment, "2026-11-25T09:30:00Z", NOW + timedelta(days=1)),
        (moment, "2026-11-24T09:30:00", NOW),
        (moment, "2026-11-24T10:30:00+01:00", NOW),
        (moment, "Tue, 24 Nov 2026 09:30:00 +0000", NOW),
    ],
)
def test_the_last_value_that_is_taken(read: Callable[[str], object], text: str, value: object) -> None:
    taken = read(text)
    assert taken == value
    assert type(taken) is type(value)


@pytest.mark.parametrize(
    ("read", "text", "reason", "message"),
    [
        (key, "k" * 256, Reason.INVALID_RECORD, "sku has more than 255 characters"),
        (read_quantity, "-1", Reason.NEGATIVE_QUANTITY, "quantity must be a whole number from 0 to 2147483647"),
        (read_quantity, "-0.5", Reason.NEGATIVE_QUANTITY, "(got '-0.5')"),
        (read_quantity, "0.5", Reason.INVALID_QUANTITY, "(got '0.5')"),
        (read_quantity, "2147483648", Reason.QUANTITY_TOO_LARGE, "(got '2147483648')"),
        (read_quantity, "nan", Reason.INVALID_QUANTITY, "(got 'nan')"),
        (read_quantity, "9" * 41, Reason.INVALID_QUANTITY, f"(got '{'9' * 40}...')"),
        (positive, "0", Reason.INVALID_QUANTITY, "quantity must be a whole number from 1"),
        (product_id, "0", Reason.INVALID_RECORD, "product_id must be a whole number above 0, of at most 15 digits"),
        (product_id, "1" * 16, Reason.INVALID_RECORD, f"(got '{'1' * 16}')"),
        (product_id, "1.5", Reason.INVALID_RECORD, "(got '1.5')"),
        (product_id, "1e3", Reason.INVALID_RECORD, "(got '1e3')"),
        (product_id, "+1", Reason.INVALID_RECORD, "(got '+1')"),
        (read_amount, "-0.01", Reason.INVALID_PRICE, "price must be a number of 0 or more"),
        (read_amount, "1" + "0" * 15, Reason.INVALID_PRICE, "price has more than 15 digits before or after the point"),
        (read_amount, "1e-16", Reason.INVALID_PRICE, "price has more than 15 digits before or after the point"),
        (moment, "2026-11-25T09:30:00.000001Z", Reason.INVALID_DATE, "updated_at lies more than a day in the future"),
        (moment, "2026-02-30", Reason.INVALID_DATE, "updated_at must be a date such as"),
        (moment, "24.11.2026", Reason.INVALID_DATE, "updated_at must be a date such as"),
        (moment, "Tue, 24 Nov 26 09:30:00 +0000", Reason.INVALID_DATE, "updated_at must be a date such as"),
    ],
)
def test_the_first_value_that_is_not(read: Callable[[str], object], text: str, reason: Reason, message: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.reason is reason
    assert message in str(refused.value)


def test_a_missing_key_has_a_reason_of_its_own() -> None:
    with pytest.raises(Unreadable, match=r"^has no sku$") as refused:
        key(None)
    assert refused.value.reason is Reason.MISSING_LISTING_KEY


@pytest.mark.parametrize("read", [read_quantity, product_id, read_amount, moment])
def test_a_blank_cell_is_no_value(read: Callable[[str | None], object]) -> None:
    assert read(None) is None


@pytest.mark.parametrize(
    ("text", "usable"),
    [("k", True), ("k" * 255, True), ("k" * 256, False), ("k\0", False), ("", False), (None, False)],
)
def test_a_key_names_a_row_only_where_it_can(text: str | None, usable: bool) -> None:
    assert usable_key(text) == (text if usable else None)


@pytest.mark.parametrize(
    ("text", "formula"),
    [("=1+1", True), ("+cmd", True), ("-x", True), ("@sum", True), ("-7", False), ("+nan", False), ("-INF", False)],
)
def test_a_message_warns_of_a_formula(text: str, formula: bool) -> None:
    assert got(text) == f" (got {text!r}{', which looks like a formula' if formula else ''})"


def test_a_message_shows_forty_characters() -> None:
    assert got("x" * 40) == f" (got '{'x' * 40}')"
    assert got("x" * 41) == f" (got '{'x' * 40}...')"
