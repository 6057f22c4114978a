"""What a person pastes into the trigger form as master SKUs."""

from __future__ import annotations

from storekeeper.operators.step import split_skus


def test_pasted_skus_are_stripped_taken_apart_and_each_kept_once() -> None:
    assert split_skus(["A-1", " a-2 ", "", "007,B", "A-1", ",,"]) == ["A-1", "a-2", "007", "B"]
