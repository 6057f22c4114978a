"""What store and warehouse hold, in a form in which two runs can be compared row by row."""

from __future__ import annotations

from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg import sql

SCHEMAS = ("core", "raw", "ops")
VOLATILE = {
    "problem_no", "run_no", "attempt", "requests", "work_seconds", "message", "params", "push_no", "epoch", "adopted",
    "shipments_read_at", "version",
}  # fmt: skip
"""Columns that may differ between two runs that did the same; of a moment only whether there is one counts."""

TOLD = {"created_at", "modified_at", "shipped_at", "changed_at", "sent_at"}
"""Moments that the store tells: these must be equal."""

EARLY = {"ops.run", "ops.channel"}
"""Tables that an operation may write before its effect is committed."""

GIVEN = {"product_id", "variant_id", "images_sent", "store_shipment_id", "store_shipment_no", "payload", "content_hash"}
"""What the store gives to what is made in it: the order of making decides, so only whether there is one counts."""

SEEN = "core.order_status_change"
"""Statuses that orders were seen in: an attempt that ends early sees more of them."""

Table = list[str]
Warehouse = dict[str, Table]


def warehouse_state(uri: str, *, makes: bool = False) -> Warehouse:
    """Every row of every table, sorted; times as true or null, run numbers as the run's id.

    :param makes: the operation makes things in the store.
    """
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
        state = {name: _rows(connection, name, shown, GIVEN if makes else set()) for name, shown in columns.items()}
        state["staging"] = [
            row[0]
            for row in connection.execute("select tablename from pg_tables where schemaname = 'staging' order by 1")
        ]
    return state


def _rows(connection: psycopg.Connection[Any], name: str, columns: list[tuple[str, str]], given: set[str]) -> Table:
    shown = sql.SQL(", ").join(
        sql.SQL(_form(column, kind, given)).format(sql.Identifier(column)) for column, kind in columns
    )
    query = sql.SQL("select {} from {}").format(shown, sql.Identifier(*name.split(".")))
    if name == "ops.problem":  # a doubt that is over tells of an attempt, not of what became of it
        query += sql.SQL(" where open or reason <> 'unknown_outcome'")
    return sorted(msgspec.json.encode(row).decode() for row in connection.execute(query))


def _form(column: str, kind: str, given: set[str]) -> LiteralString:
    if column == "settled_version":
        return "({} = version)::text"  # a version's number is drawn, and which row draws first is no promise
    if column in given or (kind.startswith("timestamp") and (given or column not in TOLD)):
        return "{} is not null"
    return "trim_scale({})::text" if kind == "numeric" else "{}::text"  # 5.50 is 5.5


PUSHED = "ops.push"
"""What was sent: an attempt that does not know what became of a call leaves more rows of it than an undisturbed run."""


def store_state(dump: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Everything in the store, but for the moments of making and changing, and the ids of shipments."""
    state = {resource: [_timeless(record) for record in records] for resource, records in dump.items()}
    shipments = [{**record, "id": None} for record in state.get("shipment", [])]
    return {**state, "shipment": sorted(shipments, key=repr)}


MOMENTS = ("date_created", "date_modified", "date_shipped")


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: bool(each) if name in MOMENTS else _timeless(each) for name, each in value.items()}
    return [_timeless(each) for each in value] if isinstance(value, list) else value


def shown_to_shoppers(dump: dict[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    """Of each SKU what a shopper meets: price, stock, and whether its product shows; of an order, what was shipped."""
    shown: dict[str, tuple[Any, ...]] = {}
    for order in dump["order"]:
        sent = [each for each in dump["shipment"] if each["order_id"] == order["id"]]
        parcels = sorted((each["tracking_number"], repr(each["items"])) for each in sent)
        shown[f"order {order['id']}"] = (order["status_id"], *parcels)
    for product in dump["product"]:
        for variant in product["variants"]:
            price = product["price"] if variant["price"] is None else variant["price"]
            by_product = product["inventory_tracking"] == "product"
            level = product["inventory_level"] if by_product else variant["inventory_level"]
            looks = (product["is_visible"], product["availability"])
            shown[str(variant["sku"] or product["sku"])] = (price, level, *looks)
    return shown


def store_differences(expected: dict[str, list[Any]], found: dict[str, list[Any]]) -> list[str]:
    """What the store lacks and what it has too much, a few records of each kind."""
    said = []
    for resource in sorted(expected.keys() | found.keys()):
        wanted, there = expected.get(resource, []), found.get(resource, [])
        lost = [record for record in wanted if record not in there]
        extra = [record for record in there if record not in wanted]
        same = {record["id"]: record for record in extra if isinstance(record, dict) and "id" in record}
        for record in lost[:2]:
            other = same.get(record["id"], {}) if isinstance(record, dict) and "id" in record else {}
            shown = {name: value for name, value in record.items() if other.get(name) != value} if other else record
            said.append(f"  - {resource}: {str(shown)[:600]}")
            said += [f"  + {resource}: {str({name: other.get(name) for name in shown})[:600]}"] if other else []
        said += [f"  + {resource}: {str(record)[:600]}" for record in extra[:2] if not lost]
    return said


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
