"""A shopper's data leave the warehouse and do not come back; the figures stay; nobody learns who it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.operations.forget_shopper import Shopper, forget, read_shopper
from storekeeper.outcomes import SettingsError
from tests.databases import Database
from tests.operations.conftest import GetOrders, SyncOrders
from tests.operations.edges import at_statement, dies

EMAIL = "Ann.Canary@example.com"
BILLING = {
    "first_name": "Ann", "last_name": "Canary", "company": "", "street_1": "1 Canary Row", "street_2": "",
    "city": "Austin", "state": "Texas", "zip": "78701", "country": "United States", "country_iso2": "US",
    "phone": "555-0173", "email": EMAIL, "form_fields": [{"name": "Birthday", "value": "canary day"}],
}  # fmt: skip
PRIVATE = ("order_contact", "order_address", "order_text", "order_message")
FIGURES = (
    "select to_jsonb(o) - 'imported_at' - 'fetched_at' as row from core.sales_order o order by order_id",
    "select to_jsonb(i) as row from core.order_item i order by order_id, order_product_id",
    "select to_jsonb(d) as row from mart.daily_sales d order by day, currency",
)

Forget = Callable[..., dict[str, int]]


@pytest.fixture
def forget_shopper(database: Database) -> Forget:
    def run(kind: Any, key: str, channel: str = "*", run_id: str = "forget", **options: Any) -> dict[str, int]:
        warehouse = database.warehouse()
        try:
            return forget(warehouse, run_id, Shopper(channel, kind, key), **options)
        finally:
            warehouse.close()

    return run


@pytest.fixture
def order(order_store: SandboxProcess) -> dict[str, Any]:
    """An order of a shopper with an engraving."""
    engraving = {"display_name": "Engraving", "display_value": "canary love", "value": "canary love"}
    return order_store.place_order(
        customer_id=4711,
        billing_address=BILLING,
        customer_message="canary at the door",
        lines=[{"product_options": [{"id": 1, "type": "Text field", **engraving}]}],
    )


def private_rows(database: Database, order_id: int) -> int:
    return sum(database.value(f"select count(*) from core.{table} where order_id = %s", order_id) for table in PRIVATE)


def figures(database: Database) -> list[Any]:
    return [database.rows(query) for query in FIGURES]


@pytest.mark.parametrize(("kind", "key"), [("email", EMAIL.upper()), ("email", f" {EMAIL} "), ("customer_id", "4711")])
def test_personal_data_go_and_figures_stay(
    order: dict[str, Any], database: Database, run_orders: GetOrders, forget_shopper: Forget, kind: str, key: str
) -> None:
    run_orders()
    before, others = figures(database), database.value("select count(*) from core.order_contact")
    assert private_rows(database, order["id"]) >= 4
    done = forget_shopper(kind, key, "shop" if kind == "customer_id" else "*")
    assert done["orders"] == 1
    assert private_rows(database, order["id"]) == 0
    assert database.value("select count(*) from core.order_contact") == others - 1
    assert figures(database) == before


@pytest.mark.parametrize(("kind", "key"), [("email", EMAIL), ("customer_id", "4711")])
def test_neither_a_later_pull_nor_a_backfill_brings_them_back(
    order: dict[str, Any],
    order_store: SandboxProcess,
    database: Database,
    run_orders: GetOrders,
    forget_shopper: Forget,
    kind: str,
    key: str,
) -> None:
    run_orders()
    forget_shopper(kind, key, "shop")
    order_store.patch_order(order["id"], status_id=2, billing_address={**BILLING, "email": EMAIL.lower()})
    assert run_orders().updated == 1
    order_store.patch_order(order["id"], status_id=10)
    now = datetime.now(UTC)
    assert run_orders(backfill=(now - timedelta(days=2), now + timedelta(days=1))).updated == 1
    assert database.value("select status_id from core.sales_order where order_id = %s", order["id"]) == 10
    assert private_rows(database, order["id"]) == 0
    later = order_store.place_order(customer_id=4711, billing_address=BILLING)
    run_orders()
    assert database.value("select count(*) from core.sales_order where order_id = %s", later["id"]) == 1
    assert private_rows(database, later["id"]) == 0


def test_an_order_that_was_never_there_comes_in_without_them(
    order: dict[str, Any], database: Database, run_orders: GetOrders, forget_shopper: Forget
) -> None:
    assert forget_shopper("email", EMAIL) == {"orders": 0, "rows": 0}
    run_orders()
    assert database.value("select count(*) from core.order_item where order_id = %s", order["id"]) == 1
    assert private_rows(database, order["id"]) == 0


def test_in_the_orders_of_others_only_the_address_with_the_e_mail_goes(
    order_store: SandboxProcess, database: Database, run_orders: GetOrders, forget_shopper: Forget
) -> None:
    gift = order_store.place_order(customer_id=5, lines=[{"address": 1}, {"address": 2}])
    gift["consignments"]["shipping"][1]["email"] = EMAIL
    order_store.patch_order(gift["id"], consignments=gift["consignments"])
    run_orders()
    before = private_rows(database, gift["id"])
    assert forget_shopper("email", EMAIL) == {"orders": 1, "rows": 1}
    assert private_rows(database, gift["id"]) == before - 1
    order_store.patch_order(gift["id"], status_id=2)
    run_orders()
    assert private_rows(database, gift["id"]) == before - 1


def test_it_may_be_asked_for_again_and_each_time_is_kept_without_who_it_was(
    order: dict[str, Any], database: Database, run_orders: GetOrders, forget_shopper: Forget
) -> None:
    run_orders()
    first = forget_shopper("email", EMAIL, run_id="one")
    assert forget_shopper("email", EMAIL, run_id="two") == {"orders": 0, "rows": 0}
    kept = database.rows("select channel, kind, orders, rows from ops.erasure order by erasure_no")
    assert [(row["orders"], row["rows"]) for row in kept] == [(1, first["rows"]), (0, 0)]
    assert database.value("select count(*) from core.forgotten_shopper") == 1
    tables = database.rows(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname in ('raw', 'core', 'ops', 'staging')"
    )
    for table in tables:
        for row in database.rows(f"select t::text as said from {table['name']} t"):
            assert "canary" not in row["said"].lower(), table["name"]


def test_a_dry_run_says_how_much_there_is_and_erases_nothing(
    order: dict[str, Any], database: Database, run_orders: GetOrders, forget_shopper: Forget
) -> None:
    run_orders()
    before = private_rows(database, order["id"])
    assert forget_shopper("email", EMAIL, dry_run=True) == {"orders": 1, "rows": before}
    assert private_rows(database, order["id"]) == before
    assert database.value("select count(*) from core.forgotten_shopper") == 0
    assert forget_shopper("email", EMAIL)["orders"] == 1


def test_what_a_dead_run_has_staged_goes_too_and_its_repeat_pulls_again(
    order: dict[str, Any],
    order_store: SandboxProcess,
    database: Database,
    run_orders: GetOrders,
    forget_shopper: Forget,
) -> None:
    with at_statement(database, "get_orders/read_refunds", dies), pytest.raises(KeyboardInterrupt):
        run_orders(run_id="dead")
    forget_shopper("email", EMAIL)
    staged = "select count(*) from pg_tables where schemaname = 'staging'"
    assert database.value(staged) == 0
    assert run_orders(run_id="dead").created > 0
    assert private_rows(database, order["id"]) == 0


def test_what_a_killed_run_has_staged_goes_too_though_nobody_has_heard_of_its_end(
    order: dict[str, Any],
    database: Database,
    run_orders: GetOrders,
    forget_shopper: Forget,
) -> None:
    run_orders(run_id="killed", tasks=("extract",))
    assert database.value("select state from ops.run where run_id = 'killed'") == "running"
    forget_shopper("email", EMAIL)
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0
    assert "shopper was forgotten" in database.value("select message from ops.run where run_id = 'killed'")
    assert run_orders(run_id="killed", tasks=("transform", "load")).created > 0
    assert private_rows(database, order["id"]) == 0


def test_what_a_killed_sync_of_shipments_has_staged_of_orders_goes_too(
    order: dict[str, Any],
    order_store: SandboxProcess,
    database: Database,
    run_orders: GetOrders,
    forget_shopper: Forget,
) -> None:
    run_orders()
    database.run("insert into core.shipment (channel, shipment_key, order_id) values ('shop', 'S', %s)", order["id"])
    sync = SyncOrders(order_store, database)
    sync(run_id="killed", params={"dry_run": True}, tasks=("extract",))
    staged = "select count(*) from pg_tables where schemaname = 'staging' and tablename like 'order_contact%%'"
    assert database.value(staged) == 1
    forget_shopper("email", EMAIL)
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0
    assert sync(run_id="killed", params={"dry_run": True}, tasks=("transform", "load")).skipped == 1
    assert private_rows(database, order["id"]) == 0


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "exactly one of the two"),
        ({"email": "a@b", "customer_id": 1, "channel": "shop"}, "exactly one of the two"),
        ({"email": "nobody"}, "with an @"),
        ({"email": "a@b", "channel": "nowhere"}, r"is no channel \(got 'nowhere'; there are \['shop'\]\)"),
        ({"customer_id": 3, "channel": "ann@example.com"}, r"is no channel \(got an e-mail address; there are"),
        ({"customer_id": 3}, "each store counts its own"),
        ({"customer_id": "x3", "channel": "shop"}, "whole number above 0"),
        ({"customer_id": "0", "channel": "shop"}, "whole number above 0"),
    ],
)
def test_who_it_is_must_be_clear(params: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        read_shopper(params, {"shop"})
    assert "ann@" not in str(caught.value)


def test_what_shows_a_shopper_does_not_show_who_it_is() -> None:
    assert EMAIL not in repr(read_shopper({"email": EMAIL}, {"shop"}))
