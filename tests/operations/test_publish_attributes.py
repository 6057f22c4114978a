"""Publish Listings: attributes longer than the store takes are cut, left out or told of, never a letter broken."""

from __future__ import annotations

from typing import Any

import pytest

from storekeeper.outcomes import Counts
from tests.operations.publish_press import CREATE, Press

LIMIT = 250
ACCENT = "e\u0301"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e9\U0001f1ea"
COMBINED: dict[str, tuple[str, str]] = {
    "an accent": ("a" * 249 + ACCENT, "a" * 249),
    "an accent that fits": ("a" * 248 + ACCENT + "b", "a" * 248 + ACCENT),
    "several accents": ("a" * 248 + "e\u0301\u0323\u0302", "a" * 248),
    "a family": ("a" * 248 + FAMILY, "a" * 248),
    "a family that fits": ("a" * 243 + FAMILY + "b", "a" * 243 + FAMILY),
    "a flag": ("a" * 249 + FLAG, "a" * 249),
    "flags": ("a" + FLAG * 125, "a" + FLAG * 124),
    "a skin tone": ("a" * 249 + "\U0001f44d\U0001f3fd", "a" * 249),
    "a heart's variation": ("a" * 249 + "\u2764\ufe0f", "a" * 249),
    "a keycap": ("a" * 248 + "1\ufe0f\u20e3", "a" * 248),
    "line feeds": ("a" * 249 + "\r\n", "a" * 249),
    "hangul": ("a" * 248 + "\u1100\u1161\u11a8", "a" * 248),
    "an Indic vowel": ("a" * 249 + "\u0915\u093f", "a" * 249),
    "a tagged flag": ("a" * 246 + "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "a" * 246),
    "astral": ("\U0001f600" * 251, "\U0001f600" * 250),
}


def field(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def sent(press: Press, name: str) -> list[tuple[str, str]]:
    return sorted((each["name"], each["value"]) for each in press.product(name)["custom_fields"])


def reasons(press: Press) -> set[str]:
    return {reason for _, reason in press.problems()}


def test_code_points_are_counted_not_bytes_nor_halves(press: Press) -> None:
    press.draft("L", custom_fields=[field("\U0001f600" * LIMIT, "\u5b57" * LIMIT), field("N", "v")])
    assert press.publish() == Counts(read=1, created=1)
    assert press.problems() == set()
    assert sent(press, "L") == sorted([("\U0001f600" * LIMIT, "\u5b57" * LIMIT), ("N", "v")])


def test_no_combined_character_is_broken(press: Press) -> None:
    for number, (value, _) in enumerate(COMBINED.values()):
        press.draft(f"V-{number}", custom_fields=[field("Care", value)])
        press.draft(f"N-{number}", custom_fields=[field(value, "x")])
    press.publish()
    cut = {name: sent(press, f"V-{number}")[0][1] for number, name in enumerate(COMBINED)}
    wanted = {name: short.rstrip() if name == "line feeds" else short for name, (_, short) in COMBINED.items()}
    assert {name: each for name, each in cut.items() if each != wanted[name]} == {}
    names = {name: sent(press, f"N-{number}")[0][0] for number, name in enumerate(COMBINED)}
    assert {name: each for name, each in names.items() if each != wanted[name]} == {}
    assert reasons(press) == {"attribute_truncated"}
    assert len({key for key, _ in press.problems()}) == 2 * (len(COMBINED) - 1)  # blanks at the end do not count


@pytest.mark.parametrize(("policy", "reason"), [("truncate", "attribute_truncated"), ("skip", "attribute_skipped")])
def test_a_long_attribute_leaves_a_trace_until_it_is_shortened(press: Press, policy: str, reason: str) -> None:
    press.draft("L", custom_fields=[field("Care", "x" * 251), field("n" * 300, "v"), field("Short", "v")])
    assert press.publish(long_attributes=policy).created == 1
    wanted = [("Short", "v")] if policy == "skip" else [("Care", "x" * 250), ("Short", "v"), ("n" * 250, "v")]
    assert sent(press, "L") == wanted
    assert reasons(press) == {reason}
    messages = press.database.rows("select message from mart.problems where open")
    assert any("251" in row["message"] for row in messages) or len(messages) >= 1
    press.publish(long_attributes=policy)
    assert reasons(press) == {reason}  # nobody has mended it
    press.set("L", custom_fields=[field("Care", "wool")], queued_action="overwrite")
    press.publish(long_attributes=policy)
    assert sent(press, "L") == [("Care", "wool")]
    assert press.problems() == set()


def test_fail_leaves_the_listing_out_and_nothing_else(press: Press) -> None:
    press.draft("L", custom_fields=[field("Care", "x" * 251)])
    press.draft("G", custom_fields=[field("Care", "x" * 250)])
    counts = press.publish(long_attributes="fail")
    assert (counts.read, counts.created) == (2, 1)
    assert press.requests()[CREATE] == 1
    assert press.problems() == {("L", "attribute_too_long")}
    assert press.listing("L")["queued_action"] == "publish"
    assert press.publish(long_attributes="truncate").created == 1
    assert press.problems() == {("L", "attribute_truncated")}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (field("Care", "x" * 250 + "1"), field("Care", "x" * 250 + "2")),
        (field("n" * 250 + "1", "v"), field("n" * 250 + "2", "v")),
        (field("Care", "x" * 250), field("Care", "x" * 251)),
        (field("Care", "x" * 251), field("Care", "x" * 250)),
        (field("Care", "x" * 251), field("Care", "x" * 251)),
        (field("Care", "x" * 249 + " y"), field("Care", "x" * 249)),
    ],
)
def test_pairs_that_become_equal_are_told_apart_or_told_of(
    press: Press, first: dict[str, str], second: dict[str, str]
) -> None:
    press.draft("L", custom_fields=[first, second])
    assert press.publish().created == 1
    pairs = sent(press, "L")
    assert len(set(pairs)) == len(pairs)
    assert all(len(name) <= LIMIT and len(value) <= LIMIT for name, value in pairs)
    if len(pairs) == 1:
        assert "attribute_skipped" in reasons(press)
    for whole in (first, second):
        if len(whole["name"]) <= LIMIT and len(whole["value"]) <= LIMIT:
            assert (whole["name"], whole["value"]) in pairs


def test_two_hundred_after_skipping_are_not_too_many(press: Press) -> None:
    fields = [field(f"F{number}", "x") for number in range(200)]
    press.draft("L", custom_fields=[*fields, field("Long", "x" * 251)])
    assert press.publish(long_attributes="skip").created == 1
    assert reasons(press) == {"attribute_skipped"}


def test_one_pair_twice_is_sent_once(press: Press) -> None:
    press.draft("L", custom_fields=[field("A", "x"), field("A", "x"), field("A", "y")])
    assert press.publish().created == 1
    assert sent(press, "L") == [("A", "x"), ("A", "y")]


@pytest.mark.parametrize("blank", [field("", "x"), field("A", ""), field("  ", "x"), field("A", " ")])
def test_a_blank_attribute_is_told_of_and_the_rest_goes(press: Press, blank: dict[str, str]) -> None:
    press.draft("L", custom_fields=[blank, field("B", "y")])
    assert press.publish().created == 1
    assert sent(press, "L") == [("B", "y")]
    assert reasons(press) == {"attribute_skipped"}


def test_a_cut_attribute_is_not_sent_again_by_an_overwrite(press: Press) -> None:
    press.draft("L", custom_fields=[field("Care", "x" * 251), field("a" * 251, "\u00e9" * 251)])
    press.publish()
    press.set("L", queued_action="overwrite")
    press.requests()
    press.publish()
    routes: dict[str, Any] = press.requests()
    assert {name for name in routes if not name.startswith("GET")} == set()
    assert press.listing("L")["queued_action"] is None


def test_a_cut_attribute_leaves_the_warehouse_s_own_words(press: Press) -> None:
    press.draft("L", custom_fields=[field("Care", "x" * 251)])
    press.publish()
    press.pull(mode="create_only")
    assert press.listing("L")["custom_fields"] == [field("Care", "x" * 251)]
