"""A line of a listings feed becomes a typed row, or one problem that says all that is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from storekeeper.transforms.load_listings import COLUMNS, PROBLEM_COLUMNS, ROW_COLUMNS, Rows, read_rows

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PREFIXED = ("option.Colour", "custom_field.Made in", "option.Size")


def read(fault: str | None = None, prefixed: tuple[str, ...] = (), **given: Any) -> Rows:
    given = {"listing_key": "L", "master_sku": "A", **given}
    return read_rows([(2, [given.get(name) for name in (*COLUMNS, *prefixed)], fault)], NOW, prefixed)


def row(**given: Any) -> dict[str, Any]:
    found = read(**given)
    assert found.problems == []
    return dict(zip(ROW_COLUMNS, found.rows[0], strict=True))


def problem(**given: Any) -> dict[str, Any]:
    found = read(**given)
    assert found.rows == []
    return dict(zip(PROBLEM_COLUMNS, found.problems[0], strict=True))


def test_a_bare_line_has_every_column() -> None:
    assert row() == dict.fromkeys(ROW_COLUMNS) | {"line": 2, "listing_key": "L", "master_sku": "A"}


@pytest.mark.parametrize(
    ("column", "value", "read_as"),
    [
        ("title", "<b>&amp; =1+1", "<b>&amp; =1+1"),
        ("upc", "00123", "00123"),
        ("price", "1.10", Decimal("1.10")),
        ("weight", "1E+2", Decimal(100)),
        ("quantity", "3.0", 3),
        ("type", "DIGITAL", "digital"),
        ("condition", "new", "New"),
        ("availability", "Preorder", "preorder"),
        ("categories", "A > B | C||A > B", ["A > B", "C"]),
        ("categories", " | ", None),
        ("images", "b|a|b", ["b", "a", "b"]),
        ("updated_at", "2026-11-24T13:00:00+01:00", datetime(2026, 11, 24, 12, tzinfo=UTC)),
    ],
)
def test_a_value_is_read_by_its_column(column: str, value: str, read_as: object) -> None:
    assert row(**{column: value})[column] == read_as


def test_a_date_may_lie_a_day_ahead_and_no_further() -> None:
    assert row(updated_at="2026-11-25T12:00:00Z")["updated_at"] == NOW + timedelta(days=1)
    found = problem(updated_at="2026-11-25T12:00:01Z")
    assert (found["reason"], found["message"]) == (
        "invalid_date",
        "line 2: updated_at lies more than a day in the future (got '2026-11-25T12:00:01Z').",
    )


def test_prefixed_columns_become_objects_of_what_is_not_blank() -> None:
    found = row(prefixed=PREFIXED, **{"option.Colour": "Röt", "custom_field.Made in": None, "option.Size": "7"})
    assert json.loads(found["options"]) == {"Colour": "Röt", "Size": "7"}
    assert json.loads(found["custom_fields"]) == {}
    assert row(prefixed=("option.Colour",))["custom_fields"] is None


def test_a_problem_names_the_listing_that_is_to_be_left_out() -> None:
    assert problem(price="x", weight="y") == {
        "line": 2,
        "entity": "variant",
        "entity_key": "A",
        "reason": "invalid_weight",
        "source": "feed/listing/L",
        "message": "line 2: weight must be a number of 0 or more (got 'y'); price must be a number of 0 or more (got"
        " 'x').",
        "group_key": "L",
        "master_sku": "A",
    }


@pytest.mark.parametrize(
    ("given", "entity", "key", "source"),
    [
        ({"master_sku": None}, "listing", "L", "feed/listing/L"),
        ({"listing_key": None}, "variant", "A", "feed/listings"),
        ({"listing_key": None, "master_sku": None}, "variant", "line 2", "feed/listings"),
        ({"listing_key": "L\0"}, "variant", "A", "feed/listings"),
        ({"master_sku": "A" * 256}, "listing", "L", "feed/listing/L"),
        ({"fault": "has 1 values"}, "variant", "A", "feed/listing/L"),
    ],
)
def test_a_problem_is_known_by_what_can_be_told_of_the_line(
    given: dict[str, Any], entity: str, key: str, source: str
) -> None:
    found = problem(**given)
    assert (found["entity"], found["entity_key"], found["source"]) == (entity, key, source)
