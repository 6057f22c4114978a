"""What the store says of a change that it made only in part."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from storekeeper.bigcommerce.client import Answer
from storekeeper.bigcommerce.products import PARTLY, what_is_missing


def missing(body: Any, status: int = PARTLY) -> str | None:
    return what_is_missing(Answer(status, {}, msgspec.json.encode(body), 0.0))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errors": {"errors": {"sku": "is  taken", "upc": "is\nwrong"}}}, "sku: is taken; upc: is wrong"),
        ({"errors": {"errors": {"sku": "is taken", "inventory_level": "is low"}}}, "sku: is taken"),
        ({"errors": {"errors": {"inventory_level": "is low"}}}, None),
        ({"errors": {"errors": {}, "title": "Not  all"}}, "Not all"),
        ({"errors": {"errors": ["sku"], "title": "Not all"}}, "Not all"),
        ({"errors": {}}, "one of its attributes"),
        ({"errors": ["sku"]}, "one of its attributes"),
        ({}, "one of its attributes"),
        ([], "one of its attributes"),
        ({"errors": {"title": "x" * 301}}, "x" * 300),
        ({"errors": {"errors": {"a": "x" * 301}}}, "a: " + "x" * 297),
    ],
)
def test_its_own_words_are_kept(body: Any, words: str | None) -> None:
    assert missing(body) == words


def test_an_answer_that_saved_all_lacks_nothing() -> None:
    assert missing({"errors": {"title": "Not all"}}, status=200) is None
