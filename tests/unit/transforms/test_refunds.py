"""Refunds become rows, or problems that show no free text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.refunds import read_refunds, shows_refund, status_of

REFUND = {"id": 5, "order_id": 7, "created": "2026-11-24T09:30:00Z", "total_amount": "9.90", "total_tax": 1.5}
ITEM = {"item_type": "PRODUCT", "item_id": 12, "quantity": 2, "requested_amount": "4.95"}


def test_a_refund_s_items_are_numbered() -> None:
    read = read_refunds([(5, json.dumps({**REFUND, "items": [ITEM, {}]}))])
    assert read.problems == []
    assert read.refunds.drop(columns="created_at").values.tolist() == [[5, 7, Decimal("9.90"), Decimal("1.5")]]
    assert read.items.values.tolist() == [
        [5, 1, "PRODUCT", 12, 2, Decimal("4.95")],
        [5, 2, None, None, None, None],
    ]


@pytest.mark.parametrize(
    ("fields", "why", "reason"),
    [
        (None, "its text is not valid Unicode", Reason.UNSTORABLE_TEXT),
        ({"created": "soon"}, "its created is no date (got 'soon')", Reason.INVALID_RECORD),
        (
            {"total_amount": "1000000000000000.01"},
            "its total_amount must be an amount within 1e+15 (got 1000000000000000.01)",
            Reason.INVALID_RECORD,
        ),
        ({"total_tax": "NaN"}, "its total_tax must be an amount within 1e+15 (got NaN)", Reason.INVALID_RECORD),
        (
            {"items": [{"requested_amount": "-1e16"}]},
            "its requested_amount must be an amount within 1e+15 (got -1E+16)",
            Reason.INVALID_RECORD,
        ),
        ({"items": [{"item_type": "a\0"}]}, "its text holds the character U+0000", Reason.INVALID_RECORD),
        ({"order_id": 0}, "Expected `int` >= 1 - at `$.order_id` (got 0)", Reason.INVALID_RECORD),
    ],
)
def test_a_refund_that_cannot_be_read_is_a_problem(fields: dict[str, Any] | None, why: str, reason: Reason) -> None:
    read = read_refunds([(5, None if fields is None else json.dumps({**REFUND, **fields}))])
    assert read.problems == [Problem("refund", "5", reason, f"Refund 5 cannot be read: {why}.", "refund/5")]
    assert len(read.refunds) + len(read.items) == 0


@pytest.mark.parametrize("amount", ["1e15", "-1e15"])
def test_the_largest_amount_is_read(amount: str) -> None:
    assert read_refunds([(5, json.dumps({**REFUND, "total_amount": amount}))]).problems == []


@pytest.mark.parametrize(
    ("order", "shows"),
    [
        ({"status_id": 4}, True),
        ({"status_id": 14}, True),
        ({"status_id": 5}, False),
        ({"payment_status": "partially refunded"}, True),
        ({"payment_status": "captured"}, False),
        ({"consignments": []}, False),
        ({"consignments": {"shipping": [{"line_items": [{"is_refunded": True}]}]}}, True),
        ({"consignments": {"pickups": [{"line_items": [{}, {"quantity_refunded": 1}]}]}}, True),
        ({"consignments": {"downloads": [{"line_items": [{"quantity_refunded": 0.5}]}]}}, True),
        ({"consignments": {"email": {"gift_certificates": [{"line_items": [{"is_refunded": True}]}]}}}, True),
        ({"consignments": {"shipping": [{"line_items": [{"quantity_refunded": 0}]}], "email": None}}, False),
        ({"status_id": "x"}, True),
    ],
)
def test_an_order_shows_that_something_was_refunded(order: dict[str, Any], shows: bool) -> None:
    assert shows_refund(json.dumps(order).encode()) is shows


@pytest.mark.parametrize(
    ("payload", "status"),
    [(b'{"status_id": 11}', 11), (b"{}", None), (b'{"status_id": "x"}', None), (b"\xff", None), (b"{", None)],
)
def test_a_status_is_read_where_there_is_one(payload: bytes, status: int | None) -> None:
    assert status_of(payload) == status
