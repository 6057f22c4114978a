"""Filters and sort orders of orders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

ORDERS = "/v2/orders"


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(
        products=40, quota=0, orders=200, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR") or None
    ) as process:
        process.place_order(id=50, customer_id=1, external_id="b", external_order_id="EXT-50", total_inc_tax="12.5000")
        process.snapshot()
        yield process


@pytest.fixture(scope="module")
def orders(store: SandboxProcess) -> list[Json]:
    return store.orders()


def found(store: SandboxProcess, query: str) -> list[int]:
    answer = store.request("GET", f"{ORDERS}?limit=250&{query}")
    assert answer.status_code in (200, 204), answer.text
    return [each["id"] for each in answer.json()] if answer.status_code == 200 else []


def ids(orders: list[Json], passes: Callable[[Json], Any]) -> list[int]:
    return [each["id"] for each in orders if passes(each)]


def created(order: Json) -> datetime:
    return parsedate_to_datetime(order["date_created"])


def modified(order: Json) -> datetime:
    return parsedate_to_datetime(order["date_modified"])


def test_orders_are_found_by_each_field(store: SandboxProcess, orders: list[Json]) -> None:
    one = next(each for each in orders if each["cart_id"] and each["customer_id"])
    for name in ("customer_id", "status_id", "cart_id", "payment_method", "channel_id"):
        assert found(store, f"{name}={quote(str(one[name]))}") == ids(orders, lambda each, n=name: each[n] == one[n])  # type: ignore[misc]
    mail = one["billing_address"]["email"]
    same_mail = ids(orders, lambda each: each["billing_address"]["email"] == mail)
    assert found(store, f"email={mail}") == found(store, f"email={mail.upper()}") == same_mail
    assert found(store, "external_order_id=EXT-50") == [50]
    assert found(store, "status_id=99") == []


def test_ids_and_totals_have_bounds_that_belong_to_them(store: SandboxProcess, orders: list[Json]) -> None:
    assert found(store, "min_id=150&max_id=152") == [150, 151, 152]
    assert found(store, "min_id=150&max_id=152&sort=id:desc") == [152, 151, 150]
    assert found(store, "min_total=12.5&max_total=12.50") == ids(
        orders, lambda each: each["total_inc_tax"] == "12.5000"
    )
    expected = ids(orders, lambda each: 20 <= Decimal(each["total_inc_tax"]) <= Decimal("99.5"))
    assert found(store, "min_total=20&max_total=99.5") == expected != []


@pytest.mark.parametrize(("field", "of"), [("created", created), ("modified", modified)])
def test_dates_have_bounds_that_belong_to_them(
    store: SandboxProcess, orders: list[Json], field: str, of: Callable[[Json], datetime]
) -> None:
    moment = of(orders[90])
    second = timedelta(seconds=1)

    def asked(bound: str, when: datetime) -> list[int]:
        return found(store, f"{bound}_date_{field}={quote(when.isoformat())}")

    assert orders[90]["id"] in asked("min", moment)
    assert orders[90]["id"] in asked("max", moment)
    assert orders[90]["id"] not in asked("min", moment + second)
    assert orders[90]["id"] not in asked("max", moment - second)
    assert asked("min", moment) == ids(orders, lambda each: of(each) >= moment)
    assert asked("max", moment) == ids(orders, lambda each: of(each) <= moment)


def test_windows_that_follow_each_other_have_every_order_once(store: SandboxProcess, orders: list[Json]) -> None:
    start, end = min(map(created, orders)), max(map(created, orders))
    seen: list[int] = []
    while start <= end:
        stop = start + timedelta(days=30)
        low, high = quote(start.isoformat()), quote((stop - timedelta(seconds=1)).isoformat())
        seen += found(store, f"min_date_created={low}&max_date_created={high}")
        start = stop
    assert sorted(seen) == [each["id"] for each in orders]


def test_a_date_may_be_written_in_many_ways(store: SandboxProcess, orders: list[Json]) -> None:
    moment = created(orders[120])
    west = moment.astimezone(timezone(timedelta(hours=-4)))
    expected = ids(orders, lambda each: created(each) >= moment)
    for text in (
        quote(moment.strftime("%a, %d %b %Y %H:%M:%S +0000")),
        quote(west.strftime("%a, %d %b %Y %H:%M:%S -0400")),
        quote(moment.strftime("%d %b %Y %H:%M:%S")),
        quote(moment.strftime("%a, %d %b %Y %H:%M:%S GMT")),
        quote(moment.strftime("%Y-%m-%dT%H:%M:%S")),
        quote(moment.strftime("%Y-%m-%d %H:%M:%S")),
        quote(moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
        quote(west.strftime("%Y-%m-%dT%H:%M:%S.000-04:00")),
        # The plus of a zone is a space where it was not escaped.
        moment.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        moment.strftime("%a,+%d+%b+%Y+%H:%M:%S++0000"),
    ):
        assert found(store, f"min_date_created={text}") == expected, text
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0)
    expected = ids(orders, lambda each: created(each) >= day)
    assert found(store, f"min_date_created={day:%Y-%m-%d}") == expected


@pytest.mark.parametrize(
    "query",
    [
        "min_date_created=yesterday",
        "min_date_modified=1492688000",
        "max_date_created=2026-13-01",
        "max_date_created=",
        "min_id=one",
        "limit=many",
        "page=x",
        "min_total=cheap",
        "sort=colour",
        "sort=id:up",
        "include=everything",
        "consignment_structure=array",
        "id:in=100,101",
        "status_id:in=2",
        "status_id=2,11",
        "is_deleted=true",
    ],
)
def test_what_cannot_be_a_filter_is_refused(store: SandboxProcess, query: str) -> None:
    answer = store.request("GET", f"{ORDERS}?{query}")
    assert answer.status_code == 400
    [error] = answer.json()
    assert error["status"] == 400
    assert error["message"]


@pytest.mark.parametrize(
    "field", ["id", "customer_id", "date_created", "date_modified", "status_id", "channel_id", "external_id"]
)
def test_orders_come_in_the_order_asked_for(store: SandboxProcess, orders: list[Json], field: str) -> None:
    def key(order: Json) -> Any:
        if field.startswith("date_"):
            return parsedate_to_datetime(order[field])
        return order[field] or ("" if field == "external_id" else 0)

    ascending = [each["id"] for each in sorted(orders, key=key)]
    assert found(store, f"sort={field}") == found(store, f"sort={field}:asc") == ascending
    # Where the field is equal, the lower id comes first in either direction.
    assert found(store, f"sort={field}:desc") == [each["id"] for each in sorted(orders, key=key, reverse=True)]


def test_filters_are_asked_together(store: SandboxProcess, orders: list[Json]) -> None:
    moment = created(orders[60])
    query = f"status_id=10&min_date_created={quote(moment.isoformat())}&sort=date_modified:desc&min_id=120"
    passing = [each for each in orders if each["status_id"] == 10 and created(each) >= moment and each["id"] >= 120]
    assert found(store, query) == [each["id"] for each in sorted(passing, key=modified, reverse=True)] != []


def test_a_change_is_seen_by_the_next_request(store: SandboxProcess) -> None:
    store.reset()
    assert 130 not in found(store, "status_id=13&customer_id=77777")
    store.patch_order(130, status_id=13, customer_id=77_777)
    assert found(store, "status_id=13&customer_id=77777") == [130]
    store.reset()
    assert found(store, "status_id=13&customer_id=77777") == []


def test_filters_are_as_published(store: SandboxProcess) -> None:
    store.reset()
    store.admin("violations", method="DELETE")
    for query in ("sort=date_modified:desc&min_total=1.5", "min_date_created=2020-01-01&channel_id=1&page=2&limit=10"):
        assert store.request("GET", f"{ORDERS}?{query}").status_code == 200
    assert store.violations() == []
