"""BigCommerceHook: an Airflow connection of type ``bigcommerce`` becomes a store client."""

from __future__ import annotations

import json
from typing import Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

from storekeeper.bigcommerce.address import api_base, check_store_hash
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.operations.connecting import try_store
from storekeeper.outcomes import ConnectionMissing, SettingsError, StoreError


class BigCommerceHook(BaseHook):
    """One store of BigCommerce.

    Connection: login = client id, password = access token, extra ``{"store_hash": ..., "client_secret": ...}``,
    host = API base URL (empty: BigCommerce's own; plain http to a loopback address only).

    :param bigcommerce_conn_id: the connection's id.
    :param named_in: what names the connection, for the message when it is missing.
    """

    conn_name_attr = "bigcommerce_conn_id"
    default_conn_name = "bigcommerce_default"
    conn_type = "bigcommerce"
    hook_name = "BigCommerce"

    def __init__(
        self, bigcommerce_conn_id: str = default_conn_name, *, named_in: str = "", patience: Patience | None = None
    ) -> None:
        super().__init__()
        self.bigcommerce_conn_id = bigcommerce_conn_id
        self.named_in = named_in
        self.patience = patience

    def get_conn(self) -> StoreClient:
        """A client of the store; close it after use (it is a context manager).

        :raises SettingsError: the connection is missing, or a part of it is missing or wrong.
        """
        base, store_hash, token = self._read()
        try:
            return StoreClient(
                base,
                store_hash,
                token,
                patience=self.patience,
                renew=lambda: self._present_token(base, store_hash),
            )
        except ValueError as error:
            raise SettingsError(f"connection {self.bigcommerce_conn_id!r}: {error}") from None

    def _present_token(self, base: str, store_hash: str) -> str:
        """The token as the connection has it now: somebody may have replaced it while a task runs.

        :raises SettingsError: the connection leads elsewhere by now: its token is not for this store.
        """
        now, leads_to, token = self._read()
        if (now, leads_to) != (base, store_hash):
            raise SettingsError(f"connection {self.bigcommerce_conn_id!r} leads to another store by now")
        return token

    def _read(self) -> tuple[str, str, str]:
        """The API's base URL, the store hash and the access token.

        :raises SettingsError: the connection is missing, or a part of it is missing or wrong.
        """
        conn_id = self.bigcommerce_conn_id
        place = f"{self.named_in}: " if self.named_in else ""
        try:
            connection = self.get_connection(conn_id)
        except AirflowNotFoundException:
            raise ConnectionMissing(
                f"{place}there is no Airflow connection {conn_id!r}: add one of type BigCommerce, or set"
                f" AIRFLOW_CONN_{conn_id.upper()}"
            ) from None
        try:
            extra = json.loads(connection.extra or "{}")
        except ValueError:
            extra = None
        if not isinstance(extra, dict):
            raise SettingsError(f'connection {conn_id!r}: extra must be JSON such as {{"store_hash": "abc123"}}')
        for secret in (connection.password, extra.get("client_secret")):
            if isinstance(secret, str) and secret.strip():
                mask_secret(secret.strip())
        if extra.get("uninstalled_at"):
            raise SettingsError(
                f"connection {conn_id!r}: the app was uninstalled in the store (at {extra['uninstalled_at']}): connect"
                " the store again, or remove its channel's file"
            )
        if not connection.password:
            raise SettingsError(
                f"connection {conn_id!r}: the password must hold the store's access token (it is empty)"
            )
        if not extra.get("store_hash"):
            raise SettingsError(f"connection {conn_id!r}: extra must hold store_hash (got only {sorted(extra)})")
        try:
            base = api_base(_host(connection), connection.port)
            store_hash = check_store_hash(str(extra["store_hash"]))
        except ValueError as error:
            raise SettingsError(f"connection {conn_id!r}: {error}") from None
        return base, store_hash, connection.password.strip()

    def test_connection(self) -> tuple[bool, str]:
        """Whether the store answers, what it is, and what the token may not read; Airflow's Test button calls it."""
        self.patience = Patience(connect=5, read=10, total=20, attempts=2)
        try:
            with self.get_conn() as store:
                report = try_store(store)
        except (StoreError, SettingsError) as error:
            return False, str(error)
        return True, "; ".join(report.lines)


def _host(connection: Any) -> str:
    """Airflow's URI form keeps the scheme of ``http://host`` in the connection's schema."""
    host = connection.host or ""
    if host and "://" not in host and connection.schema in ("http", "https"):
        return f"{connection.schema}://{host}"
    return host
