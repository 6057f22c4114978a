"""Brands and categories become names and paths, or problems."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.names import MOST_LEVELS, read_brands, read_categories


def category(number: int, name: str = "Lamps", parent: int | None = 0, **more: Any) -> bytes:
    return json.dumps({"category_id": number, "name": name, "parent_id": parent, **more}).encode()


def chain(levels: int) -> list[bytes]:
    return [category(number, f"L{number}", number - 1) for number in range(1, levels + 1)]


def test_a_category_s_path_begins_at_the_root() -> None:
    read = read_categories([category(3, "Red", 2), category(2, "Lamps", 1), category(1, "Shop", None)])
    assert sorted(read.names) == [(1, "Shop"), (2, "Shop > Lamps"), (3, "Shop > Lamps > Red")]
    assert read.problems == []
    assert read.unnamed == []


def test_a_parent_that_the_store_does_not_have_is_no_part_of_the_path() -> None:
    assert read_categories([category(1, "Lamps", 99)]).names == [(1, "Lamps")]


def test_a_hundred_levels_are_read_and_one_more_is_a_mistake() -> None:
    deepest = chain(MOST_LEVELS + 1)
    read = read_categories(deepest)
    assert len(read.names) == MOST_LEVELS == 100
    assert read.unnamed == [101]
    assert read.problems[0].message == (
        "Category 101 cannot be read: its parents form a loop, or more than 100 levels"
        " (got 'L97 > L98 > L99 > L100 > L101')."
    )


def test_categories_in_a_loop_are_problems() -> None:
    read = read_categories([category(1, "A", 2), category(2, "B", 1), category(3, "C", 0)])
    assert read.names == [(3, "C")]
    assert read.unnamed == [1, 2]


def test_what_is_below_an_unreadable_category_has_no_path() -> None:
    read = read_categories([category(1, " "), category(2, "Red", 1), category(3, "Light red", 2)])
    assert read.names == []
    assert [problem.message for problem in read.problems] == [
        "Category 1 cannot be read: its name is blank (got ' ').",
        "Category 2 cannot be read: category 1 above it cannot be read.",
        "Category 3 cannot be read: category 1 above it cannot be read.",
    ]


def test_a_brand_has_a_name() -> None:
    read = read_brands([b'{"id": 9223372036854775807, "name": "Acme"}'])
    assert (read.names, read.problems) == ([(2**63 - 1, "Acme")], [])


@pytest.mark.parametrize(
    ("record", "key", "reason", "why"),
    [
        (b'{"id": 1, "name": ""}', "1", Reason.INVALID_RECORD, "its name is blank (got '')"),
        (
            b'{"id": 1, "name": "a\\u0000b"}',
            "1",
            Reason.UNSTORABLE_TEXT,
            "its name holds the character U+0000 (got 'a\\x00b')",
        ),
        (
            b'{"id": 1, "name": 7}',
            "1",
            Reason.INVALID_RECORD,
            "Expected `str`, got `int` - at `$.name` (got 7)",
        ),
        (
            b'{"id": 0, "name": "Acme"}',
            "0",
            Reason.INVALID_RECORD,
            "Expected `int` >= 1 - at `$.id` (got 0)",
        ),
        (
            b'{"name": "Acme"}',
            "without an id",
            Reason.INVALID_RECORD,
            'Object missing required field `id` (got {"name": "Acme"})',
        ),
        (
            b'{"id": 1, "name": "\xff"}',
            "1",
            Reason.UNSTORABLE_TEXT,
            'its text is not valid Unicode (around \'{"id": 1, "name": "\\\\xff"}\')',
        ),
    ],
)
def test_a_brand_that_cannot_be_read_is_a_problem(record: bytes, key: str, reason: Reason, why: str) -> None:
    (problem,) = read_brands([record]).problems
    assert problem == Problem("brand", key, reason, f"Brand {key} cannot be read: {why}.", f"brand/{key}")


def test_only_ids_that_a_store_can_have_are_unnamed() -> None:
    numbers = [b"0", b"9223372036854775808", b"-1", b"1.5", b'"7"', b"5"]
    read = read_brands([b'{"id": ' + number + b', "name": ""}' for number in numbers])
    assert len(read.problems) == len(numbers)
    assert read.unnamed == [0, 5]


def test_a_message_shows_the_bytes_around_what_is_no_text() -> None:
    record = b'{"id": 1, "name": "' + b"a" * 80 + b"\xff" + b"b" * 80 + b'"}'
    (problem,) = read_brands([record]).problems
    assert f"(around '{'a' * 50}\\\\xff{'b' * 49}')" in problem.message
