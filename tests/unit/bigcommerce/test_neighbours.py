"""Orders that are asked for by id share requests."""

from __future__ import annotations

import pytest

from storekeeper.bigcommerce.orders import neighbours


@pytest.mark.parametrize(
    ("ids", "most", "groups"),
    [
        ([], 3, []),
        ([5], 3, [[5]]),
        ([3, 1, 2, 3], 3, [[1, 2, 3]]),
        ([1, 3], 3, [[1, 3]]),
        ([1, 4], 3, [[1], [4]]),
        ([1, 2, 3, 4, 5, 6, 7], 3, [[1, 2, 3], [4, 5, 6], [7]]),
        ([10, 11, 500], 250, [[10, 11], [500]]),
        ([1, 2], 1, [[1], [2]]),
    ],
)
def test_a_group_spans_no_more_ids_than_a_page_holds(ids: list[int], most: int, groups: list[list[int]]) -> None:
    assert list(neighbours(ids, most)) == groups
