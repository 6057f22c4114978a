"""Attributes that are longer than the store takes."""

from __future__ import annotations

import pandas as pd
import pytest

from storekeeper.outcomes import Reason
from storekeeper.settings import LongAttributes
from storekeeper.transforms.attributes import ATTRIBUTE_COLUMNS, cut_to_fit, fit_attributes

LONG = "has a name or a value of more than 250 characters"


@pytest.mark.parametrize(
    ("value", "mode", "reason", "message", "kept"),
    [
        ("x" * 250, LongAttributes.FAIL, None, "", ["x" * 250]),
        ("x" * 251, LongAttributes.FAIL, Reason.ATTRIBUTE_TOO_LONG, LONG, []),
        ("x" * 251, LongAttributes.SKIP, Reason.ATTRIBUTE_SKIPPED, LONG, []),
        ("x" * 251, LongAttributes.TRUNCATE, Reason.ATTRIBUTE_TRUNCATED, f"{LONG}: cut", ["x" * 250]),
        (" ", LongAttributes.TRUNCATE, Reason.ATTRIBUTE_SKIPPED, "has no name or no value", []),
        (
            "e" + "\u0301" * 250,
            LongAttributes.TRUNCATE,
            Reason.ATTRIBUTE_SKIPPED,
            "is one single combined character of more than 250 code points",
            [],
        ),
    ],
)
def test_what_was_done_to_an_attribute_is_told(
    value: str, mode: LongAttributes, reason: Reason | None, message: str, kept: list[str]
) -> None:
    fitted = fit_attributes(pd.DataFrame([("L", 0, "Note", value)], columns=list(ATTRIBUTE_COLUMNS)), mode)
    told = [(problem.reason, problem.message, problem.source) for problem in fitted.problems]
    assert told == ([(reason, f"Listing L: its attribute 'Note' {message}.", "custom_field/0")] if reason else [])
    assert fitted.attributes["value"].tolist() == kept
    assert fitted.failed == ({"L"} if reason is Reason.ATTRIBUTE_TOO_LONG else set())


def test_a_cut_takes_no_combined_character_apart() -> None:
    assert cut_to_fit("x" * 249 + "e\u0301") == "x" * 249
    assert cut_to_fit("x" * 248 + "e\u0301y") == "x" * 248 + "e\u0301"
    assert cut_to_fit("x" * 249 + " yz") == "x" * 249
