"""``docs/tables.md``, from the comments that the database itself holds; what no comment can say stands here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import class_row
from sqlalchemy import create_engine

from docs.papers import CannotBeWritten
from docs.papers.markdown import table
from stack.places import database_home
from stack.postgres import EmbeddedPostgres
from storekeeper.warehouse.database import Warehouse

WRITABLE = ("core.inventory_item", "core.listing", "core.listing_variant")
"""What others than Storekeeper may write."""

NOT_OURS = "ops.schema_version"  # Alembic makes it

INTRODUCTION = r"""# Tables and views

Written by `make docs` from the database's own comments; do not edit. In psql, `\d+ mart.listings` shows them.

`mart` is for reading. Of `core`, some tables are for others to write. `raw`, `ops` and `staging` are Storekeeper's own.
"""

READING = """
Three things to know when you read them:

- `mart.problems.entity_key` of a variant without a master SKU is the store's variant id. Compare SKUs by `lower()`: a
  problem shows the letter case of the store's record, a listing that of the row.
- `mart.listing_variants.drift` compares the stock last agreed with the *variant's* stock in the store. Of a product
  whose stock is tracked by product, only the price can drift: the stock agreed is the product's, and what the store
  shows for its variants says nothing. See [import_listings.md](import_listings.md#what-drifted).
- Money of orders is in each order's own currency: never add up rows of two. `mart.order_status_history` has the
  statuses that a run saw, not those that came and went in between. See [get_orders.md](get_orders.md).
"""

WRITING = """
A column that you do not name has the value of *when left out*. SKUs are unique without regard to letter case. Money is
`numeric`, in the store's default currency. `custom_fields` and `options` are JSON arrays of
`{"name": ..., "value": ...}`.

```sql
-- stock and price of an item, for all channels: each variant of that master SKU is linked to it from now on
insert into core.inventory_item (master_sku, quantity, price) values ('JKT-000208', 9, 50);

-- its stock now: equal to a row of load_inventory's file, and newer than those before
update core.inventory_item set quantity = 8, updated_at = now() where lower(master_sku) = lower('JKT-000208');

-- a listing is paused no more
update core.listing set paused = false where channel = 'demo' and listing_key = 'bc-77';

-- a variant's own price
update core.listing_variant set price = 79.00 where channel = 'demo' and master_sku = 'JKT-000208';
```

Write *wanted* values: `price`, `quantity`, titles and the like, `paused`, `queued_action`, `inventory_sku`. Leave to
Storekeeper what it learns from the store: `product_id`, `variant_id`, `status`, `hidden_as`, `synced_*`, `channel_*`,
`inventory_tracking`, `observed_at`, `last_seen`. No operation acts on `queued_action` yet.

Triggers notice your change, so that the next import handles the product again. They run with their owner's rights: you
need none on `raw`. See [decision 4](adr/0004-changed-rows-noted-by-triggers.md). The grants are in
[operating.md](operating.md#who-may-read-and-write).
"""

OWN = f"""
To look at, not to write. `mart.runs` and `mart.problems` show the most of it. `{NOT_OURS}` is Alembic's: which
migrations have run. `staging` holds the tables of single runs, and is empty between them.
"""

NOTES = {
    "core.order_contact": """\
Personal data stand here, in `core.order_address`, `core.order_text` and `core.order_message`, and nowhere else; who may
read them is in [get_orders.md](get_orders.md#shoppers-data).""",
    "core.listing_variant": "Deleting a listing deletes its variants. Changing its `listing_key` changes theirs.",
    "core.wanted": """\
An item's `price` is multiplied by `price_multiplier` and rounded to the currency's digits. An item's `quantity` loses
`safety_stock`, is never below 0 and never above `max_quantity`. Where the item's value is null, the variant's own
counts; where a variant has no price, its listing's. A listing that is hidden as out of stock wants 0.""",
}
"""What is to be said after a table's columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or view, as the catalog has it."""

    relation: str
    is_view: bool
    relation_comment: str | None
    name: str
    type: str
    required: bool
    default: str | None
    comment: str | None


def tables_paper() -> str:
    """``docs/tables.md``, whole.

    :raises CannotBeWritten: see :func:`paper_of`.
    """
    server = EmbeddedPostgres(database_home())
    server.prepare()
    started_here = not server.is_running()
    server.start()
    try:
        with scratch_warehouse(server) as connection:
            return paper_of(connection)
    finally:
        if started_here:
            server.stop()


@contextmanager
def scratch_warehouse(server: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """A warehouse as migrations and views make it, empty, on a running server; gone at the end."""
    name = f"papers_{os.getpid()}"
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with psycopg.connect(server.uri(), autocommit=True) as administrator:
        administrator.execute(drop)
        server.create_database(name)
        try:
            warehouse = Warehouse(
                create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(server.uri(name)))
            )
            warehouse.prepare()
            warehouse.close()
            with psycopg.connect(server.uri(name)) as connection:
                yield connection
        finally:
            administrator.execute(drop)


def paper_of(connection: psycopg.Connection) -> str:
    """The paper of one warehouse.

    :raises CannotBeWritten: a table, a view or a column has no comment, or something is said here of a table that is
        not there.
    """
    relations = _relations(connection)
    _check(relations)
    mart = [name for name in relations if name.startswith("mart.")]
    read = [name for name in relations if name.startswith("core.") and name not in WRITABLE]
    own = [name for name in relations if name.startswith(("raw.", "ops."))]
    access = [
        (_listed(mart), "you", "nobody: they are views"),
        (_listed(WRITABLE), "you", "you and the import"),
        (_listed(read), "you", "nobody: a view" if all(relations[name][0].is_view for name in read) else "Storekeeper"),
        ("`raw.*`, `ops.*`, `staging.*`", "Storekeeper", "Storekeeper"),
    ]
    lines = [INTRODUCTION, *table(("", "read", "write"), access), "", "## Views to read", ""]
    lines += _sections(relations, mart)
    lines += [READING.lstrip(), "## Tables to write", WRITING]
    lines += _sections(relations, WRITABLE)
    lines += ["## The rest of core", ""]
    lines += _sections(relations, read)
    lines += ["## Storekeeper's own", OWN]
    lines += _sections(relations, own)
    return "\n".join(lines).rstrip() + "\n"


def _sections(relations: dict[str, list[Column]], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        columns = relations[name]
        yield from (f"### {name}", "", _said(columns[0].relation_comment), "")
        if name in WRITABLE:
            rows = [(f"`{one.name}`", one.type, _left_out(one), _said(one.comment)) for one in columns]
            yield from table(("column", "type", "when left out", "meaning"), rows)
        else:
            plain = [(f"`{one.name}`", one.type, _said(one.comment)) for one in columns]
            yield from table(("column", "type", "meaning"), plain)
        yield ""
        if name in NOTES:
            yield from (NOTES[name], "")


def _check(relations: dict[str, list[Column]]) -> None:
    missing = [name for name in (*WRITABLE, *NOTES) if name not in relations]
    if missing:
        raise CannotBeWritten(f"docs/papers/tables.py speaks of {_listed(missing)}, which the database does not have")
    silent = []
    for name, columns in relations.items():
        if not columns[0].relation_comment:
            silent.append(name)
        silent += [f"{name}.{one.name}" for one in columns if not one.comment]
    if silent:
        raise CannotBeWritten(
            f"no comment on {_listed(silent)}: add `comment on ...` to the view's file in include/sql/marts, or to the"
            " table's new migration"
        )


def _relations(connection: psycopg.Connection) -> dict[str, list[Column]]:
    """Each table and view with its columns, in the order of names."""
    with connection.cursor(row_factory=class_row(Column)) as cursor:
        columns = cursor.execute(
            """
            select
                n.nspname || '.' || c.relname as relation,
                c.relkind = 'v' as is_view,
                obj_description(c.oid, 'pg_class') as relation_comment,
                a.attname as name,
                replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz') as type,
                a.attnotnull and d.adbin is null as required,
                pg_get_expr(d.adbin, d.adrelid) as default,
                col_description(c.oid, a.attnum) as comment
            from pg_class as c
            inner join pg_namespace as n on c.relnamespace = n.oid
            inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
            left join pg_attrdef as d on c.oid = d.adrelid and a.attnum = d.adnum
            where n.nspname in ('mart', 'core', 'raw', 'ops') and c.relkind in ('r', 'p', 'v', 'm')
            order by n.nspname collate "C", c.relname collate "C", a.attnum
            """
        ).fetchall()
    relations: dict[str, list[Column]] = {}
    for column in columns:
        if column.relation != NOT_OURS:
            relations.setdefault(column.relation, []).append(column)
    return relations


def _left_out(column: Column) -> str:
    if column.required:
        return "**required**"
    if column.default is None:
        return "null"
    without_cast = re.sub(r"::[a-z ]+(\[\])?$", "", column.default)
    return f"`{without_cast}`"


def _said(comment: str | None) -> str:
    return (comment or "").replace("*", r"\*")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
