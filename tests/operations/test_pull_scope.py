"""A pull of what changed: fewer requests, the same rows; only a complete pull says that something is gone."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.process import SandboxProcess
from tests.databases import Database
from tests.operations.conftest import Import

PRODUCTS = "/v3/catalog/products"


def an_edit(store: SandboxProcess, product_id: int, **fields: Any) -> None:
    """By the store's own API, so that the store notes when."""
    answer = store.request("PUT", f"{PRODUCTS}/{product_id}", json=fields)
    assert answer.status_code == 200, answer.text


def ordinary(store: SandboxProcess, number: int = 0) -> Any:
    found = [each for each in store.products() if each["name"] and len(each["variants"]) > 1]
    return [each for each in found if all(variant["sku"] for variant in each["variants"])][number]


def pulled(store: SandboxProcess) -> int:
    return sum(store.requests_by_route().get(f"GET {PRODUCTS}", {}).values())


def title(database: Database, product_id: int) -> Any:
    return database.value("select title from core.listing where product_id = %s and channel = 'shop'", product_id)


@pytest.fixture
def run_changed(run_import: Import, store: SandboxProcess) -> Any:
    """Imports what changed; begins with a complete pull, the store's modifications of all time long ago."""
    run_import(mode="create_and_overwrite", scope="changed")
    store.forget_requests()
    return lambda **settings: run_import(**{"mode": "create_and_overwrite", "scope": "changed", **settings})


def test_the_first_pull_is_complete_and_the_next_asks_for_what_changed(
    store: SandboxProcess, database: Database, run_changed: Any
) -> None:
    assert database.value("select complete from ops.run")
    product = ordinary(store)
    an_edit(store, product["id"], name="A newer name")
    counts = run_changed()
    left_over = database.value("select count(*) from raw.product where reflected is null")
    assert title(database, product["id"]) == "A newer name"
    assert len(product["variants"]) <= counts.read < database.value("select count(*) from core.listing_variant") / 2
    assert store.request_count() - 1 == 3 + 1 + min(left_over, 1)  # the edit; what left problems is asked for by id


def test_a_pull_of_what_changed_leaves_what_a_complete_one_does(
    store: SandboxProcess, database: Database, run_changed: Any, run_import: Import
) -> None:
    run_import(channel="other", mode="create_and_overwrite")
    for number in range(6):
        product = ordinary(store, number)
        an_edit(store, product["id"], name=f"Name {number}", price=10 + number, is_visible=number % 2 == 0)
    variant = ordinary(store, 7)["variants"][0]
    store.request("PUT", "/v3/catalog/variants", json=[{"id": variant["id"], "price": 3.21}])
    created = {"name": "Made since", "type": "physical", "weight": 1, "price": 5, "sku": "SINCE-1"}
    assert store.request("POST", PRODUCTS, json=created).status_code == 200
    database.run(
        "update core.listing_variant set price = 71 where variant_id = %s", ordinary(store, 9)["variants"][0]["id"]
    )
    run_changed()
    run_import(channel="other", mode="create_and_overwrite")
    for table, volatile in (("listing", "first_seen, last_seen"), ("listing_variant", "synced_at, observed_at")):
        columns = [
            row["name"]
            for row in database.rows(
                "select column_name as name from information_schema.columns"
                " where table_schema = 'core' and table_name = %s",
                table,
            )
            if row["name"] not in (*volatile.split(", "), "channel")
        ]
        query = f"select {', '.join(columns)} from core.{table} where channel = %s order by {columns[0]}, {columns[1]}"
        assert database.rows(query, "shop") == database.rows(query, "other")


def test_only_a_complete_pull_notices_what_is_gone(
    store: SandboxProcess, database: Database, run_changed: Any, run_import: Import
) -> None:
    gone = ordinary(store)["id"]
    store.request("DELETE", f"{PRODUCTS}?id:in={gone}")
    run_changed()
    assert database.value("select status from core.listing where product_id = %s", gone) == "listed"
    run_import(mode="create_and_overwrite")
    key = f"bc-{gone}"
    assert database.value("select status from core.listing where listing_key = %s", key) == "not_listed"


def test_chosen_skus_do_not_retire_a_product_either(
    store: SandboxProcess, database: Database, run_import: Import
) -> None:
    run_import()
    product = ordinary(store)
    store.delete_product(product["id"])
    run_import(skus=(product["variants"][0]["sku"],))
    assert database.value("select status from core.listing where product_id = %s", product["id"]) == "listed"


def test_our_own_edit_is_handled_although_the_store_has_not_changed(
    store: SandboxProcess, database: Database, run_changed: Any
) -> None:
    product = ordinary(store)
    database.run("update core.listing set title = 'Ours' where product_id = %s", product["id"])
    run_changed()
    assert title(database, product["id"]) == product["name"]


def test_other_settings_handle_every_product_again(store: SandboxProcess, database: Database, run_changed: Any) -> None:
    assert run_changed(overwrite={"title": "skip"}).read > 300
    assert database.value("select count(*) from ops.run where complete") == 1


def test_after_so_many_hours_the_pull_is_complete(store: SandboxProcess, database: Database, run_changed: Any) -> None:
    database.run("update ops.watermark set value = value - interval '5 hours'")
    run_changed(complete_every_hours=6)
    assert database.value("select count(*) from ops.run where complete") == 1
    run_changed(complete_every_hours=5)
    assert database.value("select count(*) from ops.run where complete") == 2


def test_a_renamed_brand_makes_the_pull_complete(store: SandboxProcess, database: Database, run_changed: Any) -> None:
    brand = database.row("select brand_id, name from raw.brand order by brand_id limit 1")
    database.run("update raw.brand set name = 'As it was' where brand_id = %s", brand["brand_id"])
    database.run("update core.listing set brand = 'As it was' where brand = %s", brand["name"])
    run_changed()
    assert database.value("select count(*) from core.listing where brand = 'As it was'") == 0
    assert database.value("select count(*) from ops.run where complete") == 2


def test_a_narrowed_run_does_not_hide_a_renamed_brand_from_the_next(
    store: SandboxProcess, database: Database, run_import: Import
) -> None:
    run_import(mode="create_and_overwrite")
    database.run("update raw.brand set name = 'As it was'")
    database.run("update core.listing set brand = 'As it was' where brand is not null")
    database.run("update raw.product set reflected = p.reflected from raw.product as p where p.reflected is not null")
    run_import(mode="create_and_overwrite", skus=("no-such-sku",))
    run_import(mode="create_and_overwrite")
    assert database.value("select count(*) from core.listing where brand = 'As it was'") == 0


@pytest.mark.parametrize("offset", [-7200, 7200])
def test_a_store_whose_clock_is_wrong_loses_no_change(
    store: SandboxProcess, database: Database, run_import: Import, offset: int
) -> None:
    store.configure(clock_offset_seconds=offset)
    run_import(mode="create_and_overwrite", scope="changed")
    product = ordinary(store)
    an_edit(store, product["id"], name="A newer name")
    run_import(mode="create_and_overwrite", scope="changed")
    assert title(database, product["id"]) == "A newer name"


def test_a_dry_run_moves_no_watermark(
    store: SandboxProcess, database: Database, run_changed: Any, run_import: Import
) -> None:
    product = ordinary(store)
    an_edit(store, product["id"], name="A newer name")
    before = database.row("select * from ops.watermark")
    run_import(mode="create_and_overwrite", scope="changed", dry_run=True)
    run_import(mode="create_and_overwrite", skus=("no-such-sku",))
    assert database.row("select * from ops.watermark") == before
    run_changed()
    assert title(database, product["id"]) == "A newer name"
    after = database.row("select * from ops.watermark")
    assert after["value"] == before["value"]
    assert after["store_time"] >= before["store_time"]
