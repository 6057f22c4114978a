"""Airflow's own store of connections, as the API server has it: tokens are encrypted there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from airflow.models.connection import Connection
from airflow.utils.session import create_session
from sqlalchemy import select

from storekeeper.outcomes import SettingsError

APP_CONNECTION = "bigcommerce_app"
"""The app: login = client id, extra client_secret, host = login address (empty: BigCommerce's)."""


def connection_id(channel: str) -> str:
    """The conventional id of a channel's connection."""
    return f"bigcommerce_{channel}"


def read(conn_id: str) -> dict[str, Any] | None:
    """A connection's parts, with its secrets; None where Airflow's database has none."""
    with create_session() as session:
        found = session.scalar(select(Connection).where(Connection.conn_id == conn_id))
        return _parts(found) if found else None


def save(
    channel: str, store_hash: str, *, token: str, client_id: str, client_secret: str | None, host: str, via: str
) -> str:
    """Write a channel's connection; a new token replaces the old one.

    :param via: app or account.
    :return: its id.
    :raises SettingsError: the id is taken by a connection to another store, or of another type.
    """
    conn_id = connection_id(channel)
    with create_session() as session:
        found = session.scalar(select(Connection).where(Connection.conn_id == conn_id))
        if found is not None:
            known = _parts(found)
            if found.conn_type != "bigcommerce" or known["extra"].get("store_hash") not in (None, store_hash):
                raise SettingsError(
                    f"the connection {conn_id!r} leads somewhere else: choose another channel name, or delete that"
                    " connection first"
                )
        connection = found or Connection(conn_id=conn_id)
        connection.conn_type = "bigcommerce"
        connection.login = client_id
        connection.set_password(token)
        connection.host = host or None
        connection.port = None
        extra = {"store_hash": store_hash, "via": via, "connected_at": _now()}
        if client_secret:
            extra["client_secret"] = client_secret
        connection.set_extra(json.dumps(extra))
        session.add(connection)
    return conn_id


def disable(store_hash: str) -> list[str]:
    """Take the token out of the connections that the app made for a store; their channels say so from now on."""
    disabled = []
    with create_session() as session:
        for found in session.scalars(select(Connection).where(Connection.conn_type == "bigcommerce")):
            extra = _parts(found)["extra"]
            if extra.get("store_hash") == store_hash and extra.get("via") == "app":
                found.set_password("")
                found.set_extra(json.dumps({**extra, "uninstalled_at": _now()}))
                disabled.append(found.conn_id)
    return disabled


def _parts(found: Connection) -> dict[str, Any]:
    try:
        extra = json.loads(found.get_extra() or "{}")
    except ValueError:
        extra = {}
    return {
        "conn_type": found.conn_type,
        "login": found.login or "",
        "password": found.get_password() or "",
        "host": found.host or "",
        "port": found.port,
        "schema": found.schema or "",
        "extra": extra if isinstance(extra, dict) else {},
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
