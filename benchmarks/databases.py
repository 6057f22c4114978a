"""The databases that are measured: each fresh, on the embedded Postgres of the checkout."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import psycopg
from psycopg import sql
from sqlalchemy import create_engine

from stack.postgres import EmbeddedPostgres
from storekeeper.warehouse.database import Warehouse

# The ledger has one sum for all tasks of a run. It is written once a task, after the step that the task has reached was
# noted, so that a trigger can tell the tasks apart, and measuring asks nothing of the product.
TELL_TASKS_APART = """
create schema benchmark;
create table benchmark.spent (run_id text, step text, seconds numeric);
create function benchmark.note() returns trigger language plpgsql as $$
begin
    insert into benchmark.spent values (new.run_id, new.step, new.work_seconds - old.work_seconds);
    return null;
end $$;
create trigger note after update of work_seconds on ops.run for each row execute function benchmark.note();
"""
STEP_OF_STATE = {"extracted": "extract", "transformed": "transform", "loaded": "load"}


def fresh_database(server: EmbeddedPostgres, name: str) -> str:
    """The URI of an empty database; the one that had the name before is gone."""
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    server.create_database(name)
    return server.uri(name)


def fresh_warehouse(server: EmbeddedPostgres, name: str = "benchmark") -> str:
    """The URI of a warehouse with its schema and nothing in it, which notes what each task of a run has spent."""
    uri = fresh_database(server, name)
    warehouse = open_warehouse(uri)
    warehouse.prepare()
    warehouse.close()
    with psycopg.connect(uri) as connection:
        connection.execute(TELL_TASKS_APART)
    return uri


def open_warehouse(uri: str) -> Warehouse:
    """The warehouse as the hook opens it, without Airflow."""
    connect = partial(psycopg.connect, uri)
    return Warehouse(create_engine("postgresql+psycopg://", creator=connect, pool_size=5, max_overflow=20))


def settle(server: EmbeddedPostgres) -> None:
    """Write out what is due, so that nobody pays for who was measured before."""
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        connection.execute("checkpoint")


def read_spent(uri: str, run_id: str) -> tuple[dict[str, float], int]:
    """What a run has cost by the ledger: seconds of each step, and requests.

    :raises RuntimeError: the steps do not add up to what ``mart.runs`` says, or the run is no success.
    """
    with psycopg.connect(uri) as connection:
        rows = connection.execute(
            "select step, sum(seconds) from benchmark.spent where run_id = %s group by step", (run_id,)
        ).fetchall()
        run = connection.execute(
            "select state, work_seconds, requests from mart.runs where run_id = %s", (run_id,)
        ).fetchone()
    steps: dict[str, Decimal] = {STEP_OF_STATE[step]: seconds for step, seconds in rows}
    if run is None or run[0] != "success" or sum(steps.values()) != run[1]:
        raise RuntimeError(f"run {run_id!r}: mart.runs has {run}, the tasks noted {steps}")
    return {step: float(seconds) for step, seconds in steps.items()}, int(run[2])


def check_read(uri: str, expected: Sequence[int | None]) -> None:
    """Each run has looked at all there is: a quick pull of half of it would be no figure.

    :param expected: what each run has read by the ledger, in their order; None: whatever it found.
    :raises RuntimeError: one has not.
    """
    with psycopg.connect(uri) as connection:
        rows = connection.execute("select run_id, state, read from mart.runs order by started_at").fetchall()
    right = len(rows) == len(expected) and all(
        state == "success" and number in (read, None) for (_, state, read), number in zip(rows, expected, strict=True)
    )
    if not right:
        raise RuntimeError(f"runs that should have read {expected} left {rows} in mart.runs")


def rows_written(uri: str, schema: str) -> int:
    """Rows that were ever inserted, updated or deleted in a schema, rolled back ones included."""
    with psycopg.connect(uri, autocommit=True) as connection:
        # A backend reports what it did when it ends at the latest.
        until = time.monotonic() + 10
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        while connection.execute(f"{others} and backend_type = 'client backend'").fetchall() != [(0,)]:
            if time.monotonic() > until:
                raise RuntimeError("somebody is still connected to the warehouse that is measured")
            time.sleep(0.05)
        row = connection.execute(
            "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where schemaname = %s", (schema,)
        ).fetchone()
        return int(row[0]) if row else 0
