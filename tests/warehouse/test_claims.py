"""The claim on a store: who takes it over says so of the run that held it, and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from storekeeper.outcomes import ClaimLost, Counts
from storekeeper.warehouse.claim import Claim, Terms
from storekeeper.warehouse.database import Warehouse
from storekeeper.warehouse.runs import Run, succeed
from tests.databases import Database

STORE = "abc123"
TERMS = Terms(wait=5, lease=30, heartbeat=10, call=0)


@pytest.fixture
def warehouse(database: Database) -> Iterator[Warehouse]:
    opened = database.warehouse()
    yield opened
    opened.close()


def begin(warehouse: Warehouse, run_id: str) -> Run:
    return Run.begin(warehouse, channel="shop", operation="sync_listings", run_id=run_id)


def die(database: Database, run: Run) -> None:
    """The run holds the claim and has given no sign of life for an hour."""
    database.run("insert into ops.claim (store_hash) values (%s) on conflict do nothing", STORE)
    database.run(
        "update ops.claim set epoch = epoch + 1, run_no = %s, attempt = %s, lease_seconds = 30,"
        " beat_at = now() - interval '1 hour', calling_since = null",
        run.run_no,
        run.attempt,
    )


def row(database: Database, run_id: str) -> dict[str, Any]:
    return database.row(
        "select state, message, finished_at is not null as finished from mart.runs where run_id = %s", run_id
    )


def test_a_run_that_was_killed_has_failed_once_it_is_taken_over(database: Database, warehouse: Warehouse) -> None:
    die(database, begin(warehouse, "killed"))
    with Claim.held(begin(warehouse, "successor"), STORE, TERMS):
        found = row(database, "killed")
        assert (found["state"], found["finished"]) == ("failed", True)
        assert found["message"].startswith("It gave no sign of life; another run took over the writing.")
        assert row(database, "successor") == {"state": "running", "message": None, "finished": False}


def test_a_retry_takes_its_own_run_over_and_goes_on(database: Database, warehouse: Warehouse) -> None:
    die(database, begin(warehouse, "killed"))
    with Claim.held(begin(warehouse, "killed"), STORE, TERMS):
        assert row(database, "killed") == {"state": "running", "message": None, "finished": False}


def test_a_retry_that_waits_is_not_taken_for_dead(database: Database, warehouse: Warehouse) -> None:
    die(database, begin(warehouse, "killed"))
    begin(warehouse, "killed")
    with Claim.held(begin(warehouse, "successor"), STORE, TERMS):
        assert row(database, "killed")["state"] == "running"


def test_a_run_that_has_ended_keeps_its_word(database: Database, warehouse: Warehouse) -> None:
    run = begin(warehouse, "ended")
    die(database, run)
    run.fail("load: AccessLost: as it said itself")
    with Claim.held(begin(warehouse, "successor"), STORE, TERMS):
        assert row(database, "ended")["message"] == "load: AccessLost: as it said itself"


def test_a_run_whose_row_is_locked_is_not_waited_for(database: Database, warehouse: Warehouse) -> None:
    stalled = begin(warehouse, "stalled")
    die(database, stalled)
    with stalled.transaction(), Claim.held(begin(warehouse, "successor"), STORE, TERMS):
        assert row(database, "stalled")["state"] == "running"


def test_one_that_wakes_at_the_very_end_is_told_and_does_not_succeed(database: Database, warehouse: Warehouse) -> None:
    stalled = begin(warehouse, "stalled")

    def work() -> None:
        with Claim.held(stalled, STORE, TERMS):
            database.run("update ops.claim set beat_at = now() - interval '1 hour'")
            with Claim.held(begin(warehouse, "successor"), STORE, TERMS):
                pass
        with stalled.transaction() as session:
            succeed(session, stalled, Counts())

    with pytest.raises(ClaimLost):
        work()
    assert row(database, "stalled")["state"] == "failed"
