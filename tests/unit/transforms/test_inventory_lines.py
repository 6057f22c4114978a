"""Lines of an inventory feed become rows, or problems that name the line and its item."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from storekeeper.transforms.load_inventory import COLUMNS, ITEM_COLUMNS, PROBLEM_COLUMNS, read_items

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_the_columns_are_those_of_the_feed_and_of_the_staging_tables() -> None:
    assert COLUMNS == ("master_sku", "quantity", "price", "updated_at")
    assert ITEM_COLUMNS == ("line", "master_sku", "quantity", "price", "updated_at")
    assert PROBLEM_COLUMNS == ("line", "entity", "entity_key", "reason", "source", "message", "master_sku")


def test_a_line_becomes_a_row() -> None:
    lines = [(2, ("A", "3", "9.90", "2026-11-24T09:30:00Z"), None), (3, ("B", None, None, None), None)]
    items = read_items(lines, NOW)
    assert items.rows == [(2, "A", 3, Decimal("9.90"), NOW), (3, "B", None, None, None)]
    assert items.problems == []


def test_all_that_is_wrong_with_a_line_is_told() -> None:
    items = read_items([(2, ("A", "-1", "dear", "2026-11-24"), None)], NOW)
    assert items.rows == []
    assert items.problems == [
        (
            2,
            "inventory_item",
            "A",
            "negative_quantity",
            "feed/inventory",
            "line 2: quantity must be a whole number from 0 to 2147483647 (got '-1').",
            "A",
        ),
        (
            2,
            "inventory_item",
            "A",
            "invalid_price",
            "feed/inventory",
            "line 2: price must be a number of 0 or more (got 'dear').",
            "A",
        ),
    ]


def test_a_line_that_names_no_item_is_known_by_its_number() -> None:
    long = "A" * 256
    lines = [
        (2, (None, "1", None, None), None),
        (3, (long, "1", None, None), None),
        (4, ("A\0B", "1", None, None), None),
        (5, ("C", "1", None, None), "the line has five values"),
        (6, ("\0", "1", None, None), None),
    ]
    problems = [(line, key, reason, sku) for line, _, key, reason, _, _, sku in read_items(lines, NOW).problems]
    assert problems == [
        (2, "line 2", "missing_master_sku", None),
        (3, "line 3", "invalid_record", long),
        (4, "line 4", "unstorable_text", "AB"),
        (5, "C", "invalid_record", "C"),
        (6, "line 6", "unstorable_text", None),
    ]
