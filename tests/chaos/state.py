"""What store and warehouse hold, in a form in which two runs can be compared row by row."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg
from psycopg import sql

SCHEMAS = ("core", "raw", "ops")
VOLATILE = {"problem_no", "run_no", "attempt", "requests", "work_seconds", "message", "params", "push_no", "epoch"}
"""Columns that may differ between two runs that did the same; of a moment only whether there is one counts."""

TOLD = {"created_at", "modified_at", "shipped_at", "changed_at", "sent_at"}
"""Moments that the store tells: these must be equal."""

EARLY = {"ops.run", "ops.channel"}
"""Tables that an operation may write before its effect is committed."""

Table = list[str]
Warehouse = dict[str, Table]


def warehouse_state(uri: str) -> Warehouse:
    """Every row of every table, sorted; times as true or null, run numbers as the run's id."""
    with psycopg.connect(uri, autocommit=True) as connection:
        columns: dict[str, list[tuple[str, str]]] = {}
        for schema, table, column, kind in connection.execute(
            "select c.table_schema, c.table_name, c.column_name, c.data_type from information_schema.columns as c"
            " inner join information_schema.tables as t using (table_schema, table_name)"
            " where table_schema = any(%s) and t.table_type = 'BASE TABLE'"
            " order by 1, 2, c.ordinal_position",
            (list(SCHEMAS),),
        ):
            if column not in VOLATILE:
                columns.setdefault(f"{schema}.{table}", []).append((column, kind))
        state = {name: _rows(connection, name, shown) for name, shown in columns.items()}
        state["staging"] = [
            row[0]
            for row in connection.execute("select tablename from pg_tables where schemaname = 'staging' order by 1")
        ]
    return state


def _rows(connection: psycopg.Connection[Any], name: str, columns: list[tuple[str, str]]) -> Table:
    shown = sql.SQL(", ").join(
        sql.SQL("{} is not null" if kind.startswith("timestamp") and column not in TOLD else "{}::text").format(
            sql.Identifier(column)
        )
        for column, kind in columns
    )
    query = sql.SQL("select {} from {}").format(shown, sql.Identifier(*name.split(".")))
    return sorted(msgspec.json.encode(row).decode() for row in connection.execute(query))


PUSHED = "ops.push"
"""What was sent: an attempt that does not know what became of a call leaves more rows of it than an undisturbed run."""


def store_state(dump: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Everything in the store, but for the moments at which it changed."""
    return {
        resource: [
            {name: value for name, value in record.items() if name != "date_modified"}
            if resource == "product"
            else record
            for record in records
        ]
        for resource, records in dump.items()
    }


def without(state: Warehouse, *tables: str) -> Warehouse:
    """The state without some tables."""
    return {name: rows for name, rows in state.items() if name not in tables}


def differences(expected: Warehouse, found: Warehouse) -> list[str]:
    """What is missing and what is too much, a few rows of each table."""
    said = []
    for name in sorted(expected.keys() | found.keys()):
        wanted, there = expected.get(name, []), found.get(name, [])
        if wanted == there:
            continue
        lost = [row for row in wanted if row not in there]
        extra = [row for row in there if row not in wanted]
        doubled = len(there) - len(set(there))
        said.append(f"{name}: {len(lost)} rows missing, {len(extra)} unexpected, {doubled} twice")
        said += [f"  - {row[:300]}" for row in lost[:2]] + [f"  + {row[:300]}" for row in extra[:2]]
    return said
