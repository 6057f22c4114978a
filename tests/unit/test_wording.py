"""One of something is not some of it."""

from __future__ import annotations

import pytest

from storekeeper.operations.wording import counted


@pytest.mark.parametrize(
    ("number", "things", "said"),
    [
        (0, "changes", "0 changes"),
        (1, "changes", "1 change"),
        (1, "pages", "1 page"),
        (1, "batches", "1 batch"),
        (1, "quantities", "1 quantity"),
        (1, "more listings", "1 more listing"),
        (2000, "batches", "2,000 batches"),
    ],
)
def test_one_of_something_is_singular(number: int, things: str, said: str) -> None:
    assert counted(number, things) == said
