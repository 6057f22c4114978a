"""Who may read what: an analyst the marts and nothing else, an engineer all but the salt; shown by asking Postgres."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import Database

PERSONAL = ("order_contact", "order_address", "order_text", "order_message")
OTHERS_WRITE = (
    "core.inventory_item",
    "core.listing",
    "core.listing_variant",
    "core.shipment",
    "core.shipment_item",
)
RELATIONS = """
    select n.nspname as schema, c.relname as name, format('%I.%I', n.nspname, c.relname) as relation
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind in ('r', 'v', 'm', 'p', 'S', 'f')
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_temp|^pg_toast_temp'
"""


@pytest.fixture
def analyst(database: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(database.uri, autocommit=True) as connection:
        connection.execute("set role analyst")
        yield connection


def test_an_analyst_reads_every_mart(database: Database, analyst: psycopg.Connection[tuple[object, ...]]) -> None:
    marts = [row["relation"] for row in database.rows(RELATIONS) if row["schema"] == "mart"]
    assert len(marts) >= 11
    for mart in marts:
        analyst.execute(f"select * from {mart}")  # type: ignore[arg-type]


def test_an_analyst_reads_and_writes_nothing_else(
    database: Database, analyst: psycopg.Connection[tuple[object, ...]]
) -> None:
    database.run("create unlogged table staging.pulled_order_1 (payload json)")
    others = [row["relation"] for row in database.rows(RELATIONS) if row["schema"] != "mart"]
    assert {f"core.{table}" for table in PERSONAL} | {"staging.pulled_order_1", "raw.sales_order"} < set(others)
    for relation in others:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute(f"select * from {relation}")  # type: ignore[arg-type]
    for row in database.rows(RELATIONS):
        for privilege in ("insert", "update", "delete", "truncate", "references", "trigger"):
            granted = "select has_table_privilege('analyst', %s, %s)"
            assert not database.value(granted, row["relation"], privilege), (row["relation"], privilege)
    for statement in ("create table mart.mine ()", "select core.shopper_hash('email', 'a@b')", "create schema mine"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute(statement)


def test_no_mart_has_a_column_of_personal_data(database: Database) -> None:
    private = {
        row["column_name"]
        for row in database.rows(
            "select column_name from information_schema.columns where table_schema = 'core' and table_name = any(%s)",
            list(PERSONAL),
        )
    }
    # names of columns that mean something else in the marts: a run's message, an order's status
    public = {"channel", "order_id", "order_product_id", "kind", "consignment_id", "country", "region", "name", "type"}
    public |= {"message", "status", "sent_at"}
    marts = database.rows("select table_name, column_name from information_schema.columns where table_schema = 'mart'")
    shown = {(row["table_name"], row["column_name"]) for row in marts}
    assert {each for each in shown if each[1] in private - public} == set()


def test_an_engineer_reads_everything_but_the_salt_and_writes_what_others_write(database: Database) -> None:
    may = "select has_table_privilege('engineer', %s, %s)"
    for row in database.rows(RELATIONS):
        if row["schema"] in ("raw", "core", "ops", "mart") and row["name"] not in ("shopper_salt",):
            if not row["name"].endswith("_seq"):
                assert database.value(may, row["relation"], "select"), row["relation"]
            written = row["relation"] in OTHERS_WRITE
            if not row["name"].endswith("_seq"):
                assert database.value(may, row["relation"], "update") == written, row["relation"]
    assert not database.value(may, "ops.shopper_salt", "select")


@pytest.mark.own_database
def test_who_may_write_shipments_need_read_nothing_else(database: Database) -> None:
    database.run("create role feeder_here")
    try:
        database.run("grant usage on schema core to feeder_here")
        database.run("grant select, insert, update, delete on core.shipment, core.shipment_item to feeder_here")
        database.run("grant usage on sequence core.shipment_version_seq to feeder_here")
        with psycopg.connect(database.uri, autocommit=True) as feeder:
            feeder.execute("set role feeder_here")
            feeder.execute("insert into core.shipment (channel, shipment_key, order_id) values ('shop', 'S', 1)")
            feeder.execute(
                "insert into core.shipment_item (channel, shipment_key, master_sku) values ('shop', 'S', 'A')"
            )
            feeder.execute("update core.shipment set channel = channel, shipment_key = 'T', carrier = 'UPS'")
            feeder.execute("update core.shipment_item set quantity = 2")
            feeder.execute("delete from core.shipment")
    finally:
        database.run("drop owned by feeder_here")
        database.run("drop role feeder_here")


def test_what_works_with_its_owners_rights_trusts_no_search_path(database: Database) -> None:
    """Whoever may write a table makes its triggers run as their owner: their names must not be theirs to choose."""
    functions = database.rows(
        "select p.proname as name, p.proconfig as settings, has_function_privilege('public', p.oid, 'execute') as free"
        " from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid"
        " where p.prosecdef and n.nspname in ('raw', 'core', 'ops', 'mart', 'staging')"
    )
    assert len(functions) >= 5
    for function in functions:
        assert function["settings"] == ['search_path=""'], function["name"]
        assert not function["free"], function["name"]
