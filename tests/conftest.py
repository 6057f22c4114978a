"""What all tests share: a Postgres server of their own, and a warehouse on it for each test."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from stack.postgres import EmbeddedPostgres
from tests.canaries import left_behind
from tests.databases import Database, ReusedDatabase, ThrowawayServer, WarehouseTemplate
from tests.effort import EFFORT

# How fast a shared machine draws examples says nothing of the product.
hypothesis.settings.register_profile(
    "here",
    deadline=None,
    max_examples=100 * EFFORT,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("here")

pytest_plugins = ["tests.progress"]


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
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server that only the tests of this process use, started for the first of them that needs one."""
    with ThrowawayServer("warehouses") as server:
        yield server


@pytest.fixture(scope="session")
def warehouse_template(postgres: EmbeddedPostgres) -> WarehouseTemplate:
    return WarehouseTemplate(postgres)


@pytest.fixture(scope="session")
def reused_database(warehouse_template: WarehouseTemplate) -> Iterator[ReusedDatabase]:
    reused = ReusedDatabase(warehouse_template)
    yield reused
    reused.close()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty warehouse with the schema in place.

    One database serves test after test and is emptied in between. A test that changes the schema is marked
    ``own_database``, and has a copy of the template to itself.
    """
    if request.node.get_closest_marker("own_database"):
        template: WarehouseTemplate = request.getfixturevalue("warehouse_template")
        with template.copied("own") as database:
            yield database
    else:
        reused: ReusedDatabase = request.getfixturevalue("reused_database")
        yield reused.take()
        reused.give_back()
