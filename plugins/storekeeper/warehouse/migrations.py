"""Schema changes: Alembic runs the numbered SQL files once each, in order; then all views are made anew.

Files are only ever added, never changed: a task of the former version may still be running.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

from alembic import op
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from storekeeper.warehouse.sql import SQL, statements

REVISIONS = Path(__file__).parent / "revisions"
_ALONE = threading.Lock()
"""Alembic's environment is one for the whole process, so two threads must not migrate at once."""

_LOCK = 0x53746F72  # "Stor": one migration at a time in a database


def migrate(engine: Engine, stall_ms: str) -> None:
    """Bring schema and views up to date, in one transaction; whoever comes second waits, then finds nothing to do.

    :param stall_ms: the server ends a migration whose client stands still for so long.
    """
    script = ScriptDirectory(str(REVISIONS), version_locations=[str(REVISIONS / "versions")])
    views = {file: file.read_text(encoding="utf-8") for file in sorted((SQL / "marts").glob("*.sql"))}
    views_hash = hashlib.sha256("".join(views.values()).encode()).hexdigest()
    with engine.connect() as connection:
        if _is_current(connection, script, views_hash):
            return
    with engine.begin() as connection:
        (bound_stall,) = statements("runs/bound_stall")
        connection.execute(bound_stall, {"stall_ms": stall_ms})
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _is_current(connection, script, views_hash):
            return
        connection.execute(text("create schema if not exists ops"))
        environment = EnvironmentContext(Config(), script, fn=lambda have, _: script._upgrade_revs("head", have))
        with _ALONE, environment:
            environment.configure(connection=connection, version_table="schema_version", version_table_schema="ops")
            environment.run_migrations()
        for content in views.values():
            _run_script(connection, content)
        connection.execute(text("delete from ops.views_version"))
        connection.execute(text("insert into ops.views_version (hash) values (:hash)"), {"hash": views_hash})


def run_sql_file(name: str) -> None:
    """What a revision does: run ``include/sql/migrations/{name}.sql``."""
    _run_script(op.get_bind(), (SQL / "migrations" / f"{name}.sql").read_text(encoding="utf-8"))


def _run_script(connection: Connection, content: str) -> None:
    """Many statements at once, function bodies among them: as the driver sends them, without parameters."""
    driver: Any = connection.connection.driver_connection
    driver.execute(content)


def _is_current(connection: Connection, script: ScriptDirectory, views_hash: str) -> bool:
    if not connection.scalar(text("select to_regclass('ops.schema_version') is not null")):
        return False
    have = connection.scalars(text("select version_num from ops.schema_version")).all()
    if list(have) != list(script.get_heads()):
        return False
    return bool(connection.scalar(text("select hash from ops.views_version")) == views_hash)
