"""A range of ids is half-open, and is read completely whatever the page's size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.bigcommerce.paging import IdRange, PageSize, id_pages, numbered_pages, read_page
from storekeeper.outcomes import NotNow, PagingStuck

PATH = "/v3/catalog/products"
URL = f"https://api.bigcommerce.com/stores/abc123{PATH}"


def open_store() -> StoreClient:
    return StoreClient("https://api.bigcommerce.com", "abc123", "t", patience=Patience(attempts=1))


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def store() -> Iterator[StoreClient]:
    with open_store() as client:
        yield client


def page(*ids: int, total: int) -> dict[str, Any]:
    return {"data": [{"id": identity} for identity in ids], "meta": {"pagination": {"total": total}}}


def read_range(store: StoreClient, id_range: IdRange, limit: int) -> list[int]:
    return [identity for one in id_pages(store, PATH, id_range, {}, PageSize(limit)) for identity, _ in one.records]


@settings(max_examples=100, deadline=None)
@given(
    held=st.sets(st.integers(1, 60), max_size=40),
    after=st.integers(0, 62),
    before=st.one_of(st.none(), st.integers(1, 62)),
    limit=st.integers(1, 7),
)
def test_a_range_brings_each_record_between_its_bounds_once(
    held: set[int], after: int, before: int | None, limit: int
) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked = request.params
        low, high = int(asked.get("id:greater", 0)), int(asked.get("id:less", 1000))
        left = sorted(identity for identity in held if low < identity < high)
        return 200, {}, json.dumps(page(*left[: int(asked["limit"])], total=len(left)))

    with responses.RequestsMock() as web, open_store() as store:
        web.add_callback(responses.GET, URL, answer, content_type="application/json")
        found = read_range(store, IdRange(after, before), limit)
    assert found == sorted(identity for identity in held if after < identity and (before is None or identity < before))


@pytest.mark.parametrize("outside", [2, 10])
def test_the_bounds_themselves_lie_outside_a_range(
    web: responses.RequestsMock, store: StoreClient, outside: int
) -> None:
    web.get(URL, json=page(outside, total=1))
    with pytest.raises(PagingStuck, match=r"outside \(2, 10\)"):
        read_range(store, IdRange(2, 10), 2)


@pytest.mark.parametrize(("total", "last"), [(2, True), (3, False)])
def test_a_page_is_the_last_one_when_it_holds_all_that_is_left(
    web: responses.RequestsMock, store: StoreClient, total: int, last: bool
) -> None:
    web.get(URL, json=page(7, 4, total=total))
    found = read_page(store, PATH, {}, PageSize(2))
    assert (found.last, found.total) == (last, total)
    assert found.records == [(4, b'{"id": 4}'), (7, b'{"id": 7}')]


def test_a_page_without_a_limit_is_the_store_s_own_fifty(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(URL, json=page(*range(1, 50), total=60))
    with pytest.raises(NotNow, match="sent 49 of a page of 50"):
        read_page(store, PATH, {}, PageSize(50))


def test_a_page_that_repeats_stops_the_pull(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(URL, json=page(1, 2, total=9))
    with pytest.raises(PagingStuck):
        read_range(store, IdRange(0, None), 2)
    assert len(web.calls) == 2


@pytest.mark.parametrize("total_pages", [0, 1, 3])
def test_numbered_pages_are_all_read(web: responses.RequestsMock, store: StoreClient, total_pages: int) -> None:
    web.get(URL, json={"data": [], "meta": {"pagination": {"total": 9, "total_pages": total_pages}}})
    answers = list(numbered_pages(store, PATH, {"limit": 3}))
    assert len(answers) == max(total_pages, 1)
    numbers = [call.request.params["page"] for call in web.calls]  # type: ignore[attr-defined]
    assert numbers == [str(number) for number in range(1, len(answers) + 1)]
