"""An attempt that stands still keeps nobody waiting: its retry cuts it off; the server ends what pauses too long."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from storekeeper.outcomes import RunSuperseded, WarehouseUnavailable
from storekeeper.warehouse.database import Session, Warehouse
from storekeeper.warehouse.runs import Run
from tests.databases import Database

KEY: dict[str, Any] = {"channel": "shop", "operation": "import_listings", "run_id": "stalled"}


def begin(warehouse: Warehouse, **changes: str) -> Run:
    return Run.begin(warehouse, **{**KEY, **changes})


def test_a_new_attempt_does_not_wait_for_one_that_stands_still_in_a_transaction(database: Database) -> None:
    stalled, retry = database.warehouse(), database.warehouse()
    run = begin(stalled)

    def stand_still() -> None:
        with run.transaction():
            second.append(begin(retry))  # would never return if it waited for the first

    second: list[Run] = []
    with pytest.raises(RunSuperseded, match="another attempt of run 'stalled' has taken over"):
        stand_still()
    assert second[0].attempt == run.attempt + 1
    assert database.value("select state from ops.run") == "running"
    with second[0].transaction() as session:
        assert session.row("runs/is_newest", run_no=run.run_no, attempt=second[0].attempt)["mine"]
    stalled.close()
    retry.close()


def test_a_new_attempt_cuts_off_its_own_run_only(database: Database) -> None:
    warehouse = database.warehouse()
    other = begin(warehouse, run_id="another")
    begin(warehouse)
    with other.transaction() as session:
        begin(warehouse)
        assert session.row("runs/is_newest", run_no=other.run_no, attempt=other.attempt)["mine"]
    warehouse.close()


def test_a_superseded_attempt_fails_nobody_s_run(database: Database) -> None:
    warehouse = database.warehouse()
    old = begin(warehouse)
    begin(warehouse)
    old.fail("it took too long")
    assert database.row("select state, message from ops.run") == {"state": "running", "message": None}
    warehouse.close()


def test_the_server_ends_a_transaction_that_pauses_too_long(database: Database) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database.uri))
    warehouse = Warehouse(engine, stall_seconds=0.2)
    run = begin(warehouse)

    def pause(transaction: AbstractContextManager[Session]) -> None:
        with transaction as session:
            time.sleep(0.5)
            session.run("runs/advance", run_no=run.run_no, step="extracted")

    for transaction in (run.transaction(), warehouse.transaction()):
        with pytest.raises(WarehouseUnavailable):
            pause(transaction)
    assert database.value("select step from ops.run") == "started"
    warehouse.close()
