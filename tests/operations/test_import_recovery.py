"""What a run survives that single faults do not show: faults upon faults, and other people's rows."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.operations import import_listings
from storekeeper.operations.step import Step
from storekeeper.settings import Channel
from storekeeper.warehouse.runs import Run
from tests.databases import Database
from tests.operations.conftest import Import, store_client
from tests.operations.edges import at_statement, dies

PRODUCTS = "/v3/catalog/products"


class Tasks:
    """The tasks of one run, each tried when asked."""

    def __init__(self, store: SandboxProcess, database: Database, **params: Any) -> None:
        self._store = store
        self._params = params
        self._warehouse = database.warehouse()
        self._channel = Channel.model_validate({"channel": "shop"})

    def step(self) -> Step:
        run = Run.begin(self._warehouse, channel="shop", operation="import_listings", run_id="broken")
        settings = self._channel.import_listings
        return Step(run, self._channel, settings, self._params, lambda: store_client(self._store))

    def __call__(self, task: str) -> dict[str, Any]:
        step = self.step()
        try:
            return import_listings.STEPS[task](step)
        finally:
            step.close()


def crash(database: Database) -> None:
    """What a crash of the server does to unlogged tables."""
    for row in database.rows("select tablename from pg_tables where schemaname = 'staging'"):
        database.run(f"truncate staging.{row['tablename']}")


def die_in_transform(task: Tasks, database: Database) -> None:
    """The transform begins again, and its worker is killed before it has read anything."""
    with at_statement(database, "import_listings/read_payloads", dies), pytest.raises(KeyboardInterrupt):
        task("transform")


@pytest.mark.parametrize("begun", [False, True])
def test_a_load_that_pulled_again_and_died_is_not_taken_for_done(
    store: SandboxProcess, database: Database, begun: bool
) -> None:
    task = Tasks(store, database)
    task("extract")
    task("transform")
    crash(database)
    task("extract")  # as the load does by itself, before it dies
    if begun:
        die_in_transform(task, database)
    assert task("load")["created"] > 300


def test_a_transform_begun_again_and_killed_is_not_taken_for_done(store: SandboxProcess, database: Database) -> None:
    task = Tasks(store, database)
    task("extract")
    task("transform")
    die_in_transform(task, database)
    assert task("load")["created"] > 300


def test_a_pull_of_chosen_skus_goes_on_after_what_it_had_staged(store: SandboxProcess, database: Database) -> None:
    product = next(each for each in store.products() if each["variants"][0]["sku"])
    task = Tasks(store, database, skus=[product["variants"][0]["sku"]])
    task("extract")
    run_no = database.value("select run_no from ops.run")
    database.run(f"delete from staging.step_{run_no} where step = 'extracted'")  # killed just before
    task("extract")
    task("transform")
    assert task("load")["created"] == len(product["variants"])


def test_a_run_that_stalls_for_hours_keeps_no_other_waiting(database: Database) -> None:
    warehouse = database.warehouse()
    key = {"channel": "shop", "operation": "import_listings"}
    stalled = Run.begin(warehouse, **key, run_id="stalled")
    database.run("update ops.run set touched_at = now() - interval '2 hours'")
    with stalled.transaction():
        second = Run.begin(warehouse, **key, run_id="next")  # would wait for the row that the stalled one holds
    assert second.run_no != stalled.run_no
    Run.begin(warehouse, **key, run_id="third")
    assert database.value("select state from ops.run where run_id = 'stalled'") == "failed"
    warehouse.close()


def test_another_store_behind_the_connection_is_pulled_completely(
    store: SandboxProcess, database: Database, run_import: Import
) -> None:
    run_import(scope="changed")
    database.run("update ops.watermark set store_hash = 'another'")
    run_import(scope="changed")
    assert database.value("select count(*) from ops.run where complete") == 2
    run_import(scope="changed")
    assert database.value("select count(*) from ops.run where complete") == 2


def test_rows_that_others_made_without_a_product_are_released_with_a_problem(
    store: SandboxProcess, database: Database, run_import: Import
) -> None:
    variant = next(each for each in store.products() if each["variants"][0]["sku"])["variants"][0]
    database.run("insert into core.listing (channel, listing_key) values ('shop', 'theirs')")
    for sku, variant_id in (("OLD-1", variant["id"]), (variant["sku"], None)):
        database.run(
            "insert into core.listing_variant (channel, listing_key, master_sku, variant_id)"
            " values ('shop', 'theirs', %s, %s)",
            sku,
            variant_id,
        )
    for _ in range(2):
        assert run_import().read > 300


def test_stock_of_a_location_comes_in_though_the_product_has_not_changed(
    store: SandboxProcess, database: Database, run_import: Import
) -> None:
    product = next(
        each for each in store.products() if each["inventory_tracking"] == "variant" and each["variants"][0]["sku"]
    )
    variant = product["variants"][0]["id"]
    stock = {"location_id": 2, "variant_id": variant, "quantity": 41}
    found = "select channel_quantity from core.listing_variant where variant_id = %s"
    for scope in ("all", "changed"):
        run_import(location_id=2, scope=scope)
        stock["quantity"] += 7
        assert store.request("PUT", "/v3/inventory/adjustments/absolute", json={"items": [stock]}).status_code == 200
        # another system may count without the product being modified
        store.patch_product(product["id"], date_modified=product["date_modified"])
        run_import(location_id=2, scope=scope)
        assert database.value(found, variant) == stock["quantity"]
