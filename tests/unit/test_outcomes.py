"""The words that the warehouse keeps and a person reads."""

from __future__ import annotations

import re

import pytest

from storekeeper.outcomes import FEED_HINTS, HINTS, Counts, Reason, Refused

OF_A_FILE = {
    Reason.MISSING_MASTER_SKU,
    Reason.INVALID_RECORD,
    Reason.NEGATIVE_QUANTITY,
    Reason.QUANTITY_TOO_LARGE,
    Reason.INVALID_PRICE,
    Reason.INVALID_SHIPMENT_LINE,
    Reason.DUPLICATE_MASTER_SKU,
}


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_s_code_is_its_name(reason: Reason) -> None:
    assert reason.value == reason.name.lower()


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("hints", [HINTS, FEED_HINTS])
def test_every_reason_has_a_hint_that_reads_as_sentences(hints: dict[Reason, str], reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z][^\n]*[a-z0-9)]\.", hints[reason])
    assert set(re.findall(r"\b[A-Z]{2,}s?\b", hints[reason])) <= {"SKU", "SKUs"}
    assert "  " not in hints[reason]


def test_a_feed_s_hints_differ_where_the_file_is_to_be_corrected() -> None:
    assert {reason for reason in Reason if HINTS[reason] != FEED_HINTS[reason]} == OF_A_FILE


def test_a_run_s_counts_begin_at_nought() -> None:
    names = ["read", "created", "linked", "updated", "overwritten", "unchanged", "skipped", "failed"]
    assert Counts().as_dict() == dict.fromkeys(names, 0)


def test_a_refusal_without_an_answer_holds_nothing_but_its_message() -> None:
    refused = Refused("no")
    assert (str(refused), refused.status, refused.fields, refused.said) == ("no", 0, {}, "")
