"""What a person pastes into the trigger form as master SKUs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storekeeper.operations.step import split_skus


def test_pasted_skus_are_stripped_taken_apart_and_each_kept_once() -> None:
    assert split_skus(["A-1", " a-2 ", "", "007,B", "A-1", ",,"]) == ["A-1", "a-2", "007", "B"]


def test_letter_case_zeros_and_inner_blanks_are_kept() -> None:
    assert split_skus(["a 1, A 1", "001,1"]) == ["a 1", "A 1", "001", "1"]


def test_a_number_in_the_list_is_its_digits() -> None:
    assert split_skus([7, "7"]) == ["7"]  # type: ignore[list-item]


def test_nothing_pasted_is_nothing_chosen() -> None:
    assert split_skus([]) == split_skus(["", " , ", "\n"]) == []


@given(st.lists(st.text(st.sampled_from("aA0 ,\t\n"), max_size=8)))
def test_splitting_what_was_split_changes_nothing(lines: list[str]) -> None:
    once = split_skus(lines)
    assert split_skus(once) == split_skus([",".join(once)]) == once
    assert len(set(once)) == len(once)
    assert all(sku == sku.strip() != "" and "," not in sku for sku in once)
