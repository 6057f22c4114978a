"""Coupons, taxes and messages of orders."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.order_details import read_details


def read(part: str, *records: dict[str, Any]) -> Any:
    return read_details([(7, part, json.dumps(records))])


def test_coupons_are_numbered() -> None:
    coupon = {"coupon_id": 3, "code": "SPRING", "type": 1, "amount": "5.0000", "discount": 2.5}
    assert read("coupons", coupon, {}).coupons.to_dict("records") == [
        {
            "order_id": 7,
            "coupon_no": 1,
            "coupon_id": 3,
            "code": "SPRING",
            "type": 1,
            "amount": Decimal("5.0000"),
            "discount": Decimal("2.5"),
        },
        dict.fromkeys(("coupon_id", "code", "type", "amount", "discount")) | {"order_id": 7, "coupon_no": 2},
    ]


def test_taxes_are_numbered_and_one_of_no_line_has_none() -> None:
    tax = {
        "order_product_id": 12,
        "name": "VAT",
        "class": "Standard",
        "rate": "20",
        "line_amount": "1.20",
        "line_item_type": "item",
    }
    assert read("taxes", tax, {"order_product_id": 0}).taxes.to_dict("records") == [
        {
            "order_id": 7,
            "tax_no": 1,
            "order_product_id": 12,
            "name": "VAT",
            "class": "Standard",
            "rate": Decimal(20),
            "amount": Decimal("1.20"),
            "line_item_type": "item",
        },
        dict.fromkeys(("order_product_id", "name", "class", "rate", "amount", "line_item_type"))
        | {"order_id": 7, "tax_no": 2},
    ]


def test_a_message_comes_once() -> None:
    message = {
        "id": 5,
        "type": "customer",
        "subject": "When?",
        "message": "Soon?",
        "status": "unread",
        "date_created": "Tue, 24 Nov 2026 09:30:00 +0000",
    }
    assert read("messages", message, message, {"id": 6}).messages.to_dict("records") == [
        {
            "order_id": 7,
            "message_id": 5,
            "type": "customer",
            "subject": "When?",
            "message": "Soon?",
            "status": "unread",
            "sent_at": datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
        },
        dict.fromkeys(("type", "subject", "message", "status", "sent_at")) | {"order_id": 7, "message_id": 6},
    ]


@pytest.mark.parametrize("amount", ["1e15", "-1e15"])
def test_the_largest_amount_is_read(amount: str) -> None:
    assert read("coupons", {"amount": amount}).unread == []


@pytest.mark.parametrize(
    ("part", "payload", "why"),
    [
        ("coupons", None, "its text is not valid Unicode"),
        ("coupons", '[{"code": "a\\u0000"}]', "its text holds the character U+0000"),
        ("coupons", '[{"amount": "1000000000000000.01"}]', "an amount is not within 1e+15"),
        ("coupons", '[{"discount": "-1000000000000000.01"}]', "an amount is not within 1e+15"),
        ("taxes", '[{"rate": "NaN"}]', "an amount is not within 1e+15"),
        ("taxes", '[{"name": ["secret"]}]', "another shape than expected at `$[0].name`"),
        ("messages", '[{"id": "secret"}]', "another shape than expected at `$[0].id`"),
    ],
)
def test_a_part_that_cannot_be_read_is_a_problem_without_any_value(part: str, payload: str | None, why: str) -> None:
    details = read_details([(7, part, payload), (8, part, "[]")])
    message = f"Order 7: its {part} cannot be read: {why}."
    assert details.problems == [Problem("order", "7", Reason.INVALID_RECORD, message, "order/7")]
    assert details.unread == [(7, part)]
    assert len(details.coupons) + len(details.taxes) + len(details.messages) == 0
