"""The warehouse's Airflow connection becomes a :class:`Warehouse`, through Airflow's own Postgres provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk.exceptions import AirflowNotFoundException

from storekeeper.channels import WAREHOUSE_CONNECTION
from storekeeper.outcomes import ConnectionMissing
from storekeeper.warehouse.database import Warehouse


@contextmanager
def open_warehouse(conn_id: str = WAREHOUSE_CONNECTION) -> Iterator[Warehouse]:
    """The warehouse with its schema up to date; its connections are given back at the end.

    :raises ConnectionMissing: there is no such connection.
    :raises WarehouseUnavailable: it cannot be reached, or does not let us work.
    """
    hook = PostgresHook(postgres_conn_id=conn_id)
    try:
        # The hook opens each connection, so that whatever the connection's extra says of TLS and the like holds.
        engine = hook.get_sqlalchemy_engine({"creator": hook.get_conn, "pool_size": 5, "max_overflow": 20})
    except AirflowNotFoundException:
        raise ConnectionMissing(
            f"there is no Airflow connection {conn_id!r}: add one of type Postgres, or set"
            f" AIRFLOW_CONN_{conn_id.upper()} to a URI such as postgresql://user:password@host:5432/warehouse"
        ) from None
    warehouse = Warehouse(engine)
    try:
        warehouse.prepare()
        yield warehouse
    finally:
        warehouse.close()
