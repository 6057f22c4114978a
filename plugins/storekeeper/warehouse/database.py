"""The warehouse: a Postgres that named SQL runs against, with errors that name their mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql as composed
from sqlalchemy import Connection, CursorResult, Engine, RowMapping, TextClause
from sqlalchemy.exc import DBAPIError, OperationalError

from storekeeper.outcomes import StatementFailed, WarehouseUnavailable
from storekeeper.warehouse.migrations import migrate
from storekeeper.warehouse.sql import statements


class Warehouse:
    """One warehouse.

    :param engine: an engine on psycopg 3; :func:`storekeeper.hooks.warehouse.open_warehouse` makes one.
    :param stall_seconds: how long a transaction may pause between two statements before the server ends it.
    """

    def __init__(self, engine: Engine, stall_seconds: float = 120) -> None:
        self.engine = engine
        self.stall_ms = str(int(stall_seconds * 1000))

    def prepare(self) -> None:
        """Bring the schema up to date. Safe to call twice and at once; does nothing where nothing is new.

        :raises WarehouseUnavailable: no connection, or no right to create schemas.
        """
        with self._explained():
            migrate(self.engine, self.stall_ms)

    @contextmanager
    def transaction(self, *, bounded: bool = True) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back where an error leaves the block.

        :param bounded: false where its first statement bounds by itself how long it may stand still.
        """
        with self._explained(), self.engine.begin() as connection:
            session = Session(connection)
            if bounded:
                session.run("runs/bound_stall", stall_ms=self.stall_ms)
            yield session

    def drop_staging(self, name: str, **values: Any) -> None:
        """Drop the staging tables that a named file lists as ``table_name``.

        Each in a transaction of its own: its run may be dropping the same tables, in another order, at this moment.
        """
        with self.transaction() as session:
            tables = [row["table_name"] for row in session.rows(name, **values)]
        for table in tables:
            with self.transaction() as session:
                session.drop_staging_table(table)

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, psycopg.Error) as error:
            # Postgres quotes the rows that it speaks of, and SQLAlchemy the parameters: neither may reach a log.
            raise _explain(error, error.orig if isinstance(error, DBAPIError) else error) from None


class Session:
    """What may be done inside one transaction.

    ``clock`` is the warehouse's clock when a run's transaction began, the one clock that times are kept by;
    ``clock_read_at`` the same moment in this process's monotonic seconds.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.clock = datetime.min.replace(tzinfo=UTC)
        self.clock_read_at = 0.0

    def run(self, name: str, *, run_no: int | None = None, **values: Any) -> int:
        """Run each statement of a named file.

        :param values: bind parameters; those that a statement does not name are left out of it.
        :return: rows touched by the last statement.
        """
        touched = 0
        for statement in statements(name, run_no):
            touched = self._execute(statement, {"run_no": run_no, **values}).rowcount
        return touched

    def rows(self, name: str, *, run_no: int | None = None, **values: Any) -> Sequence[RowMapping]:
        """The rows that a named file's single statement answers."""
        (statement,) = statements(name, run_no)
        return self._execute(statement, {"run_no": run_no, **values}).mappings().all()

    def row(self, name: str, *, run_no: int | None = None, **values: Any) -> RowMapping:
        """The one row that a named file's single statement answers."""
        (row,) = self.rows(name, run_no=run_no, **values)
        return row

    def _execute(self, statement: TextClause, values: Mapping[str, Any]) -> CursorResult[Any]:
        return self._connection.execute(statement, {name: values[name] for name in statement._bindparams})

    def copy_staged(self, table: str, run_no: int, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """COPY rows into a run's staging table.

        :param table: the table's name as the SQL files write it after ``staging.``.
        :return: how many rows were copied.
        """
        command = composed.SQL("copy staging.{} ({}) from stdin").format(
            composed.Identifier(f"{table}_{run_no:d}"), composed.SQL(", ").join(map(composed.Identifier, columns))
        )
        driver: psycopg.Connection[Any] = self._connection.connection.driver_connection  # type: ignore[assignment]
        copied = 0
        with driver.cursor() as cursor, cursor.copy(command) as copy:
            for row in rows:
                copy.write_row(row)
                copied += 1
        return copied

    def drop_staging_table(self, name: str) -> None:
        """Drop a table of staging, if it is still there."""
        self._connection.exec_driver_sql(
            composed.SQL("drop table if exists staging.{}").format(composed.Identifier(name)).as_string()
        )

    @contextmanager
    def savepoint(self) -> Iterator[Any]:
        """A part of the transaction that can be taken back by itself: call ``.rollback()`` on what is yielded."""
        with self._connection.begin_nested() as nested:
            yield nested


def _explain(error: Exception, cause: BaseException | None) -> Exception:
    """Name the mend where a person can mend it; every other error leaves as it came."""
    primary = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
    said = " ".join((primary or str(cause)).split())
    mend: Mapping[type[BaseException], str] = {
        psycopg.errors.InsufficientPrivilege: "grant the connection's role CREATE on the database, and rights on the"
        " schemas raw, core, ops, mart and staging",
        psycopg.errors.DiskFull: "the warehouse's disk is full",
    }
    for kind, what in mend.items():
        if isinstance(cause, kind):
            return WarehouseUnavailable(f"the warehouse (connection storekeeper_warehouse) refuses: {said}; {what}")
    # While connecting, the driver tells why only in words.
    refusals = {
        r"password authentication failed|no password supplied|role .* does not exist": "correct login and password of"
        " the connection",
        r"database .* does not exist": "create the database, or correct its name in the connection",
    }
    for words, what in refusals.items():
        if re.search(words, said):
            return WarehouseUnavailable(f"the warehouse (connection storekeeper_warehouse) refuses: {said}; {what}")
    broke_off = (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout)
    if isinstance(error, OperationalError) or isinstance(cause, broke_off):
        return WarehouseUnavailable(
            f"the warehouse (connection storekeeper_warehouse) cannot be reached or broke off: {said}; nothing is"
            " half-loaded: start it again and repeat the run"
        )
    return StatementFailed(f"the warehouse refuses a statement: {_without_values(cause)}")


def _without_values(cause: BaseException | None) -> str:
    """What Postgres says, without the values that it says it of: they may be a shopper's."""
    if not isinstance(cause, psycopg.Error):
        return type(cause).__name__
    told = cause.diag
    where = " ".join(
        name for name in (told.schema_name, told.table_name, told.column_name, told.constraint_name) if name
    )
    # errors in the data themselves (class 22) name the value in their first line, the others names alone
    said = "" if (told.sqlstate or "").startswith("22") else f": {told.message_primary}"
    return f"{type(cause).__name__} ({told.sqlstate}){said}" + (f"; {where}" if where else "")
