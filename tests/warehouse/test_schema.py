"""The warehouse's schema: made by itself, safe to make twice and at once, and explained."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine

from stack.postgres import EmbeddedPostgres
from storekeeper.outcomes import WarehouseUnavailable
from storekeeper.warehouse.database import Warehouse
from storekeeper.warehouse.sql import SQL
from tests.databases import Database

# The columns that other people's scripts rely on.
INTERFACES = {
    "mart.listings": "channel listing_key product_id title status paused queued_action variants in_sync problems"
    " first_seen last_seen",
    "mart.listing_variants": "channel product_id variant_id master_sku sku upc mpn title options status paused price"
    " quantity channel_price channel_quantity in_sync drift linked last_synced_at",
    "mart.runs": "channel operation run_id state started_at finished_at read created updated unchanged skipped failed"
    " requests work_seconds",
    "mart.problems": "channel operation run_id entity entity_key reason message first_seen last_seen open",
    "mart.shipments": "channel order_id shipment_key store_shipment_id tracking_number carrier state pushed_at",
    "mart.sync_status": "channel master_sku in_sync reason",
    "mart.push_history": "channel operation run_id entity entity_key action state detail sent_at settled_at",
    "core.inventory_item": "master_sku quantity price updated_at",
    "core.listing": "channel listing_key title description type weight price brand categories images custom_fields"
    " status paused queued_action product_id",
    "core.listing_variant": "channel master_sku listing_key sku upc mpn options price quantity inventory_sku"
    " variant_id",
    "core.shipment": "channel shipment_key order_id tracking_number carrier shipping_method tracking_link shipped_at"
    " cancelled_at",
    "core.shipment_item": "channel shipment_key order_product_id master_sku quantity",
}


VERSIONS_OF_VIEWS = "select oid, xmin::text from pg_class where relnamespace = 'mart'::regnamespace order by oid"


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A database without any schema of ours."""
    postgres.create_database("test_empty")
    database = Database(postgres, "test_empty")
    yield database
    database.close()
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        connection.execute("drop database test_empty with (force)")


def test_many_workers_may_make_the_schema_at_once(empty: Database) -> None:
    failures: list[BaseException] = []

    def prepare() -> None:
        warehouse = empty.warehouse()
        try:
            warehouse.prepare()
        except BaseException as error:
            failures.append(error)
        finally:
            warehouse.close()

    workers = [threading.Thread(target=prepare) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    newest = max(file.stem for file in (SQL / "migrations").glob("*.sql"))
    assert empty.value("select version_num from ops.schema_version") == newest[:4]
    assert empty.value("select count(*) from ops.views_version") == 1


def test_a_schema_that_is_current_is_left_alone(database: Database) -> None:
    before = database.rows(VERSIONS_OF_VIEWS)
    warehouse = database.warehouse()
    warehouse.prepare()
    warehouse.close()
    assert database.rows(VERSIONS_OF_VIEWS) == before


@pytest.mark.own_database
def test_a_changed_view_is_made_anew(database: Database) -> None:
    database.run("update ops.views_version set hash = 'an older one'")
    database.run("comment on view mart.runs is 'stale'")
    warehouse = database.warehouse()
    warehouse.prepare()
    warehouse.close()
    assert database.value("select obj_description('mart.runs'::regclass)") != "stale"


@pytest.mark.parametrize("relation", INTERFACES)
def test_the_columns_that_others_rely_on_are_there(database: Database, relation: str) -> None:
    rows = database.rows("select attname from pg_attribute where attrelid = %s::regclass and attnum > 0", relation)
    assert set(INTERFACES[relation].split()) <= {row["attname"] for row in rows}


def test_every_mart_view_and_column_is_explained(database: Database) -> None:
    unexplained = database.rows(
        "select c.relname, a.attname from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
        " where c.relnamespace = 'mart'::regnamespace and c.relkind = 'v'"
        " and (obj_description(c.oid) is null or col_description(c.oid, a.attnum) is null)"
    )
    assert unexplained == []
    assert database.value("select count(*) from pg_views where schemaname = 'mart'") == 16


def test_a_row_needs_nothing_but_its_keys(database: Database) -> None:
    database.run("insert into core.listing (channel, listing_key) values ('shop', 'draft')")
    database.run("insert into core.listing_variant (channel, master_sku, listing_key) values ('shop', 'A', 'draft')")
    database.run("insert into core.inventory_item (master_sku) values ('a')")
    assert database.row("select status, paused, in_sync, variants from mart.listings") == {
        "status": "not_listed",
        "paused": False,
        "in_sync": True,
        "variants": 1,
    }
    assert database.row("select linked, price, quantity from mart.listing_variants") == {
        "linked": True,
        "price": None,
        "quantity": None,
    }


@pytest.mark.parametrize(
    ("table", "first", "second"),
    [
        ("core.listing_variant (channel, listing_key, master_sku)", "('s', 'k', 'abc')", "('s', 'k', 'ABC')"),
        ("core.inventory_item (master_sku)", "('abc')", "('Abc')"),
    ],
)
def test_letter_case_does_not_tell_two_skus_apart(database: Database, table: str, first: str, second: str) -> None:
    database.run("insert into core.listing (channel, listing_key) values ('s', 'k')")
    database.run(f"insert into {table} values {first}")
    with pytest.raises(psycopg.errors.UniqueViolation):
        database.run(f"insert into {table} values {second}")


def test_wanted_follows_the_item_through_the_channel_s_rules(database: Database) -> None:
    database.run(
        "insert into ops.channel (channel, connection_id, store_hash, currency_digits, rules) values"
        " ('s', 'c', 'h', 2, '{\"price_multiplier\": \"1.15\", \"safety_stock\": 3, \"max_quantity\": 10}')"
    )
    database.run("insert into core.listing (channel, listing_key, price) values ('s', 'k', 5)")
    database.run(
        "insert into core.listing_variant (channel, listing_key, master_sku, quantity, inventory_sku) values"
        " ('s', 'k', 'many', 1, null), ('s', 'k', 'few', 1, null), ('s', 'k', 'own', 7, null),"
        " ('s', 'k', 'x', 1, 'MANY')"
    )
    items = "insert into core.inventory_item (master_sku, quantity, price) values "
    database.run(items + "('Many', 50, 9.9), ('FEW', 2, null)")
    rows = database.rows("select master_sku, linked, price, quantity from core.wanted order by master_sku")
    assert [(row["master_sku"], row["linked"], float(row["price"]), row["quantity"]) for row in rows] == [
        ("few", True, 5, 0),
        ("many", True, 11.39, 10),
        ("own", False, 5, 7),
        ("x", True, 11.39, 10),
    ]


class TestAWarehouseThatIsNotThere:
    def test_one_that_is_down_is_named_with_its_mend(self) -> None:
        engine = create_engine("postgresql+psycopg://nobody:canary-password@127.0.0.1:1/nothing")
        with pytest.raises(WarehouseUnavailable, match="cannot be reached") as caught:
            Warehouse(engine).prepare()
        assert "canary-password" not in str(caught.value)

    def test_one_without_rights_says_which_are_needed(self, empty: Database) -> None:
        empty.run("drop role if exists test_reader")
        empty.run("create role test_reader login password 'reader'")
        try:
            uri = empty.uri.replace(empty.uri.split("//")[1].split("@")[0], "test_reader:reader")
            engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(uri))
            with pytest.raises(WarehouseUnavailable, match="grant the connection's role CREATE on the database"):
                Warehouse(engine).prepare()
            engine.dispose()
            assert empty.value("select count(*) from pg_namespace where nspname in ('raw', 'core', 'ops', 'mart')") == 0
        finally:
            empty.run("drop role test_reader")

    def test_a_wrong_password_says_so(self, empty: Database) -> None:
        empty.run("drop role if exists test_login")
        empty.run("create role test_login login password 'right'")
        try:
            uri = empty.uri.replace(empty.uri.split("//")[1].split("@")[0], "test_login:wrong")
            engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(uri))
            with pytest.raises(WarehouseUnavailable, match="correct login and password of the connection"):
                Warehouse(engine).prepare()
        finally:
            empty.run("drop role test_login")
