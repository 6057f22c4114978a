"""The store's connection, in every form Airflow has for it, against a store over HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.outcomes import SettingsError
from tests.airflow.conftest import connection

TOKEN = "t0ken-of-the-hook-tests"
CLIENT_SECRET = "s3cret-of-the-hook-tests"
SCOPES = {
    "products (scope store_v2_products)": "store_v2_products_read_only",
    "inventory (scope store_inventory)": "store_inventory_read_only",
    "orders (scope store_v2_orders)": "store_v2_orders_read_only",
}
INFORMATION = "store_v2_information_read_only"
FORBIDDEN = (
    "the access token lacks the scope Information (store_v2_information_read_only); grant it to the API account, then"
    " run it again"
)

MakeHook = Callable[[str], Any]


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=3, quota=150, window_ms=30_000) as running:
        running.add_token(TOKEN, [INFORMATION, *SCOPES.values()])
        yield running


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> MakeHook:
    """The hook of a connection ``bigcommerce_acme`` in either of Airflow's forms."""

    def make(value: str) -> Any:
        from storekeeper.hooks.bigcommerce import BigCommerceHook

        monkeypatch.setenv("AIRFLOW_CONN_BIGCOMMERCE_ACME", value)
        return BigCommerceHook("bigcommerce_acme")

    return make


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else can take meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def as_uri(host: str, *, password: str = TOKEN, **extra: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in extra.items())
    return f"bigcommerce://client-id:{password}@{host}?{query}"


# --- the client ---


def test_the_json_form_makes_a_client_of_its_store(hook: MakeHook, store: SandboxProcess) -> None:
    with hook(connection(store.root, password=TOKEN)).get_conn() as client:
        assert client.store_hash == "sandbox"
        assert b'"plan_name"' in client.get("/v2/store").body


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "127.0.0.1:{port}/http", "http%3A%2F%2F127.0.0.1:{port}/"])
def test_the_uri_form_makes_a_client_of_its_store(hook: MakeHook, store: SandboxProcess, host: str) -> None:
    with hook(as_uri(host.format(port=store.port), store_hash="sandbox")).get_conn() as client:
        assert b'"plan_name"' in client.get("/v2/store").body


def test_without_a_host_requests_go_to_bigcommerce_over_https(hook: MakeHook) -> None:
    with hook(connection("", store_hash="abc123")).get_conn() as client:
        assert client._root == "https://api.bigcommerce.com/stores/abc123"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            connection("", password=""),
            "connection 'bigcommerce_acme': the password must hold the store's access token (it is empty)",
        ),
        (
            connection("", store_hash="", client_secret=CLIENT_SECRET),
            "connection 'bigcommerce_acme': extra must hold store_hash (got only ['client_secret', 'store_hash'])",
        ),
        (
            json.dumps({"conn_type": "bigcommerce", "password": TOKEN}),
            "connection 'bigcommerce_acme': extra must hold store_hash (got only [])",
        ),
        (
            json.dumps({"conn_type": "bigcommerce", "password": TOKEN, "extra": "store_hash=abc"}),
            'connection \'bigcommerce_acme\': extra must be JSON such as {"store_hash": "abc123"}',
        ),
        (
            json.dumps({"conn_type": "bigcommerce", "password": TOKEN, "extra": "[1]"}),
            'connection \'bigcommerce_acme\': extra must be JSON such as {"store_hash": "abc123"}',
        ),
        (
            connection("", store_hash="../v2"),
            "connection 'bigcommerce_acme': the store hash must be lower-case letters and digits (got '../v2')",
        ),
        (
            connection("https://shop.example.com", password=TOKEN),
            "connection 'bigcommerce_acme': the API base URL must be https://api.bigcommerce.com or a loopback address"
            " (got host 'shop.example.com')",
        ),
        (
            connection("http://shop.example.com", password=TOKEN),
            "connection 'bigcommerce_acme': plain http goes to a loopback address only, never to 'shop.example.com':"
            " the token would be readable",
        ),
        (
            as_uri("shop.example.com/http", store_hash="abc123"),
            "connection 'bigcommerce_acme': plain http goes to a loopback address only, never to 'shop.example.com':"
            " the token would be readable",
        ),
        (
            as_uri("shop.example.com", store_hash="abc123"),
            "connection 'bigcommerce_acme': the API base URL must be https://api.bigcommerce.com or a loopback address"
            " (got host 'shop.example.com')",
        ),
        (
            connection(f"https://user:{CLIENT_SECRET}@api.bigcommerce.com"),
            "connection 'bigcommerce_acme': the API base URL must hold a scheme, a host and a port, nothing else",
        ),
    ],
)
def test_a_wrong_connection_is_named_with_its_mend_and_nothing_is_sent(
    hook: MakeHook, value: str, message: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        hook(value).get_conn()
    assert str(raised.value) == message
    assert hook(value).test_connection() == (False, message)
    assert not any(secret in message for secret in (TOKEN, CLIENT_SECRET))


def test_a_missing_connection_is_named_with_its_mend_and_with_what_names_it() -> None:
    from storekeeper.hooks.bigcommerce import BigCommerceHook

    message = (
        "there is no Airflow connection 'bigcommerce_nobody': add one of type BigCommerce, or set"
        " AIRFLOW_CONN_BIGCOMMERCE_NOBODY"
    )
    with pytest.raises(SettingsError) as raised:
        BigCommerceHook("bigcommerce_nobody").get_conn()
    assert str(raised.value) == message
    with pytest.raises(SettingsError) as raised:
        BigCommerceHook("bigcommerce_nobody", named_in="channel 'x': x.yaml: connection_id").get_conn()
    assert str(raised.value) == f"channel 'x': x.yaml: connection_id: {message}"


# --- the Test button ---


def test_the_test_says_what_the_store_is_and_how_many_requests_it_allows(hook: MakeHook, store: SandboxProcess) -> None:
    assert hook(connection(store.root, password=TOKEN)).test_connection() == (
        True,
        "Connected to 'Sandbox Store' (store-sandbox.mybigcommerce.com); plan Standard; currency USD;"
        " time zone America/Chicago; 150 requests per 30 s; may read products, inventory and orders",
    )


@pytest.mark.parametrize("missing", SCOPES)
def test_the_test_says_what_the_token_may_not_read(hook: MakeHook, store: SandboxProcess, missing: str) -> None:
    token = f"token-without-{SCOPES[missing]}"
    store.add_token(token, [INFORMATION, *(scope for what, scope in SCOPES.items() if what != missing)])
    works, message = hook(connection(store.root, password=token)).test_connection()
    assert works
    assert message.endswith(f"; may not read {missing}")


def test_a_token_that_may_not_even_read_the_profile_fails_the_test(hook: MakeHook, store: SandboxProcess) -> None:
    store.add_token("token-without-profile", list(SCOPES.values()))
    works, message = hook(connection(store.root, password="token-without-profile")).test_connection()
    assert not works
    assert message.startswith("GET /v2/store, store 'sandbox', status 403, request ")
    assert message.endswith(FORBIDDEN)


def test_a_wrong_token_fails_the_test(hook: MakeHook, store: SandboxProcess) -> None:
    works, message = hook(connection(store.root, password="wr0ng-token")).test_connection()
    assert not works
    assert message.startswith("GET /v2/store, store 'sandbox', status 401, request ")
    assert message.endswith("the access token is wrong or was revoked; put a valid one into the connection")
    assert "wr0ng-token" not in message


def test_an_unknown_store_hash_fails_the_test(hook: MakeHook, store: SandboxProcess) -> None:
    assert hook(connection(store.root, password=TOKEN, store_hash="other1")).test_connection() == (
        False,
        "there is no store with the hash 'other1': correct store_hash in the connection",
    )


def test_a_port_that_nobody_listens_on_fails_the_test_soon(hook: MakeHook, closed_port: int) -> None:
    assert hook(connection(f"http://127.0.0.1:{closed_port}", password=TOKEN)).test_connection() == (
        False,
        f"GET /v2/store at http://127.0.0.1:{closed_port}: no connection (is the store's API up and reachable?)"
        " (tried 2 times)",
    )


# --- secrets ---


def test_token_and_client_secret_are_masked_in_all_that_airflow_logs(hook: MakeHook, store: SandboxProcess) -> None:
    from airflow.sdk.log import redact

    hook(connection(store.root, password="t0ken-to-mask", client_secret="s3cret-to-mask")).get_conn().close()
    assert redact("X-Auth-Token: t0ken-to-mask, secret s3cret-to-mask, store sandbox") == (
        "X-Auth-Token: ***, secret ***, store sandbox"
    )


def test_token_and_client_secret_are_masked_although_they_were_pasted_with_blanks(
    hook: MakeHook, store: SandboxProcess
) -> None:
    # Airflow masks a connection as it stands in it, with the blanks: what we send has none
    from airflow.sdk.log import redact

    pasted = connection(store.root, password=" pasted-t0ken\n", client_secret="\tpasted-s3cret ")
    hook(pasted).get_conn().close()
    assert redact("X-Auth-Token: pasted-t0ken, secret pasted-s3cret, store sandbox") == (
        "X-Auth-Token: ***, secret ***, store sandbox"
    )


def test_neither_token_nor_client_secret_is_in_any_message_of_the_test(
    hook: MakeHook, store: SandboxProcess, closed_port: int
) -> None:
    said = [
        hook(connection(host, password=token, store_hash=store_hash, client_secret=CLIENT_SECRET)).test_connection()[1]
        for host, token, store_hash in (
            (store.root, TOKEN, "sandbox"),
            (store.root, "wr0ng-token", "sandbox"),
            (store.root, TOKEN, "other1"),
            (f"http://127.0.0.1:{closed_port}", TOKEN, "sandbox"),
            ("https://shop.example.com", TOKEN, "sandbox"),
        )
    ]
    assert all(said)
    assert not [message for message in said if any(s in message for s in (TOKEN, "wr0ng-token", CLIENT_SECRET))]
