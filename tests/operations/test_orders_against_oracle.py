"""Get Orders held to an oracle that knows nothing of how it is made: every mart, every row, every field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from tests.databases import Database
from tests.operations.conftest import GetOrders, Import
from tests.operations.order_oracle import (
    ALL_STATUSES,
    BACKFILLED,
    COLUMNS,
    KEYS,
    Memory,
    Pull,
    Tables,
    differences,
    lines_of,
    moment,
)

CHICAGO = "America/Chicago"


def marts(database: Database, channel: str = "shop") -> Tables:
    """What the warehouse shows of a channel."""
    return {
        name: {
            tuple(row[part] for part in key) if len(key) > 1 else row[key[0]]: row
            for row in database.rows(f"select {', '.join(COLUMNS[name])} from mart.{name} where channel = %s", channel)
        }
        for name, key in KEYS.items()
    }


class Comparison:
    """Pulls, and says what the marts show otherwise than the oracle."""

    def __init__(self, store: SandboxProcess, database: Database) -> None:
        self.store = store
        self.database = database
        self.run = GetOrders(store, database)
        self.memory = Memory()
        self.zone = CHICAGO

    def first(self, **settings: Any) -> Tables:
        self.run(**settings)
        days = settings.get("created_within_days", 30)
        statuses = settings.get("statuses", Pull.first(self.as_of).statuses)
        channel = settings.get("store_channel_id")
        return self._compare(Pull.first(self.as_of, tuple(statuses), days, sales_channel=channel))

    def next(self, **settings: Any) -> Tables:
        last = self.watermark
        self.run(**settings)
        return self._compare(Pull.next(last, self.as_of))

    def backfill(self, start: datetime, end: datetime, statuses: tuple[int, ...] = BACKFILLED) -> Tables:
        self.run(backfill=(start, end), backfill_statuses=list(statuses))
        return self._compare(Pull.backfill(start, end, statuses))

    @property
    def as_of(self) -> datetime:
        """The store's clock when the last run began."""
        moment: datetime = self.database.value("select store_time from ops.run order by run_no desc limit 1")
        return moment

    @property
    def watermark(self) -> datetime:
        moment: datetime = self.database.value("select store_time from ops.watermark where operation = 'get_orders'")
        return moment

    def shown(self, *, listings: bool = False) -> Tables:
        """The marts, which are the oracle's."""
        got = marts(self.database)
        found = differences(self.memory.tables(self.store.dump(), self.zone, listings=listings), got)
        assert not found, f"{len(found)} differences:\n" + "\n".join(found[:25])
        return got

    def _compare(self, pull: Pull) -> Tables:
        self.memory.pull(self.store.dump(), pull)
        return self.shown()


@pytest.fixture
def compare(order_store: SandboxProcess, database: Database) -> Comparison:
    return Comparison(order_store, database)


def test_a_first_run_brings_the_last_thirty_days(compare: Comparison) -> None:
    got = compare.first()
    assert 100 < len(got["orders"]) < 200
    assert {row["reason"] for row in got["orders_not_imported"].values()} >= {"incomplete", "status_not_in_list"}
    assert len(got["refunds"]) > 3
    assert len({row["currency"] for row in got["daily_sales"].values()}) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"statuses": list(ALL_STATUSES), "created_within_days": 365},
        {"statuses": [4, 14], "created_within_days": 45},
        {"statuses": [0, 5, 6], "created_within_days": 7},
        {"statuses": [11], "created_within_days": 1},
        {"store_channel_id": 2, "created_within_days": 60},
        {"page_size": 7, "readers": 3},
    ],
    ids=["everything", "refunded", "no sales", "one day", "another sales channel", "small pages"],
)
def test_other_settings_bring_other_orders(compare: Comparison, settings: dict[str, Any]) -> None:
    assert compare.first(**settings)["orders"]


def test_a_backfill_of_the_whole_period_brings_every_completed_order(compare: Comparison) -> None:
    now = datetime.now(UTC)
    got = compare.backfill(now - timedelta(days=365), now + timedelta(days=1))
    statuses = {row["status_id"] for row in got["orders"].values()}
    assert statuses == set(ALL_STATUSES) - {0}
    assert len(got["orders"]) + len(got["orders_not_imported"]) == 300


def test_a_backfill_of_chosen_statuses_brings_those(compare: Comparison) -> None:
    now = datetime.now(UTC)
    got = compare.backfill(now - timedelta(days=50), now - timedelta(days=20), statuses=(0, 4, 5))
    assert {row["status_id"] for row in got["orders"].values()} == {0, 4, 5}


def edit(store: SandboxProcess, memory: Memory) -> None:
    """What happens in a store while nobody looks: old and new orders, known and unknown ones."""
    known, unknown = [], []
    for order in store.orders():
        (known if order["id"] in memory.orders else unknown).append(order)
    for orders in (known, unknown):
        kinds = iter(range(len(orders)))
        for order, kind in zip(orders, kinds, strict=True):
            number, lines = order["id"], list(lines_of(order))
            match kind % 12:
                case 0:
                    store.patch_order(number, status_id=5)
                case 1:
                    store.patch_order(number, status_id=10)
                case 2 if any(line["quantity"] > line["quantity_refunded"] for line in lines):
                    store.refund_order(number)
                case 3 if any(line["quantity"] > line["quantity_refunded"] for line in lines):
                    line = next(line for line in lines if line["quantity"] > line["quantity_refunded"])
                    store.refund_order(number, items=[{"item_id": line["id"], "quantity": 1}])
                case 4 if order["consignments"]["shipping"] and order["status_id"] == 11:
                    store.ship_order(number)
                case 5 if order["consignments"]["shipping"]:
                    order["consignments"]["shipping"][0]["line_items"].pop()
                    store.patch_order(number, consignments=order["consignments"], total_inc_tax="1.2345")
                case 6:
                    store.patch_order(number, is_deleted=True)
                case 7:
                    store.delete_order(number)
                case 8:
                    money = {"discount_amount": "-3.0300", "coupon_discount": "0.1000", "total_inc_tax": "1e1"}
                    store.patch_order(number, **money)
                case 9:
                    store.refund_order(number, items=[{"item_type": "ORDER", "requested_amount": 0.07}])
    store.rename_status(10, "Done")
    store.place_order(status_id=9, lines=[{"quantity": 3}, {"consignment": "pickup"}, {"type": "digital"}])
    store.place_order(status_id=6, lines=[{"quantity": 1}])
    store.place_order(status_id=11, lines=[{"name": "Repair", "price_inc_tax": "0.0050"}], default_currency_code="EUR")


def test_known_orders_follow_the_store_and_unknown_ones_come_or_stay_out(compare: Comparison) -> None:
    before = compare.first()
    edit(compare.store, compare.memory)
    after = compare.next()
    assert len(after["refunds"]) > len(before["refunds"]) + 10
    assert "too_old" in {row["reason"] for row in after["orders_not_imported"].values()}
    assert compare.next() == after


def test_a_backfill_after_many_edits_shows_the_store_as_it_is(compare: Comparison) -> None:
    now = datetime.now(UTC)
    compare.backfill(now - timedelta(days=365), now + timedelta(days=1))
    edit(compare.store, compare.memory)
    compare.backfill(now - timedelta(days=365), now + timedelta(days=1))


def test_lines_find_the_master_skus_of_the_listings(compare: Comparison) -> None:
    compare.first()
    Import(compare.store, compare.database)()
    got = compare.shown(listings=True)
    found = [row for row in got["order_items"].values() if row["master_sku"] is not None]
    assert len(found) > 100
    assert any(row["master_sku"] is None for row in got["order_items"].values())


def zone_orders() -> Iterator[tuple[str, str]]:
    """Moments around the changes of 2026 to and from summer time in Chicago and Berlin, and around their midnights."""
    for day in ("2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"):
        midnight = datetime.fromisoformat(f"{day}T00:00:00+00:00")
        for hour in range(-26, 34):
            for second in (-1, 0):
                created = midnight + timedelta(hours=hour, seconds=second)
                yield f"{created:%a, %d %b %Y %H:%M:%S +0000}", ("USD", "EUR", "JPY")[hour % 3]


@pytest.mark.parametrize("zone", [CHICAGO, "Europe/Berlin", "UTC", "Asia/Kathmandu"])
def test_daily_sales_count_the_stores_own_days_across_summer_time(database: Database, zone: str) -> None:
    with SandboxProcess(products=1, quota=0) as store:
        store.configure(timezone=zone)
        compare = Comparison(store, database)
        compare.zone = zone
        for number, (created, currency) in enumerate(zone_orders(), 1):
            store.place_order(
                id=number,
                date_created=created,
                date_modified=created,
                default_currency_code=currency,
                status_id=(11, 5, 2, 0, 10, 6, 4)[number % 7],
                lines=[{"quantity": 1 + number % 3, "price_inc_tax": f"{number}.0{number % 10}05"}],
                discount_amount=f"{number % 5}.1000",
            )
            if number % 11 == 0:
                store.refund_order(number, items=[{"item_type": "ORDER", "requested_amount": 0.1}])
        got = compare.backfill(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        days = {key[0] for key in got["daily_sales"]}
        assert len(days) >= 12
        assert moment("Sun, 08 Mar 2026 07:59:59 +0000") in {row["created_at"] for row in got["orders"].values()}
