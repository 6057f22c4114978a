"""Which orders a run asks for: none is lost while orders, clocks and filters move, and few requests are made."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.orders.dates import rfc2822
from sandbox.process import SandboxProcess
from storekeeper.outcomes import RunStopped
from tests.databases import Database
from tests.operations.conftest import GetOrders
from tests.operations.test_orders_against_oracle import marts

DAY = 86400
EXTRACT, REST = ("extract",), ("transform", "load")


@pytest.fixture(scope="module")
def running_shop() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=3, quota=0) as store:
        yield store


class Shop:
    """A store without orders, a clock that tests move, and a warehouse."""

    def __init__(self, store: SandboxProcess, database: Database) -> None:
        self.store = store
        self.database = database
        self.run = GetOrders(store, database)
        self._offset = 0.0

    def wait(self, seconds: float) -> None:
        """Let time pass in the store."""
        self._offset += seconds
        self.store.configure(clock_offset_seconds=self._offset)

    def ago(self, seconds: float) -> str:
        """A moment so long before the store's present."""
        return rfc2822(int(time.time() + self._offset - seconds))

    def place(self, ago: float = 60, **fields: Any) -> int:
        """An order placed and never changed since."""
        created = self.ago(ago)
        order = self.store.place_order(**{"date_created": created, "date_modified": created, **fields})
        return int(order["id"])

    def statuses(self, channel: str = "shop") -> dict[int, int]:
        """What the warehouse has."""
        rows = self.database.rows("select order_id, status_id from mart.orders where channel = %s", channel)
        return {row["order_id"]: row["status_id"] for row in rows}

    def refunded(self, order_id: int) -> Any:
        return self.database.value("select refunded from mart.orders where order_id = %s", order_id)

    def left_out(self) -> dict[int, str]:
        rows = self.database.rows("select order_id, reason from mart.orders_not_imported")
        return {row["order_id"]: row["reason"] for row in rows}

    @property
    def watermark(self) -> datetime:
        moment: datetime = self.database.value("select store_time from ops.watermark where operation = 'get_orders'")
        return moment

    def asked(self) -> list[str]:
        """Queries for the list of orders since the last time."""
        queries = [str(each.query) for each in self.store.quota_log() if each.path.endswith("/v2/orders")]
        self.store.forget_requests()
        return queries


@pytest.fixture
def shop(running_shop: SandboxProcess, database: Database) -> Shop:
    running_shop.reset()
    running_shop.clear_faults()
    running_shop.configure(clock_offset_seconds=0)
    running_shop.forget_requests()
    return Shop(running_shop, database)


EVERYTHING: dict[str, Any] = {"statuses": list(range(15)), "created_within_days": 365}


def assert_nothing_lost(store: SandboxProcess, database: Database) -> None:
    """What the store has, the warehouse has as if it were pulled now for the first time."""
    GetOrders(store, database)(channel="fresh", run_id="fresh", **EVERYTHING)
    shown, fresh = marts(database), marts(database, "fresh")
    there = {order["id"] for order in store.orders()}
    for table in ("orders", "order_items", "refunds"):
        rows = [row for row in shown[table].values() if row["order_id"] in there]
        expected = list(fresh[table].values())
        assert sorted(rows, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(("page_size", "readers"), [(20, 4), (20, 1), (3, 2)])
def test_orders_that_arrive_and_change_during_the_pull_are_not_lost(
    database: Database, page_size: int, readers: int
) -> None:
    with SandboxProcess(products=3, orders=60, orders_days=20, quota=0, seed=page_size) as store:
        run = GetOrders(store, database)
        ids = [order["id"] for order in store.orders()]
        for number in range(12):
            changes = [
                {"method": "POST", "path": "orders", "body": {"status_id": 11, "lines": [{"quantity": number + 1}]}},
                {"method": "POST", "path": f"orders/{ids[-1 - number]}", "body": {"status_id": 10 - number % 3}},
                {"method": "POST", "path": f"orders/{ids[number]}/refunds", "body": {}},
                {"method": "DELETE", "path": f"orders/{ids[30 + number]}"},
            ]
            store.fault("change", nth=2 + number, changes=changes)
        run(page_size=page_size, readers=readers, **EVERYTHING)
        run(page_size=page_size, readers=readers, **EVERYTHING)
        store.clear_faults()
        run(page_size=page_size, readers=readers, **EVERYTHING)
        assert_nothing_lost(store, database)


@pytest.mark.parametrize("seconds", [-120, 120])
def test_a_store_whose_clock_is_two_minutes_apart_loses_nothing(shop: Shop, seconds: int) -> None:
    shop.wait(seconds)
    known, other = shop.place(3600), shop.place(7200)
    shop.run(**EVERYTHING)
    shop.store.patch_order(known, status_id=2)
    shop.store.refund_order(other)
    new = shop.place(0)
    shop.run(**EVERYTHING)
    assert shop.statuses() == {known: 2, other: 4, new: 11}
    assert_nothing_lost(shop.store, shop.database)


def test_an_order_modified_in_the_very_second_of_the_watermark_is_read(shop: Shop) -> None:
    order, unknown = shop.place(), shop.place(status_id=0)
    shop.run(overlap_minutes=0)
    moment = rfc2822(int(shop.watermark.timestamp()))
    shop.store.patch_order(order, status_id=2, date_modified=moment)
    shop.store.patch_order(unknown, status_id=9, date_modified=moment)
    shop.wait(600)
    shop.run(overlap_minutes=0)
    assert shop.statuses() == {order: 2, unknown: 9}


def test_an_order_that_shows_up_late_is_found_by_the_overlap_or_by_the_daily_complete_read(shop: Shop) -> None:
    early = shop.place(3600, id=5000)
    shop.run()
    little_late, very_late = shop.place(180, id=4000), shop.place(2 * 3600, id=3000)
    shop.run()
    assert set(shop.statuses()) == {early, little_late}
    shop.wait(23 * 3600)
    shop.run()
    assert very_late not in shop.statuses()
    shop.wait(3600)
    shop.run()
    assert set(shop.statuses()) == {early, little_late, very_late}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"statuses": [11]}, {"statuses": [11, 9]}),
        ({"statuses": [11, 9], "created_within_days": 5}, {"statuses": [9, 11], "created_within_days": 20}),
        ({"store_channel_id": 2}, {}),
        ({"store_channel_id": 2}, {"store_channel_id": 1}),
    ],
    ids=["statuses", "age", "all sales channels", "another sales channel"],
)
def test_wider_filters_read_the_whole_creation_window(
    shop: Shop, before: dict[str, Any], after: dict[str, Any]
) -> None:
    order = shop.place(10 * DAY, status_id=9)
    shop.run(**before)
    shop.asked()
    shop.run(**before)
    assert not [query for query in shop.asked() if "min_date_created" in query]
    assert shop.statuses() == {}
    shop.run(**after)
    assert [query for query in shop.asked() if "min_date_created" in query]
    assert shop.statuses() == {order: 9}
    shop.run(**after)
    assert not [query for query in shop.asked() if "min_date_created" in query]


def test_narrower_filters_read_no_more_and_keep_what_is_known(shop: Shop) -> None:
    order = shop.place(10 * DAY, status_id=9)
    shop.run()
    shop.asked()
    shop.store.patch_order(order, status_id=5)
    shop.run(statuses=[11], created_within_days=2)
    assert not [query for query in shop.asked() if "min_date_created" in query]
    assert shop.statuses() == {order: 5}


def test_a_run_with_filters_a_window_or_ids_of_its_own_leaves_the_watermark(shop: Shop) -> None:
    old, recent = shop.place(90 * DAY, status_id=5), shop.place(3600)
    shop.run()
    before = shop.database.rows("select * from ops.watermark")
    shop.wait(60)
    shop.run(params={"statuses": [5]})
    shop.run(params={"created_within_days": 400})
    shop.run(params={"order_ids": [recent]})
    assert old not in shop.statuses()
    window = {"created_from": (shop.watermark - timedelta(days=91)).isoformat(), "statuses": [5]}
    shop.run(params=window)
    assert shop.statuses() == {old: 5, recent: 11}
    shop.run(params={"dry_run": True})
    assert shop.database.rows("select * from ops.watermark") == before
    shop.run(params={"page_size": 7})
    assert shop.watermark > before[0]["store_time"]


def test_a_window_of_creation_includes_its_start_and_not_its_end(shop: Shop) -> None:
    numbers = [
        shop.place(status_id=11, date_created=f"Mon, 02 Feb 2026 {clock} +0000")
        for clock in ("07:59:59", "08:00:00", "08:59:59", "09:00:00")
    ]
    shop.run(params={"created_from": "2026-02-02T09:00:00+01:00", "created_to": "2026-02-02T09:00:00"})
    assert set(shop.statuses()) == set(numbers[1:3])


def test_chosen_orders_come_whatever_else_the_store_has(shop: Shop) -> None:
    numbers = [shop.place(60 * number, id=100 + 40 * number) for number in range(1, 9)]
    shop.run(params={"order_ids": [str(numbers[6]), f"{numbers[2]}, {numbers[3]}", 999_999]}, page_size=100)
    assert set(shop.statuses()) == {numbers[2], numbers[3], numbers[6]}
    assert len(shop.asked()) == 3


def test_an_outage_of_forty_days_loses_no_order(shop: Shop) -> None:
    known = shop.place(20 * DAY)
    shop.run()
    shop.wait(40 * DAY)
    missed = [shop.place((40 - day) * DAY - 60) for day in range(40)]
    just_before = shop.place(40 * DAY + 29 * DAY)
    shop.run()
    assert set(shop.statuses()) == {known, just_before, *missed}
    shop.wait(60)
    too_old = shop.place(30 * DAY + 120, date_modified=shop.ago(0))
    shop.run()
    assert shop.left_out() == {too_old: "too_old"}


def test_a_channel_whose_connection_leads_to_another_store_is_refused(shop: Shop) -> None:
    order = shop.place(status_id=9)
    shop.run()
    with SandboxProcess(products=1, orders=20, quota=0, store_hash="another") as another:
        with pytest.raises(RunStopped, match="another"):
            GetOrders(another, shop.database)(run_id="moved")
        GetOrders(another, shop.database)(channel="second", run_id="second")
    assert shop.statuses() == {order: 9}


def test_orders_cost_a_request_a_page(order_store: SandboxProcess, database: Database) -> None:
    order_store.forget_requests()
    GetOrders(order_store, database)(**EVERYTHING, page_size=20, readers=1)
    routes = order_store.requests_by_route()
    lists = sum(routes["GET /v2/orders"].values())
    assert lists <= math.ceil(300 / 20) + 1
    assert order_store.request_count() <= math.ceil(300 / 20) + 2 + 5
    order_store.forget_requests()
    GetOrders(order_store, database)(run_id="again", **EVERYTHING, page_size=20)
    assert order_store.request_count() <= 5


def test_a_refund_of_a_year_old_order_is_followed(shop: Shop) -> None:
    known, unknown = shop.place(360 * DAY), shop.place(370 * DAY)
    shop.run(created_within_days=365)
    shop.wait(3600)
    for order in (known, unknown):
        shop.store.refund_order(order, items=[{"item_type": "ORDER", "requested_amount": 2.5}], touch=False)
    shop.run(created_within_days=365)
    assert str(shop.refunded(known)) == "2.5"
    assert not shop.database.rows("select 1 from core.refund where order_id = %s", unknown)
    shop.wait(3600)
    shop.run(params={"order_ids": [unknown], "created_within_days": 1000})
    assert str(shop.refunded(unknown)) == "2.5"


def test_an_older_version_never_replaces_a_newer_one_whichever_is_loaded_first(shop: Shop) -> None:
    order = shop.place(3600)
    window = (datetime.now(UTC) - timedelta(days=2), datetime.now(UTC))
    shop.run(run_id="slow", backfill=window, tasks=EXTRACT)
    shop.store.patch_order(order, status_id=2, items_shipped=1)
    shop.run()
    shop.run(run_id="slow", backfill=window, tasks=REST)
    assert shop.statuses() == {order: 2}
    shop.store.patch_order(order, status_id=9, date_modified=shop.ago(1800))
    shop.run(params={"order_ids": [order]})
    assert shop.statuses() == {order: 2}
    history = shop.database.rows("select status_id from mart.order_status_history order by changed_at")
    assert [row["status_id"] for row in history] == [2]


def test_of_two_versions_of_the_same_second_the_one_fetched_later_stays(shop: Shop) -> None:
    order = shop.place(3600)
    window = (datetime.now(UTC) - timedelta(days=2), datetime.now(UTC))
    shop.run(run_id="slow", backfill=window, tasks=EXTRACT)
    shop.store.patch_order(order, items_shipped=1, touch=False)
    shop.run()
    shop.run(run_id="slow", backfill=window, tasks=REST)
    assert shop.database.value("select items_shipped from mart.orders") == 1


@pytest.mark.parametrize("change", ["status", "refund"])
def test_what_became_of_an_old_order_while_its_backfill_was_under_way_is_followed(shop: Shop, change: str) -> None:
    order = shop.place(90 * DAY)
    shop.run()
    now = datetime.now(UTC)
    window = (now - timedelta(days=100), now - timedelta(days=80))
    shop.run(run_id="slow", backfill=window, tasks=EXTRACT)
    if change == "status":
        shop.store.patch_order(order, status_id=2)
    else:
        shop.store.refund_order(order)
    shop.wait(1800)
    shop.run()
    shop.wait(1800)
    shop.run(run_id="slow", backfill=window, tasks=REST)
    shop.run()
    assert shop.statuses() == {order: 2 if change == "status" else 4}
    assert change == "status" or shop.refunded(order) == 10


@pytest.mark.parametrize("what", ["order", "refund"])
def test_what_could_not_be_read_is_tried_again_by_the_next_run(shop: Shop, what: str) -> None:
    order = shop.place(3600)
    shop.run()
    shop.wait(60)
    shop.store.refund_order(order, items=[{"item_type": "ORDER", "requested_amount": 2.5}])
    shop.wait(600)
    field = {"order": '"total_inc_tax":"10', "refund": '"total_amount":2.5'}[what]
    shop.store.fault(
        "replace", replacements={field: field.replace("10", "x").replace("2.5", '"x"').encode().hex()},
        route="/v2/orders" if what == "order" else "/v3/orders/payment_actions/refunds", method="GET",
    )  # fmt: skip
    assert shop.run().failed == (1 if what == "order" else 0)
    assert shop.database.value("select entity from mart.problems where open") == what
    shop.store.clear_faults()
    shop.wait(3600)
    shop.run()
    assert not shop.database.rows("select entity from mart.problems where open")
    assert (shop.statuses(), str(shop.refunded(order))) == ({order: 14}, "2.5")


def test_a_dry_run_writes_nothing_but_its_row_and_explains_orders(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    fits, status, old = shop.place(), shop.place(status_id=5), shop.place(90 * DAY)
    incomplete, archived = shop.place(status_id=0), shop.place(is_deleted=True)
    with caplog.at_level(logging.INFO):
        shop.run(params={"dry_run": True, "order_ids": [fits, status, old, incomplete, archived, 77_777]})
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("order ")]
    reasons = ("imported", "its status is not among", "created before", "never completed", "deleted (archived)")
    for order, reason in zip((fits, status, old, incomplete, archived), reasons, strict=True):
        assert any(line.startswith(f"order {order}:") and reason in line for line in said), (order, said)
    assert "order 77777: the store has no such order" in said
    shop.run(params={"dry_run": True})
    for table in ("core.sales_order", "core.order_item", "core.order_left_out", "core.order_status_change",
                  "core.order_contact", "raw.sales_order", "ops.problem", "ops.watermark"):  # fmt: skip
        assert shop.database.value(f"select count(*) from {table}") == 0, table
    assert shop.database.value("select count(*) from ops.run") == 2
