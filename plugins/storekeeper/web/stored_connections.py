"""Airflow's own store of connections, as the API server has it: tokens are encrypted there."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.configuration import ensure_secrets_loaded
from airflow.models.connection import Connection
from airflow.secrets import BaseSecretsBackend
from airflow.secrets.metastore import MetastoreBackend
from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from storekeeper.channels import load_channels
from storekeeper.outcomes import SettingsError

APP_CONNECTION = "bigcommerce_app"
"""The app: login = client id, extra client_secret, host = login address (empty: BigCommerce's)."""

CLOCKS = timedelta(seconds=60)
"""So much may BigCommerce's clock and ours differ."""

_SAVING = threading.Lock()
"""SQLite locks no rows: within this process one saves after the other."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a channel's connection is to hold.

    :param token: never shown, and neither is the secret.
    :param via: app or account.
    """

    store_hash: str
    token: str = field(repr=False)
    client_id: str
    client_secret: str | None = field(repr=False)
    host: str
    via: str


def connection_id(channel: str) -> str:
    """The id of a channel's connection: as its file names it, else the conventional one.

    :raises SettingsError: it would be the app's own.
    """
    named = {each.channel: each.connection_id for each in load_channels()}
    conn_id = named.get(channel, f"bigcommerce_{channel}")
    if conn_id == APP_CONNECTION:
        raise SettingsError(f"the channel cannot be named {channel!r}: {APP_CONNECTION!r} is the app's own connection")
    return conn_id


def read(conn_id: str) -> dict[str, Any] | None:
    """A connection's parts, with its secrets; None where Airflow's database has none."""
    with create_session() as session:
        found = session.scalar(select(Connection).where(Connection.conn_id == conn_id))
        return _parts(found) if found else None


def team_of(conn_id: str) -> str | None:
    """The team that a connection belongs to, where Airflow has teams."""
    with create_session() as session:
        team: str | None = session.scalar(select(Connection.team_name).where(Connection.conn_id == conn_id))
        return team


def check_free(conn_id: str, store_hash: str, host: str) -> None:
    """Whether a store's access may be kept under an id.

    :raises SettingsError: something else is there, or is found before Airflow's database.
    """
    for backend in ensure_secrets_loaded():
        if not isinstance(backend, MetastoreBackend) and _has(backend, conn_id):
            raise SettingsError(
                f"the connection {conn_id!r} comes from {type(backend).__name__}, which Airflow asks before its"
                " database: change it there, or choose another channel name"
            )
    known = read(conn_id)
    if known is not None:
        _check_same(conn_id, known, store_hash, host)


def _has(backend: BaseSecretsBackend, conn_id: str) -> bool:
    """Whether a backend knows an id; not every one can give a value, but each a connection."""
    try:
        return backend.get_connection(conn_id) is not None
    except Exception as error:
        raise SettingsError(
            f"{type(backend).__name__}, which Airflow asks before its database, cannot say whether it has the"
            f" connection {conn_id!r} ({type(error).__name__}): correct it there first"
        ) from None


def _check_same(conn_id: str, known: dict[str, Any], store_hash: str, host: str) -> None:
    leads_to = (known["extra"].get("store_hash"), known["host"])
    other = known["conn_type"] != "bigcommerce" or leads_to != (store_hash, host)
    if other and (known["password"] or known["conn_type"] != "bigcommerce" or leads_to[0] not in (None, store_hash)):
        raise SettingsError(
            f"the connection {conn_id!r} leads somewhere else: choose another channel name, or delete that connection"
            " first"
        )


def save(conn_id: str, access: Access) -> None:
    """Keep a store's access; a new token replaces the old one, in all connections that the same app made for the store.

    :raises SettingsError: something else is there by now.
    """
    try:
        with _SAVING, create_session() as session:
            found = session.scalar(select(Connection).where(Connection.conn_id == conn_id).with_for_update())
            known = _parts(found) if found is not None else None
            if known is not None:
                _check_same(conn_id, known, access.store_hash, access.host)
            connection = found if found is not None else Connection(conn_id=conn_id)
            kept = {
                name: value for name, value in (known or {"extra": {}})["extra"].items() if name != "uninstalled_at"
            }
            extra = {**kept, "store_hash": access.store_hash, "via": access.via, "connected_at": _now().isoformat()}
            if access.client_secret:
                extra["client_secret"] = access.client_secret
            for name, value in (
                ("conn_type", "bigcommerce"), ("login", access.client_id), ("host", access.host or None),
                ("port", 0), ("schema", None),  # with no port at all, Airflow's own Test says "Bad Request"
            ):  # fmt: skip
                setattr(connection, name, value)
            connection.set_password(access.token)
            connection.set_extra(json.dumps(extra))
            session.add(connection)
            session.flush()
            if access.via == "app":
                for other in _of_app(session, access.store_hash, access.client_id):
                    other.set_password(access.token)
    except IntegrityError:
        raise SettingsError(f"somebody else has just made the connection {conn_id!r}: begin again") from None


def disable(store_hash: str, client_id: str, signed_at: datetime) -> list[str]:
    """Take the token out of the connections that this app made for a store; their channels say so from now on.

    :param signed_at: connections that were made anew since then stay.
    """
    disabled = []
    with _SAVING, create_session() as session:
        for found in _of_app(session, store_hash, client_id):
            extra = _parts(found)["extra"]
            connected_at = datetime.fromisoformat(extra["connected_at"])
            if connected_at <= signed_at + CLOCKS and not extra.get("uninstalled_at"):
                # set_password passes over an empty one
                found._password, found.is_encrypted = None, False
                found.set_extra(json.dumps({**extra, "uninstalled_at": _now().isoformat()}))
                disabled.append(found.conn_id)
    return disabled


def _of_app(session: Any, store_hash: str, client_id: str) -> list[Any]:
    """The connections that an app made for a store; one that cannot be decrypted is none of them."""
    chosen = []
    where = (Connection.conn_type == "bigcommerce", Connection.login == client_id)
    for found in session.scalars(select(Connection).where(*where).with_for_update()):
        extra = _parts(found)["extra"]
        if extra.get("store_hash") == store_hash and extra.get("via") == "app" and extra.get("connected_at"):
            chosen.append(found)
    return chosen


def _parts(found: Connection) -> dict[str, Any]:
    try:
        extra, password = json.loads(found.get_extra() or "{}"), found.get_password() or ""
    except Exception:  # made with another Fernet key, or no JSON: nobody can use it, and it is somebody's
        extra, password = {}, "cannot be read"
    return {
        "conn_type": found.conn_type,
        "login": found.login or "",
        "password": password,
        "host": found.host or "",
        "port": found.port,
        "schema": found.schema or "",
        "extra": extra if isinstance(extra, dict) else {},
    }


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
