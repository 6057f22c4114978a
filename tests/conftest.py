"""What all tests share: the embedded Postgres, started for them and stopped if it did not run before."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import create_engine

from stack.places import database_home
from stack.postgres import EmbeddedPostgres
from storekeeper.warehouse.database import Warehouse
from tests.canaries import left_behind

# How fast a shared machine draws examples says nothing of the product.
hypothesis.settings.register_profile("here", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("here")

STARTED_HERE = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return  # the controller has started it
    server = EmbeddedPostgres(database_home())
    server.prepare()
    config.stash[STARTED_HERE] = not server.is_running()
    server.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(STARTED_HERE, False):
        EmbeddedPostgres(database_home()).stop()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Whatever the tests were about: no log and no database of Airflow's that they left shows a token or a shopper."""
    if hasattr(session.config, "workerinput"):
        return  # the controller looks when all are done
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
    files, shown = left_behind(factory.getbasetemp())
    if files:
        print(f"\nsearched for tokens and shoppers: {files} logs and databases that the tests left")
    if shown:
        print("\n".join(["\nTests left behind what must show nowhere:", *shown]))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def postgres() -> EmbeddedPostgres:
    return EmbeddedPostgres(database_home())


class Database:
    """A warehouse's database as a person with psql sees it."""

    def __init__(self, server: EmbeddedPostgres, name: str) -> None:
        self.name = name
        self.uri = server.uri(name)
        self._connection = psycopg.connect(self.uri, autocommit=True, row_factory=dict_row)

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
        return Warehouse(
            create_engine(
                "postgresql+psycopg://", creator=lambda: psycopg.connect(self.uri), pool_size=5, max_overflow=20
            )
        )

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database with the schema in place; each test gets a copy."""
    name = f"test_template_{os.getpid()}"
    postgres.create_database(name)
    database = Database(postgres, name)
    warehouse = database.warehouse()
    warehouse.prepare()
    warehouse.close()
    database.close()
    yield name
    _drop(postgres, name)


@pytest.fixture
def database(postgres: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """A warehouse of its own, empty, with the schema in place."""
    name = f"test_{os.getpid()}"
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    opened = Database(postgres, name)
    yield opened
    opened.close()
    _drop(postgres, name)


def _drop(server: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
