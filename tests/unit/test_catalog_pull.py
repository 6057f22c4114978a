"""What of a payload a database can store, and how the ids of a catalog are shared out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storekeeper.bigcommerce.paging import IdRange
from storekeeper.operations.payloads import storable
from storekeeper.operations.stretches import cut


@pytest.mark.parametrize(
    "payload",
    [
        b'{"name": "\xff"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\uD800"}',
        b'{"name": "\\udc00"}',
        b'{"name": "\\ud83d x"}',
        b'{"name": "\\ud83d\\ud83d\\ude00"}',
        b'{"\\uDBFF": 1}',
    ],
)
def test_bytes_that_are_not_utf_8_and_lone_surrogates_cannot_be_stored(payload: bytes) -> None:
    assert storable(payload) is None


@pytest.mark.parametrize(
    "payload",
    ['{"name": "灯 🏮"}', '{"name": "\\ud83d\\ude00"}', '{"name": "\\uD83D\\uDE00"}', '{"name": "C:\\\\ud800"}', "{}"],
)
def test_everything_else_is_stored_as_the_store_sent_it(payload: str) -> None:
    assert storable(payload.encode()) == payload


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.text(st.characters(exclude_categories=["Cs"]))), st.booleans())
def test_any_text_is_stored_as_it_is(record: dict[str, str], escaped: bool) -> None:
    payload = json.dumps(record, ensure_ascii=escaped)
    assert storable(payload.encode()) == payload


@settings(deadline=None)
@given(st.integers(0, 3), st.integers(2, 8), st.lists(st.integers(-2, 14), max_size=6))
def test_no_part_of_a_cut_catalog_is_empty(after: int, length: int, cuts: list[int]) -> None:
    for part in cut(IdRange(after, after + length), cuts):
        assert part.before is not None
        assert part.before - part.after > 1
