"""Import Listings against a real store and a real warehouse: what it promises, beyond the oracle's values."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.bigcommerce.store_information import store_information
from storekeeper.operations import import_listings
from storekeeper.operations.step import Step
from storekeeper.outcomes import AccessLost, NotNow, PagingStuck, RunStopped, RunSuperseded
from storekeeper.settings import Channel
from storekeeper.warehouse.runs import Run
from tests.databases import Database
from tests.operations.conftest import QUICK, Import, store_client

CORE_WRITES = "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where schemaname = 'core'"
PRODUCTS = "/v3/catalog/products"


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All that an import decides, without what differs from run to run."""
    return {
        "listing": database.rows(
            "select to_jsonb(l) - 'first_seen' - 'last_seen' as row from core.listing l order by channel, listing_key"
        ),
        "variant": database.rows(
            "select to_jsonb(v) - 'synced_at' - 'observed_at' as row from core.listing_variant v"
            " order by channel, master_sku"
        ),
        "raw": database.rows(
            "select channel, product_id, content_hash, reflected from raw.product order by channel, product_id"
        ),
        "problem": database.rows(
            "select channel, entity, entity_key, reason, source from ops.problem where open order by 1, 2, 3, 4, 5"
        ),
    }


def an_ordinary_product(store: SandboxProcess) -> dict[str, Any]:
    """A visible product with one variant that has a SKU and a price of its own to tell changes by."""
    return next(
        product
        for product in store.products()
        if product["is_visible"] and len(product["variants"]) == 1 and product["variants"][0]["sku"]
    )


class TestWhatItCosts:
    def test_a_pull_asks_for_the_pages_needed_and_ten_more_at_most(
        self, store: SandboxProcess, run_import: Import
    ) -> None:
        store.forget_requests()
        run_import()
        assert store.request_count() <= 2 + 10

    def test_a_second_run_writes_nothing_in_core(self, run_import: Import, database: Database) -> None:
        first = run_import()
        database.wait_until_alone()  # a connection tells what it has written when it ends
        before = database.value(CORE_WRITES)
        second = run_import()
        assert first.created > 300
        assert second.read == first.read
        assert (second.created, second.updated, second.linked, second.unchanged) == (0, 0, 0, first.created)
        database.wait_until_alone()
        assert database.value(CORE_WRITES) == before

    def test_a_quota_is_never_overdrawn(self, store: SandboxProcess, run_import: Import) -> None:
        store.configure(quota=3, window_ms=400)
        try:
            run_import()
        finally:
            store.configure(quota=0, window_ms=30_000)
        assert not any("429" in statuses for statuses in store.requests_by_route().values())

    def test_a_429_is_survived(self, store: SandboxProcess, run_import: Import) -> None:
        store.fault("status", status=429, route=PRODUCTS, nth=2, without_rate_headers=True)
        assert run_import().created > 300


class TestBadInput:
    def test_a_wrong_token_stops_the_run_and_says_so(self, run_import: Import, database: Database) -> None:
        with pytest.raises(AccessLost, match="the access token is wrong or was revoked"):
            run_import(token="nobody-knows-this")
        assert database.value("select count(*) from core.listing") == 0

    def test_a_missing_scope_is_named_as_such(self, run_import: Import, store: SandboxProcess) -> None:
        store.add_token("reads-no-products", ["store_v2_information_read_only"])
        with pytest.raises(AccessLost, match="lacks the scope"):
            run_import(token="reads-no-products")

    def test_an_unknown_store_hash_is_named(self, store: SandboxProcess) -> None:
        with (
            StoreClient(store.root, "elsewhere", "sandbox-token", patience=QUICK) as client,
            pytest.raises(AccessLost, match="no store with the hash 'elsewhere'"),
        ):
            store_information(client)

    @pytest.mark.parametrize("kind", ["html", "garbage", "truncate", "reset"])
    def test_a_page_that_fails_once_is_asked_for_again(
        self, kind: str, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        store.fault(kind, route=PRODUCTS, nth=2)
        run_import()
        assert database.value("select count(*) from core.listing") > 290

    @pytest.mark.parametrize("kind", ["html", "garbage", "truncate", "reset"])
    def test_a_page_that_keeps_failing_fails_the_run_and_retires_nothing(
        self, kind: str, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import()
        before = contents(database)
        store.fault(kind, route=PRODUCTS, times=None)
        with pytest.raises(NotNow):
            run_import()
        store.clear_faults()
        assert contents(database) == before

    def test_a_product_without_a_name_is_a_problem_and_the_rest_comes_in(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        product = an_ordinary_product(store)
        store.patch_product(product["id"], name=None)
        counts = run_import()
        store.admin("violations", method="DELETE")  # the store was made to break its specification
        problem = database.row("select * from mart.problems where reason = 'invalid_record'")
        assert counts.failed == 1
        assert problem["entity_key"] == str(product["id"])
        assert "$.name" in problem["message"]
        assert "got null" in problem["message"]
        assert database.value("select count(*) from core.listing") >= 290

    def test_text_that_no_database_can_store_is_a_problem(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        store.patch_product(an_ordinary_product(store)["id"], description="a\x00b")
        run_import()
        assert database.value("select count(*) from mart.problems where reason = 'unstorable_text'") == 1

    def test_a_store_that_ignores_the_id_filter_is_noticed(self, database: Database) -> None:
        with SandboxProcess(products=1_100, clean=True, quota=0) as store:
            store.fault("deaf", parameters=["id:greater", "id:less"])
            with pytest.raises(PagingStuck, match="ignores the id filter"):
                Import(store, database)()
        assert database.value("select count(*) from core.listing") == 0

    def test_a_record_that_is_mended_closes_its_problem(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        product = an_ordinary_product(store)
        store.patch_product(product["id"], name=None)
        run_import()
        run_import()
        assert database.value("select count(*) from ops.problem where reason = 'invalid_record' and open") == 1
        store.patch_product(product["id"], name="A lamp again")
        run_import()
        store.admin("violations", method="DELETE")
        assert database.row(
            "select open, closed_at is not null as closed from ops.problem where reason = 'invalid_record'"
        ) == {
            "open": False,
            "closed": True,
        }
        assert database.value("select title from core.listing where product_id = %s", product["id"]) == "A lamp again"


class TestAnEmptyStore:
    @pytest.fixture
    def emptied(self, store: SandboxProcess) -> SandboxProcess:
        for product in store.products():
            store.delete_product(product["id"])
        return store

    def test_it_is_imported_as_empty(self, emptied: SandboxProcess, run_import: Import, database: Database) -> None:
        counts = run_import()
        assert counts.read == 0
        assert database.value("select state from mart.runs") == "success"

    def test_it_does_not_retire_a_whole_channel_unasked(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import()
        before = contents(database)
        for product in store.products():
            store.delete_product(product["id"])
        with pytest.raises(RunStopped, match=r"no longer has .* of .* listings .* confirm_large_change"):
            run_import()
        assert contents(database) == before
        run_import(confirm=True)
        assert database.value("select count(*) from core.listing where status <> 'not_listed'") == 0
        assert database.value("select count(*) from core.listing") > 290


class TestGuards:
    def test_a_changed_master_sku_does_not_rename_the_channel_unasked(
        self, run_import: Import, database: Database
    ) -> None:
        run_import(master_sku="sku")
        before = contents(database)
        with pytest.raises(RunStopped, match=r"would rename .* master SKUs .* confirm_large_change"):
            run_import(master_sku="upc")
        assert contents(database) == before

    def test_a_dry_run_writes_nothing_but_its_own_row(self, run_import: Import, database: Database) -> None:
        counts = run_import(dry_run=True)
        assert counts.created > 300
        assert contents(database) == {"listing": [], "variant": [], "raw": [], "problem": []}
        assert database.value("select count(*) from ops.channel") == 0
        assert database.row("select state, created, dry_run from mart.runs") == {
            "state": "success",
            "created": counts.created,
            "dry_run": True,
        }


class TestGone:
    def test_a_product_that_the_pages_left_out_but_a_confirming_read_finds_is_not_gone(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import()
        query = "include=variants,images,custom_fields&limit=250&sort=id&direction=asc"
        page = store.get(f"{PRODUCTS}?{query}")
        left_out = page["data"].pop(7)
        page["meta"]["pagination"] |= {"count": 249, "total": 249}
        store.fault("status", status=200, body=page, route=PRODUCTS, nth=1)
        store.forget_requests()
        counts = run_import()
        assert counts.unchanged > 300
        assert database.value("select status <> 'not_listed' from core.listing where product_id = %s", left_out["id"])
        assert store.requests_by_route()[f"GET {PRODUCTS}"] == {"200": 2}

    def test_a_deleted_product_is_not_listed_any_more_and_says_why(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import()
        product = an_ordinary_product(store)
        sku = product["variants"][0]["sku"]
        store.delete_product(product["id"])
        run_import()
        run_import()
        assert database.row(
            "select status, variant_id, in_sync from mart.listing_variants where master_sku = %s", sku
        ) == {
            "status": "not_listed",
            "variant_id": None,
            "in_sync": True,
        }
        assert database.rows("select reason, open from mart.problems where entity_key = %s", sku) == [
            {"reason": "gone_from_store", "open": True}
        ]

    def test_a_product_made_anew_takes_the_row_over_and_closes_the_problem(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import()
        product = an_ordinary_product(store)
        sku = product["variants"][0]["sku"]
        store.delete_product(product["id"])
        run_import()
        made = store.insert_product(name="Made anew", type="physical", weight=1, price=5, sku=sku)
        run_import()
        row = database.row(
            "select product_id, status, channel_price from mart.listing_variants where master_sku = %s", sku
        )
        assert row["product_id"] == made["id"]
        assert row["status"] == "listed"
        assert row["channel_price"] == 5
        assert database.rows("select open from mart.problems where entity_key = %s", sku) == [{"open": False}]

    def test_a_product_that_takes_a_gone_product_s_sku_belongs_to_one_listing(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import()
        single = [
            p for p in store.products() if len(p["variants"]) == 1 and p["variants"][0]["sku"] and p["is_visible"]
        ]
        gone, taker = single[0], single[1]
        store.delete_product(gone["id"])
        store.patch_product(taker["id"], sku=gone["variants"][0]["sku"])
        store.patch_variant(taker["id"], taker["variants"][0]["id"], sku=gone["variants"][0]["sku"])
        run_import()
        assert database.rows(
            "select listing_key, status from core.listing where product_id = %s or listing_key = %s order by 2",
            taker["id"],
            f"bc-{taker['id']}",
        ) == [
            {"listing_key": f"bc-{gone['id']}", "status": "listed"},
            {"listing_key": f"bc-{taker['id']}", "status": "not_listed"},
        ]

    def test_the_problem_of_a_product_that_never_came_in_closes_when_the_product_is_gone(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        sku = an_ordinary_product(store)["variants"][0]["sku"]
        twin = store.insert_product(name="A twin", type="physical", weight=1, price=5, sku=sku)
        run_import()
        source = f"product/{twin['id']}/%"
        assert database.value("select open from ops.problem where source like %s", source)
        store.delete_product(twin["id"])
        run_import()
        assert not database.value("select open from ops.problem where source like %s", source)
        assert database.value("select count(*) from raw.product where product_id = %s", twin["id"]) == 0


class TestOurOwnRows:
    def test_an_edit_of_ours_is_handled_although_the_store_has_not_changed(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import(mode="create_and_overwrite")
        product = an_ordinary_product(store)
        database.run("update core.listing set title = 'Ours' where product_id = %s", product["id"])
        counts = run_import(mode="create_and_overwrite")
        assert counts.overwritten == 1
        assert database.value("select title from core.listing where product_id = %s", product["id"]) == product["name"]

    def test_a_deleted_row_comes_back(self, store: SandboxProcess, run_import: Import, database: Database) -> None:
        run_import()
        before = contents(database)["variant"]
        product = an_ordinary_product(store)
        database.run("delete from core.listing where product_id = %s", product["id"])
        counts = run_import()
        assert counts.created == 1
        assert contents(database)["variant"] == before

    def test_a_renamed_brand_reaches_listings_whose_products_did_not_change(
        self, run_import: Import, database: Database
    ) -> None:
        run_import(mode="create_and_overwrite")
        brand = database.row("select brand_id, name from raw.brand join core.listing on brand = name limit 1")
        database.run("update raw.brand set name = 'Former name' where brand_id = %s", brand["brand_id"])
        database.run("update core.listing set brand = 'Former name' where brand = %s", brand["name"])
        run_import(mode="create_and_overwrite")
        assert database.value("select count(*) from core.listing where brand = 'Former name'") == 0


class TestNarrowedRuns:
    def test_chosen_skus_are_imported_and_nothing_else(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        sku = an_ordinary_product(store)["variants"][0]["sku"]
        store.forget_requests()
        counts = run_import(skus=(sku.lower(), "no-such-sku"))
        assert counts.created == 1
        assert database.rows("select master_sku from core.listing_variant") == [{"master_sku": sku}]
        assert store.request_count() <= 8

    def test_it_does_not_move_the_watermark_of_complete_pulls(self, run_import: Import, database: Database) -> None:
        run_import(skus=("no-such-sku",))
        assert database.value("select count(*) from ops.watermark") == 0
        run_import()
        assert database.value("select count(*) from ops.watermark") == 1


class TestLocations:
    def test_stock_is_that_of_the_channel_s_location(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import(location_id=2)
        at_location = {
            (item["identity"]["product_id"], item["identity"]["variant_id"]): item["available_to_sell"]
            for page in (1, 2)
            for item in store.get(f"/v3/inventory/locations/2/items?limit=1000&page={page}")["data"]
        }
        rows = database.rows(
            "select product_id, variant_id, quantity, channel_quantity from mart.listing_variants"
            " where quantity is not null"
        )
        assert {tracked_as for _, tracked_as in at_location} != {None}
        assert None in {tracked_as for _, tracked_as in at_location}
        for row in rows:
            by_product = at_location.get((row["product_id"], None))
            expected = at_location.get((row["product_id"], row["variant_id"]), by_product)
            assert row["quantity"] == row["channel_quantity"] == expected


def test_a_run_that_somebody_clears_begins_anew_with_the_parameters_it_has_now(
    store: SandboxProcess, database: Database, run_import: Import
) -> None:
    run_import(run_id="cleared", dry_run=True)
    assert database.value("select count(*) from core.listing") == 0
    before = store.request_count()
    assert run_import(run_id="cleared", mode="create_and_overwrite").created > 0
    assert store.request_count() > before
    assert database.row("select state, dry_run from mart.runs") == {"state": "success", "dry_run": False}
    store.patch_product(int(store.products()[0]["id"]), name="Renamed since")
    assert run_import(run_id="cleared", mode="create_and_overwrite").overwritten == 1


class TestSeveralAtOnce:
    """Airflow may run a task twice at once, or a run beside another."""

    @pytest.fixture
    def parts(self, store: SandboxProcess, database: Database) -> Callable[[str], tuple[Any, Any, Any]]:
        channel = Channel.model_validate({"channel": "shop"})
        warehouse = database.warehouse()

        def work(task: str, run_id: str) -> Any:
            run = Run.begin(warehouse, channel="shop", operation="import_listings", run_id=run_id)
            step = Step(run, channel, channel.import_listings, {}, lambda: store_client(store))
            try:
                return import_listings.STEPS[task](step)
            finally:
                step.close()

        def steps(run_id: str) -> tuple[Any, ...]:
            return tuple(partial(work, task, run_id) for task in import_listings.STEPS)

        return steps

    def test_an_extraction_goes_on_after_its_last_committed_page(
        self, store: SandboxProcess, parts: Any, database: Database, run_import: Import
    ) -> None:
        extract, transform, load = parts("interrupted")
        for attempt in range(QUICK.attempts):
            store.fault("reset", route=PRODUCTS, nth=2 + attempt)
        with pytest.raises(NotNow):
            extract()
        store.clear_faults()
        store.forget_requests()
        extract()
        transform()
        load()
        assert store.requests_by_route()[f"GET {PRODUCTS}"] == {"200": 2}
        interrupted = contents(database)
        database.run("truncate core.listing cascade; truncate raw.product; truncate ops.run cascade")
        run_import()
        assert contents(database) == interrupted

    def test_a_crash_of_the_database_after_the_pull_is_no_empty_store(
        self, parts: Any, database: Database, run_import: Import
    ) -> None:
        """A crash empties unlogged tables, and staging is unlogged."""
        run_import()
        before = contents(database)
        extract, transform, load = parts("crashed")
        extract()
        transform()
        for row in database.rows("select tablename from pg_tables where schemaname = 'staging'"):
            database.run(f"truncate staging.{row['tablename']}")
        load()
        assert contents(database) == before
        assert database.value("select read > 300 from mart.runs where run_id = 'crashed'")

    def test_a_load_repeated_says_what_the_first_one_did(self, parts: Any, database: Database) -> None:
        extract, transform, load = parts("once")
        extract()
        transform()
        first = load()
        before = contents(database)
        assert load() == first
        assert transform() == {"listings": 0, "variants": 0, "problems": 0}
        extract()
        assert contents(database) == before

    def test_a_stalled_task_cannot_write_after_its_retry_began(self, store: SandboxProcess, database: Database) -> None:
        channel = Channel.model_validate({"channel": "shop"})
        warehouse = database.warehouse()
        key = {"channel": "shop", "operation": "import_listings", "run_id": "twice"}
        stalled = Run.begin(warehouse, **key)
        Run.begin(warehouse, **key)
        with store_client(store) as client, pytest.raises(RunSuperseded):
            import_listings.extract(client, stalled, channel, channel.import_listings)
        assert store.request_count() == 0
        warehouse.close()

    def test_a_run_that_wakes_after_its_successor_overwrites_nothing(
        self, store: SandboxProcess, parts: Any, database: Database, run_import: Import
    ) -> None:
        extract, transform, load = parts("stalled")
        product = an_ordinary_product(store)
        extract()
        transform()
        store.patch_product(product["id"], name="The newer name", price=77)
        run_import()
        before = contents(database)
        load()
        assert contents(database) == before
        assert database.value("select title from core.listing where product_id = %s", product["id"]) == "The newer name"

    def test_two_runs_at_once_give_what_one_gives(
        self, store: SandboxProcess, database: Database, run_import: Import
    ) -> None:
        failures: list[BaseException] = []

        def run(run_id: str) -> None:
            try:
                run_import(run_id=run_id)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(name,)) for name in ("left", "right")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        both = contents(database)
        database.run("truncate core.listing cascade; truncate raw.product; truncate ops.run cascade")
        run_import()
        assert contents(database) == both

    def test_staging_of_loaded_runs_is_gone(self, run_import: Import, database: Database) -> None:
        run_import()
        assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0

    def test_a_run_that_died_without_a_word_does_not_look_running_for_ever(
        self, run_import: Import, database: Database
    ) -> None:
        warehouse = database.warehouse()
        Run.begin(warehouse, channel="shop", operation="import_listings", run_id="killed")
        warehouse.close()
        database.run("update ops.run set touched_at = now() - %s", timedelta(hours=1))
        run_import()
        assert database.value("select state from mart.runs where run_id = 'killed'") == "failed"


class TestObservations:
    def test_an_observation_older_than_a_confirmed_push_changes_nothing(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import()
        product = an_ordinary_product(store)
        variant = product["variants"][0]["id"]
        database.run(
            "update core.listing_variant set price = 9, synced_price = 9, channel_price = 9,"
            " synced_at = now() + '1 hour' where variant_id = %s",
            variant,
        )
        store.patch_product(product["id"], price=12345)
        run_import()
        assert database.value("select channel_price from core.listing_variant where variant_id = %s", variant) == 9
