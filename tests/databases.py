"""Postgres for tests: a server of their own that nobody else uses, and warehouses on it that are quick to come by.

Nothing here touches the server of the checkout, which may hold a warehouse that somebody works with.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from typing import Any, Self

import psutil
import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import create_engine

from stack.places import throwaway_homes
from stack.postgres import EmbeddedPostgres
from storekeeper.warehouse.database import Warehouse

THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_size": "'256MB'",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
}
"""Only the server is made to crash, never the machine: nothing need reach the disk, and a copy takes milliseconds.

That what is committed survives a crash is tested in ``tests/stack/test_embedded_postgres.py``, with the defaults.
"""

MAX_USES = 40
"""After so many tests a warehouse is copied anew: what they created and dropped has made its catalog large."""

NOT_OURS = "('pg_catalog', 'information_schema', 'pg_toast', 'staging')"

SCHEMA_FINGERPRINT = f"""
    select md5(concat_ws('|',
        (select string_agg(
            concat_ws(' ', c.oid, c.relname, c.relnatts, c.relowner, c.relacl::text, c.reloptions::text), ','
            order by c.oid)
         from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
         where n.nspname not in {NOT_OURS} and n.nspname !~ '^pg_'),
        (select string_agg(concat_ws(' ', a.attrelid, a.attnum, a.attname, a.atttypid, a.attnotnull, a.atthasdef), ','
            order by a.attrelid, a.attnum)
         from pg_attribute as a inner join pg_class as c on a.attrelid = c.oid
         inner join pg_namespace as n on c.relnamespace = n.oid
         where c.relkind in ('r', 'v') and a.attnum > 0 and n.nspname not in {NOT_OURS} and n.nspname !~ '^pg_'),
        (select string_agg(concat_ws(' ', oid, tgname, tgenabled), ',' order by oid) from pg_trigger
         where not tgisinternal),
        (select string_agg(concat_ws(' ', oid, md5(prosrc), proacl::text), ',' order by oid) from pg_proc
         where oid >= 16384),
        (select string_agg(concat_ws(' ', oid, nspname, nspacl::text), ',' order by oid) from pg_namespace
         where nspname !~ '^pg_'),
        (select string_agg(concat_ws(' ', objoid, objsubid, md5(description)), ',' order by objoid, objsubid)
         from pg_description where objoid >= 16384),
        (select count(*) from pg_db_role_setting where setdatabase =
            (select oid from pg_database where datname = current_database()))
    ))
"""
"""What a test must leave as it found it, unless it has a database of its own."""

TABLES = f"""
    select c.oid::regclass::text as name, n.nspname = 'staging' as staged, pg_relation_size(c.oid) > 0 as written
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind = 'r' and (n.nspname not in {NOT_OURS} or n.nspname = 'staging') and n.nspname !~ '^pg_'
"""

SEQUENCES = """
    select format('%I.%I', schemaname, sequencename) as name, last_value from pg_sequences where schemaname <> 'staging'
"""


class ThrowawayServer(EmbeddedPostgres):
    """A server with its data in a folder of this process's own, removed with it afterwards.

    :param purpose: tells the servers of one process apart.
    """

    def __init__(self, purpose: str) -> None:
        place = throwaway_homes()[0]
        super().__init__(place.with_name(f"{place.name}-{os.getpid()}-{purpose}"), THROWAWAY)

    def __enter__(self) -> Self:
        """Start it."""
        _remove_abandoned()
        self.start()
        with psycopg.connect(self.uri(), autocommit=True) as connection:
            # tests log in tens of thousands of times, and nobody guesses this server's password
            connection.execute("set scram_iterations = 1")
            connection.execute(sql.SQL("alter role postgres password {}").format(sql.Literal(self.password)))
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, and remove its data."""
        self.stop(at_once=True)
        shutil.rmtree(self.home, ignore_errors=True)


def _remove_abandoned() -> None:
    """Remove the servers of test runs that were killed."""
    for place in throwaway_homes():
        for left in place.parent.glob(f"{place.name}-*"):
            pid = left.name.removeprefix(f"{place.name}-").partition("-")[0]
            if pid.isdigit() and not psutil.pid_exists(int(pid)):
                EmbeddedPostgres(left).stop(at_once=True)
                shutil.rmtree(left, ignore_errors=True)


class Database:
    """A warehouse's database as a person with psql sees it."""

    def __init__(self, server: EmbeddedPostgres, name: str) -> None:
        self.name = name
        self.uri = server.uri(name)
        self._connection = psycopg.connect(self.uri, autocommit=True, row_factory=dict_row)
        # one for all that is opened here: what an engine asks a server at its first connection, it asks once
        self.engine = create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(self.uri), pool_size=5, max_overflow=20
        )

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return self._connection.execute(query, values or None).fetchall()

    def row(self, query: str, *values: Any) -> dict[str, Any]:
        (row,) = self.rows(query, *values)
        return row

    def value(self, query: str, *values: Any) -> Any:
        (value,) = self.row(query, *values).values()
        return value

    def run(self, statement: str, *values: Any) -> None:
        self._connection.execute(statement, values or None)

    def wait_until_alone(self, seconds: float = 10) -> None:
        """Wait until nobody else is connected."""
        until = time.monotonic() + seconds
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        while self.value(f"{others} and backend_type = 'client backend'"):
            assert time.monotonic() < until, "somebody else is still connected"
            time.sleep(0.02)

    def warehouse(self) -> Warehouse:
        """The product's own way into it."""
        return Warehouse(self.engine)

    def drop_pool(self) -> None:
        """Give back the connections of a warehouse that a test has left open."""
        self.engine.dispose()

    def close(self) -> None:
        self.drop_pool()
        self._connection.close()


class WarehouseTemplate:
    """A database with the schema in place and nothing in it but what the migrations put there, to be copied.

    :param server: where it and its copies are.
    """

    def __init__(self, server: EmbeddedPostgres, name: str = "warehouse_template") -> None:
        self._server = server
        self.name = name
        server.create_database(name)
        database = Database(server, name)
        warehouse = database.warehouse()
        warehouse.prepare()
        warehouse.close()
        self.seeds = {row["name"]: _content(database, row["name"]) for row in database.rows(TABLES) if row["written"]}
        self.sequences = {row["name"]: row["last_value"] for row in database.rows(SEQUENCES)}
        database.close()

    @contextlib.contextmanager
    def copied(self, name: str) -> Iterator[Database]:
        """A new database like it for the length of a block, in place of one of that name."""
        copy_database(self._server, self.name, name)
        database = Database(self._server, name)
        try:
            yield database
        finally:
            database.close()
            drop_database(self._server, name)


class ReusedDatabase:
    """One database for test after test; each finds it as if it were new."""

    def __init__(self, template: WarehouseTemplate) -> None:
        self._template = template
        self._open = contextlib.ExitStack()
        self._database: Database | None = None
        self._fingerprint = ""
        self._uses = 0

    def take(self) -> Database:
        """The database, empty."""
        if self._database is None or self._uses >= MAX_USES:
            self.close()
            self._database = self._open.enter_context(self._template.copied("reused"))
            self._fingerprint = self._database.value(SCHEMA_FINGERPRINT)
            self._uses = 0
        self._uses += 1
        return self._database

    def give_back(self) -> None:
        """Empty it.

        :raises AssertionError: the test left another schema behind.
        """
        assert self._database is not None
        self._database.drop_pool()  # else the next test would be given what is terminated here
        try:
            _empty(self._database, self._template)
            unchanged = self._database.value(SCHEMA_FINGERPRINT) == self._fingerprint
        except BaseException:
            self._uses = MAX_USES  # nobody knows what state it is in
            raise
        if not unchanged:
            self._uses = MAX_USES
        assert unchanged, "the test changed the schema: mark it with own_database"

    def close(self) -> None:
        """Remove it."""
        self._open.close()
        self._database = None


def _empty(database: Database, template: WarehouseTemplate) -> None:
    """Back to what the template holds."""
    database.run(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    found = database.rows(TABLES)
    staged = [row["name"] for row in found if row["staged"]]
    written = [row["name"] for row in found if row["written"] and not row["staged"]]
    written = [name for name in written if name not in template.seeds]
    statements = [f"drop table {name} cascade" for name in staged]
    if written:
        statements.append(f"truncate {', '.join(written)} cascade")
    for row in database.rows(SEQUENCES):
        before = template.sequences.get(row["name"])
        if row["last_value"] != before:
            restart = f"with {before + 1}" if before is not None else ""
            statements.append(f"alter sequence {row['name']} restart {restart}")
    if statements:
        database.run("; ".join(statements))
    for name, content in template.seeds.items():
        if _content(database, name) != content:
            database.run(f"truncate {name} cascade")
            database.run(f"insert into {name} select * from jsonb_populate_recordset(null::{name}, %s)", Jsonb(content))


def _content(database: Database, table: str) -> list[Any]:
    rows: list[Any] = database.value(f"select coalesce(jsonb_agg(t order by t::text), '[]') from {table} as t")
    return rows


def copy_database(server: EmbeddedPostgres, template: str, name: str) -> None:
    """Copy a database that nobody is connected to, in place of one of that name."""
    drop_database(server, name)
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def drop_database(server: EmbeddedPostgres, name: str) -> None:
    """Drop a database if it is there, whoever is connected."""
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
