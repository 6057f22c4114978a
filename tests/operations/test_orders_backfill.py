"""Backfills of orders: any split of a period, in any order, repeated, beside a schedule, broken: the same tables."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.process import SandboxProcess
from storekeeper.outcomes import NotNow, Unknown
from tests.databases import Database
from tests.operations.conftest import GetOrders
from tests.operations.order_oracle import moment

UNTIL = datetime(2026, 6, 30, tzinfo=UTC)
DAYS = 20
START, END = UNTIL - timedelta(days=DAYS), UNTIL
PERIOD = (START, END)
SMALL = {"page_size": 7, "readers": 2}
EXTRACT, REST = ("extract",), ("transform", "load")

OF_THE_RUN = {
    "channel", "imported_at", "seen_at", "last_seen", "first_seen", "run_no", "fetched_at", "as_of", "problem_no",
    "closed_at",
}  # fmt: skip
TABLES = (
    "core.sales_order", "core.order_item", "core.order_consignment", "core.order_fee", "core.order_contact",
    "core.order_address", "core.order_text", "core.order_status_change", "core.refund", "core.refund_item",
    "core.order_left_out", "raw.sales_order", "ops.problem",
)  # fmt: skip


@pytest.fixture(scope="module")
def running_old_store() -> Iterator[SandboxProcess]:
    """Forty orders with all oddities, of twenty days that are long past."""
    options = {"orders": 40, "orders_days": DAYS, "orders_until": UNTIL.isoformat()}
    with SandboxProcess(products=8, seed=4, quota=0, **options) as store:
        first = store.orders()[0]
        store.place_order(id=7, date_created=first["date_created"], status_id=0)
        broken = store.place_order(date_created=first["date_created"], lines=[{"quantity": 2}, {"type": "digital"}])
        store.patch_order(broken["id"], total_inc_tax="a lot")
        store.snapshot()
        yield store


@pytest.fixture
def old_store(running_old_store: SandboxProcess) -> SandboxProcess:
    running_old_store.reset()
    running_old_store.clear_faults()
    return running_old_store


@pytest.fixture
def run(old_store: SandboxProcess, database: Database) -> GetOrders:
    return GetOrders(old_store, database)


def canonical(database: Database, channel: str) -> dict[str, list[str]]:
    """All that the warehouse holds of a channel's orders, but for when it came."""
    return {
        table: sorted(
            str({name: value for name, value in row.items() if name not in OF_THE_RUN})
            for row in database.rows(f"select * from {table} where channel = %s", channel)
        )
        for table in TABLES
    }


def orders_of(database: Database, channel: str = "shop") -> set[int]:
    rows = database.rows("select order_id from core.sales_order where channel = %s", channel)
    return {row["order_id"] for row in rows}


Interval = tuple[datetime, datetime]


@st.composite
def splits(draw: st.DrawFn, moments: list[datetime]) -> list[Interval]:
    """Intervals that cover the period, in any order, some of them twice, and some that overlap others."""
    cuts = draw(st.sets(st.sampled_from(moments), min_size=1, max_size=3))
    bounds = [START, *sorted(cuts), END]
    intervals = list(itertools.pairwise(bounds))
    more = draw(st.lists(st.tuples(st.sampled_from(bounds), st.sampled_from(moments)), max_size=2))
    intervals += [(min(pair), max(pair)) for pair in more if pair[0] != pair[1]]
    return draw(st.permutations(intervals))


def test_any_split_of_a_period_gives_the_same_tables_as_one_backfill(
    old_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    run(channel="whole", backfill=PERIOD, **SMALL)
    whole = canonical(database, "whole")
    assert len(whole["core.sales_order"]) > 30
    assert len(whole["core.order_left_out"]) >= 1
    assert len(whole["ops.problem"]) == 1
    assert whole["core.refund"]
    created = [moment(order["date_created"]) for order in old_store.orders()]
    ends = [each + timedelta(seconds=second) for each in created for second in (0, 1)]
    midnights = [START + timedelta(days=day) for day in range(1, DAYS)]
    moments = sorted({each for each in (*ends, *midnights) if START < each < END})
    numbers = itertools.count()

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(splits(moments))
    def same(intervals: list[Interval]) -> None:
        channel = f"split_{next(numbers)}"
        for interval in intervals:
            run(channel=channel, backfill=interval, **SMALL)
        assert canonical(database, channel) == whole, intervals

    same()


def test_daily_backfills_side_by_side_give_the_same_tables_as_one(
    old_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    run(channel="whole", backfill=PERIOD)
    days = [(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(DAYS)]
    random.Random(1).shuffle(days)
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda day: run(run_id=f"backfill {day[0]}", backfill=day), [*days, *days[:4]]):
            pass
    assert canonical(database, "shop") == canonical(database, "whole")


@pytest.mark.parametrize("order", ["backfill within", "schedule within", "at once"])
def test_a_backfill_beside_a_scheduled_run_gives_what_one_after_the_other_gives(
    old_store: SandboxProcess, run: GetOrders, database: Database, order: str
) -> None:
    now = datetime.now(UTC)
    scheduled = {"created_within_days": (now - START).days - 10, "statuses": [2, 10, 11, 14]}
    run(channel="one", **scheduled)
    run(channel="one", backfill=PERIOD, **scheduled)
    backfilled = {"run_id": "b", "backfill": PERIOD}
    match order:
        case "backfill within":
            run(run_id="s", tasks=EXTRACT, **scheduled)
            run(**backfilled, **scheduled)
            run(run_id="s", tasks=REST, **scheduled)
        case "schedule within":
            run(**backfilled, tasks=EXTRACT, **scheduled)
            run(run_id="s", **scheduled)
            run(**backfilled, tasks=REST, **scheduled)
        case "at once":
            with ThreadPoolExecutor(2) as pool:
                both = [pool.submit(run, **backfilled, **scheduled), pool.submit(run, run_id="s", **scheduled)]
                for each in both:
                    each.result()
    assert canonical(database, "shop") == canonical(database, "one")
    assert database.value("select count(*) from ops.watermark") == 2


def test_backfills_leave_the_watermark_where_it_is(run: GetOrders, database: Database) -> None:
    run(backfill=PERIOD)
    assert database.rows("select * from ops.watermark") == []
    run()
    before = database.rows("select * from ops.watermark")
    run(backfill=PERIOD)
    run(backfill=(END, datetime.now(UTC)))
    assert database.rows("select * from ops.watermark") == before


def test_an_order_created_at_the_start_is_in_and_one_created_at_the_end_is_out(
    old_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    def place(created: str) -> int:
        return int(old_store.place_order(date_created=f"Tue, 03 Feb 2026 {created} +0000", status_id=9)["id"])

    before, start, last, end = (place(clock) for clock in ("07:59:59", "08:00:00", "08:59:59", "09:00:00"))
    run(backfill=(datetime(2026, 2, 3, 8, tzinfo=UTC), datetime(2026, 2, 3, 9, tzinfo=UTC)))
    assert orders_of(database) == {start, last}
    assert database.rows("select 1 from core.order_left_out") == []
    run(backfill=(datetime(2026, 2, 3, 9, tzinfo=UTC), datetime(2026, 2, 3, 10, tzinfo=UTC)))
    assert orders_of(database) == {start, last, end}
    assert before not in orders_of(database)


def test_a_backfill_leaves_known_orders_of_other_days_as_they_are(
    old_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    order = old_store.place_order(date_created="Tue, 03 Feb 2026 09:00:00 +0000", status_id=9)["id"]
    run(backfill=(datetime(2026, 2, 3, 9, tzinfo=UTC), datetime(2026, 2, 3, 10, tzinfo=UTC)))
    old_store.patch_order(order, status_id=10)
    run(backfill=(datetime(2026, 2, 3, 8, tzinfo=UTC), datetime(2026, 2, 3, 9, tzinfo=UTC)))
    assert database.value("select status_id from mart.orders") == 9


def test_a_backfill_of_no_orders_ends_green(run: GetOrders, database: Database) -> None:
    counts = run(backfill=(START - timedelta(days=400), START - timedelta(days=399)))
    assert counts.as_dict() == dict.fromkeys(counts.as_dict(), 0)
    assert database.value("select state from mart.runs") == "success"
    assert orders_of(database) == set()


def test_a_backfill_that_is_cleared_and_run_again_takes_its_parameters_anew(run: GetOrders, database: Database) -> None:
    run(run_id="b", backfill=PERIOD, params={"backfill_statuses": [11]})
    first = orders_of(database)
    statuses = {row["status_id"] for row in database.rows("select status_id from mart.orders")}
    assert statuses == {11}
    run(run_id="b", backfill=PERIOD)
    assert orders_of(database) > first
    run(channel="whole", backfill=PERIOD)
    assert canonical(database, "shop") == canonical(database, "whole")


@pytest.mark.parametrize("failing", [2, 4, 6])
def test_a_page_that_fails_in_the_middle_costs_nothing_but_another_attempt(
    old_store: SandboxProcess, run: GetOrders, database: Database, failing: int
) -> None:
    run(channel="whole", backfill=PERIOD, **SMALL)
    old_store.fault("status", status=503, route="/v2/orders", nth=failing, times=50)
    with pytest.raises((NotNow, Unknown)):
        run(run_id="b", backfill=PERIOD, **SMALL)
    assert orders_of(database) == set()
    assert database.value("select state from mart.runs where channel = 'shop'") == "failed"
    old_store.clear_faults()
    old_store.forget_requests()
    run(run_id="b", backfill=PERIOD, **SMALL)
    assert canonical(database, "shop") == canonical(database, "whole")
    assert sum(old_store.requests_by_route()["GET /v2/orders"].values()) <= 8 - failing + 2


def test_refunds_that_fail_in_the_middle_come_with_the_next_attempt(
    old_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    run(channel="whole", backfill=PERIOD)
    old_store.fault("status", status=503, route="/v3/orders/payment_actions/refunds", times=50)
    with pytest.raises((NotNow, Unknown)):
        run(run_id="b", backfill=PERIOD)
    old_store.clear_faults()
    run(run_id="b", backfill=PERIOD)
    assert canonical(database, "shop") == canonical(database, "whole")


def test_orders_that_a_backfill_brought_follow_the_store_from_then_on(
    old_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    run(backfill=PERIOD)
    order = sorted(orders_of(database))[3]
    old_store.patch_order(order, status_id=5)
    run(created_within_days=1)
    assert database.value("select status_id from mart.orders where order_id = %s", order) == 5


def test_the_parameters_of_a_backfill_are_its_own(run: GetOrders, database: Database) -> None:
    settings: dict[str, Any] = {"statuses": [11], "created_within_days": 1}
    run(backfill=PERIOD, **settings)
    shown = {row["status_id"] for row in database.rows("select status_id from mart.orders")}
    assert {2, 5, 10, 11} <= shown
    assert 0 not in shown
