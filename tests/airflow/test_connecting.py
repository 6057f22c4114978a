"""Connecting a store in the browser: the whole way, and everybody who must not get through."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import psycopg
import pytest
import requests
import yaml

from sandbox.process import SandboxProcess
from sandbox.tokens import DEFAULT_TOKENS
from stack.postgres import EmbeddedPostgres
from storekeeper.bigcommerce.oauth import NEEDED_SCOPES
from tests.airflow.browser import CHROMIUM, Browser
from tests.airflow.conftest import SECRETS, connection, write_channel
from tests.airflow.forks import Forks
from tests.airflow.site import PASSWORDS, Person, Site, form_token, query_of, said

SECRET = "app-secret-of-at-least-forty-eight-characters-for-tests"
CLIENT = "app-1"


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=3, seed=1, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR")) as running:
        yield running


@pytest.fixture(scope="module")
def site(
    forks: Forks, tmp_path_factory: pytest.TempPathFactory, store: SandboxProcess, postgres: EmbeddedPostgres
) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("site")
    channels = home / "channels"
    channels.mkdir()
    filed = home / "connections.yaml"
    filed.write_text("bigcommerce_filed: bigcommerce://id:token@api.bigcommerce.com\n")
    postgres.create_database("connecting")
    running = Site(
        forks,
        home,
        {
            "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": postgres.uri("connecting"),
            "STOREKEEPER_CHANNELS_DIR": str(channels),
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW_CONN_BIGCOMMERCE_SHADOW": connection(store.root, store_hash="othershop"),
            "AIRFLOW_CONN_BIGCOMMERCE_GARBLED": "{no JSON",
            "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(filed)}),
        },
    )
    try:
        running.start()
        extra = f'{{"client_secret": "{SECRET}"}}'
        app = {"connection_id": "bigcommerce_app", "conn_type": "bigcommerce", "login": CLIENT, "host": store.root}
        answer = running.person().api("POST", "connections", json={**app, "extra": extra})
        assert answer.status_code == 201, answer.text
        store.register_app(
            client_id=CLIENT,
            client_secret=SECRET,
            redirect_uri=f"{running.root}/storekeeper/auth",
            scopes=[*NEEDED_SCOPES],
        )
        yield running
    finally:
        running.stop()


@pytest.fixture
def admin(site: Site, store: SandboxProcess) -> Person:
    store.clear_faults()
    for file in (site.home / "channels").glob("*.yaml"):
        file.unlink()
    person = site.person()
    for conn_id in ("bigcommerce_acme", "bigcommerce_second", "bigcommerce_taken"):
        person.api("DELETE", f"connections/{conn_id}")
    return person


def consent(store: SandboxProcess, address: str) -> str:
    """A merchant says yes on BigCommerce's page; where the browser is sent then."""
    assert address.startswith(f"{store.root}/oauth2/authorize?")
    answer = requests.post(
        address, data={"decision": "confirm", **query_of(address)}, timeout=10, allow_redirects=False
    )
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def begun(person: Person, store: SandboxProcess, channel: str = "acme") -> dict[str, str]:
    """A flow until BigCommerce has sent the browser back: what comes along."""
    sent = person.send("/begin", store_hash="sandbox", channel=channel)
    assert sent.status_code == 303, sent.text
    return query_of(consent(store, sent.headers["location"]))


def test_a_store_is_connected_by_the_app(admin: Person, store: SandboxProcess, site: Site) -> None:
    back = begun(admin, store)
    page = admin.open("/auth", **back)
    assert page.status_code == 200, page.text
    assert "Connected to &#39;Sandbox Store&#39;" in page.text
    assert "may read products, inventory and orders" in page.text
    assert yaml.safe_load((site.home / "channels" / "acme.yaml").read_text()) == {
        "channel": "acme",
        "connection_id": "bigcommerce_acme",
    }
    shown = admin.connection("bigcommerce_acme")
    assert shown is not None
    assert (shown["conn_type"], shown["login"], shown["host"]) == ("bigcommerce", CLIENT, store.root)
    tested = admin.api("POST", "connections/test", json={**shown, "password": "wrong"})
    assert tested.status_code in (200, 403)  # testing connections is off by default
    assert ">connected<" in admin.open("/").text


def test_an_apps_token_is_saved_though_the_store_does_not_answer(
    admin: Person, store: SandboxProcess, site: Site
) -> None:
    """The former token is worth nothing any more."""
    back = begun(admin, store)
    store.fault("status", status=503, route="/v2/store")
    page = admin.open("/auth", **back)
    assert page.status_code == 502
    assert "The token was saved, in the connection 'bigcommerce_acme'." in said(page)
    assert "Nothing was saved" not in said(page)
    store.clear_faults()
    assert admin.connection("bigcommerce_acme") is not None
    assert not (site.home / "channels" / "acme.yaml").exists()


def test_an_api_account_is_tested_and_saved(admin: Person, store: SandboxProcess) -> None:
    form = {"store_hash": "sandbox", "channel": "acme", "client_id": "id", "host": store.root}
    refused = admin.send("/account", access_token="wrong", **form)
    assert refused.status_code == 502
    assert "the access token is wrong or was revoked" in said(refused)
    assert admin.connection("bigcommerce_acme") is None
    saved = admin.send("/account", access_token="sandbox-token", client_secret="s", **form)
    assert saved.status_code == 200
    assert "Connected to" in saved.text
    assert admin.connection("bigcommerce_acme") is not None


def test_a_channel_is_tested_wherever_its_connection_is_kept(admin: Person, store: SandboxProcess, site: Site) -> None:
    assert admin.open("/auth", **begun(admin, store)).status_code == 200
    tested = admin.send("/test", channel="acme")
    assert tested.status_code == 200
    assert said(tested).startswith("Connected to 'Sandbox Store' (")
    for part in ("plan Standard", "currency USD", "time zone", "may read products, inventory and orders"):
        assert part in said(tested)
    write_channel(site.home / "channels", "shadow", connection_id="bigcommerce_shadow")
    elsewhere = admin.send("/test", channel="shadow")
    assert elsewhere.status_code == 502
    assert said(elsewhere) == "there is no store with the hash 'othershop': correct store_hash in the connection."
    write_channel(site.home / "channels", "nothing", connection_id="bigcommerce_nothing")
    missing = admin.send("/test", channel="nothing")
    assert missing.status_code == 400
    assert "there is no Airflow connection 'bigcommerce_nothing'" in said(missing)
    assert admin.send("/test", channel="nowhere").status_code == 400
    store.revoke_token("sandbox-token")
    try:
        write_channel(site.home / "channels", "revoked", connection_id="bigcommerce_revoked")
        admin.api("POST", "connections", json={"connection_id": "bigcommerce_revoked", **revoked(store)})
        assert "the access token is wrong or was revoked" in said(admin.send("/test", channel="revoked"))
    finally:
        store.add_token("sandbox-token", DEFAULT_TOKENS["sandbox-token"])
        admin.api("DELETE", "connections/bigcommerce_revoked")


def test_a_channel_without_a_file_names_its_connection_and_its_store_is_known(
    admin: Person, store: SandboxProcess, site: Site
) -> None:
    with psycopg.connect(site.environment["AIRFLOW_CONN_STOREKEEPER_WAREHOUSE"], autocommit=True) as warehouse:
        warehouse.execute(
            "insert into ops.channel (channel, connection_id, store_hash)"
            " values ('gone', 'bigcommerce_kept', 'sandbox')"
        )
        try:
            assert "<code>bigcommerce_kept</code>" in admin.open("/").text
            form = {"store_hash": "sandbox", "channel": "acme", "client_id": "id", "host": store.root}
            saved = admin.send("/account", access_token="sandbox-token", **form)
            assert "Mind that this store is channel gone too" in saved.text
        finally:
            warehouse.execute("delete from ops.channel where channel = 'gone'")


def revoked(store: SandboxProcess) -> dict[str, Any]:
    given: dict[str, Any] = json.loads(connection(store.root))
    return {**given, "extra": json.dumps(given["extra"])}


def test_a_new_token_replaces_the_old_one(admin: Person, store: SandboxProcess) -> None:
    for _ in range(2):
        assert admin.open("/auth", **begun(admin, store)).status_code == 200
    assert admin.open("/auth", **begun(admin, store)).status_code == 200
    assert "connected" in admin.open("/").text


@pytest.mark.parametrize(
    "kept",
    [
        {"password": "kept", "extra": '{"store_hash": "other1"}'},
        {"password": "kept", "extra": "{}"},
        {"password": "kept", "extra": '{"store_hash": "sandbox"}', "host": "https://api.bigcommerce.com"},
        {"password": "kept", "conn_type": "http"},
    ],
)
def test_what_somebody_else_keeps_under_the_id_is_not_overwritten(
    admin: Person, store: SandboxProcess, kept: dict[str, str]
) -> None:
    mine = {"connection_id": "bigcommerce_acme", "conn_type": "bigcommerce", **kept}
    assert admin.api("POST", "connections", json=mine).status_code == 201
    for path in ("/begin", "/account"):
        form = {"store_hash": "sandbox", "channel": "acme", "client_id": "i", "access_token": "sandbox-token"}
        page = admin.send(path, host=store.root, **form)
        assert (page.status_code, "leads somewhere else" in said(page)) == (400, True), page.text


def test_a_refusal_does_not_cost_the_stores_living_token(admin: Person, site: Site, store: SandboxProcess) -> None:
    assert admin.open("/auth", **begun(admin, store)).status_code == 200
    taken = {"connection_id": "bigcommerce_taken", "conn_type": "http", "password": "kept"}
    admin.api("POST", "connections", json=taken)
    back = begun(admin, store, "second")
    del back["state"]
    form = {"code": back["code"], "scope": back["scope"], "context": back["context"]}
    page = admin.open("/auth", **back)
    assert admin.send("/confirm", token=form_token(page), channel="taken", **form).status_code == 400
    assert admin.send("/confirm", token=form_token(page), channel="second", **form).status_code == 200
    tokens = stored(site, "select conn_id, password from connection where conn_id in (?, ?)", "acme", "second")
    assert len(tokens) == 2
    assert admin.api("DELETE", "connections/bigcommerce_taken").status_code == 204


def stored(site: Site, query: str, *channels: str) -> list[Any]:
    """Rows of Airflow's own database."""
    with sqlite3.connect(site.home / "airflow.db") as database:
        return database.execute(query, tuple(f"bigcommerce_{channel}" for channel in channels)).fetchall()


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ("shadow", "comes from EnvironmentVariablesBackend"),
        ("filed", "comes from LocalFilesystemBackend"),
        ("garbled", "EnvironmentVariablesBackend, which Airflow asks before its database, cannot say"),
    ],
)
def test_an_id_that_is_found_before_airflows_database_is_refused(
    admin: Person, store: SandboxProcess, channel: str, told: str
) -> None:
    page = admin.send("/begin", store_hash="sandbox", channel=channel)
    assert page.status_code == 400
    assert told in said(page)


def test_the_apps_own_connection_is_no_channels(admin: Person, store: SandboxProcess) -> None:
    for path in ("/begin", "/account"):
        form = {"store_hash": "sandbox", "channel": "app", "client_id": "i", "access_token": "sandbox-token"}
        assert admin.send(path, host=store.root, **form).status_code == 400
    assert site_person_app(admin)["login"] == CLIENT


def site_person_app(person: Person) -> dict[str, Any]:
    found = person.connection("bigcommerce_app")
    assert found is not None
    return found


def test_what_bigcommerce_begins_is_confirmed_by_the_person_who_is_logged_in(
    admin: Person, store: SandboxProcess
) -> None:
    back = {name: value for name, value in begun(admin, store).items() if name != "state"}
    page = admin.open("/auth", **back)
    assert page.status_code == 200
    assert 'id="store">sandbox<' in page.text
    assert admin.connection("bigcommerce_acme") is None
    form = {"channel": "acme", "code": back["code"], "scope": back["scope"], "context": back["context"]}
    assert admin.send("/confirm", token=form_token(page), **form).status_code == 200
    assert admin.connection("bigcommerce_acme") is not None


# --- who must not get through ---


@pytest.mark.parametrize("path", ["/", "/auth?code=c&scope=s&context=stores/sandbox"])
@pytest.mark.parametrize(("name", "status"), [(None, 401), ("viewer", 403)])
def test_pages_are_for_people_who_may_edit_connections(site: Site, path: str, name: str | None, status: int) -> None:
    page = site.person(name).session.get(f"{site.root}/storekeeper{path}", timeout=30)
    assert page.status_code == status
    assert "form" not in page.text


def own_token(session: str, name: str) -> str:
    """The token that our page would have for that person's browser."""
    key = SECRETS["AIRFLOW__API__SECRET_KEY"].encode()
    return hmac.new(key, f"storekeeper form\0{session}\0{name}".encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("path", ["/begin", "/account", "/confirm", "/test"])
@pytest.mark.parametrize(("name", "status"), [(None, 401), ("viewer", 403)])
def test_forms_are_for_people_who_may_edit_connections(site: Site, path: str, name: str | None, status: int) -> None:
    person = site.person(name)
    session = "s" * 43
    person.session.cookies.set("storekeeper_session", session, domain="127.0.0.1", path="/")
    token = own_token(session, name or "")
    page = person.send(path, store_hash="sandbox", channel="acme", token=token)
    assert page.status_code == status
    assert "This form did not come from our own page" not in said(page)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "ftp://127.0.0.1"},
    ],
)
def test_a_form_from_elsewhere_is_refused(admin: Person, headers: dict[str, str]) -> None:
    answer = admin.send("/begin", headers=headers, store_hash="sandbox", channel="acme")
    assert answer.status_code == 403
    assert "did not come from our own page" in said(answer)


def test_a_form_with_the_token_of_another_browser_or_person_is_refused(admin: Person, site: Site) -> None:
    for other in (site.person("admin"), site.person("other")):
        stolen = form_token(other.open("/"))
        assert admin.send("/begin", token=stolen, store_hash="sandbox", channel="acme").status_code == 403
    for token in ("", "\u00e9", "x" * 64):
        assert admin.send("/begin", token=token, store_hash="sandbox", channel="acme").status_code == 403


def test_behind_a_proxy_the_address_that_airflow_is_told_counts(admin: Person) -> None:
    token = form_token(admin.open("/"))
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in admin.session.cookies)
    headers = {"Host": "internal.example:8080", "Cookie": cookies}
    sent = admin.send("/begin", headers=headers, token=token, store_hash="sandbox", channel="acme")
    assert sent.status_code == 303


def test_a_state_works_once(admin: Person, store: SandboxProcess) -> None:
    back = begun(admin, store)
    assert admin.open("/auth", **back).status_code == 200
    again = admin.open("/auth", **back)
    assert (again.status_code, said(again)) == (403, "this was not begun here, or is over: begin again.")


def test_a_code_works_once(admin: Person, store: SandboxProcess) -> None:
    back = begun(admin, store)
    assert admin.open("/auth", **back).status_code == 200
    del back["state"]
    page = admin.open("/auth", **back)
    form = {"channel": "acme", "code": back["code"], "scope": back["scope"], "context": back["context"]}
    again = admin.send("/confirm", token=form_token(page), **form)
    assert (again.status_code, said(again)) == (403, "this code was used before: begin again.")


@pytest.mark.parametrize("name", ["admin", "other"])
def test_a_state_of_another_browser_or_person_is_refused(
    admin: Person, site: Site, store: SandboxProcess, name: str
) -> None:
    back = begun(admin, store)
    page = site.person(name).open("/auth", **back)
    assert (page.status_code, said(page)) == (403, "this was begun by somebody else: begin again.")
    assert admin.connection("bigcommerce_acme") is None


@pytest.mark.parametrize("state", ["x", "' or 1=1 --", "A" * 199])
def test_a_state_that_nobody_began_is_refused(admin: Person, store: SandboxProcess, state: str) -> None:
    back = begun(admin, store)
    assert admin.open("/auth", **{**back, "state": state}).status_code == 403


@pytest.mark.parametrize(
    "context", ["stores/other", "stores/../x", "stores/a/b", "stores/A", "sandbox", "", "stores/", "stores/x?y=1"]
)
def test_a_context_of_another_store_is_refused(admin: Person, store: SandboxProcess, context: str) -> None:
    back = begun(admin, store)
    page = admin.open("/auth", **{**back, "context": context})
    assert page.status_code in (400, 403)
    assert admin.connection("bigcommerce_acme") is None


def test_fewer_scopes_than_are_needed_are_not_saved(admin: Person, store: SandboxProcess) -> None:
    sent = admin.send("/begin", store_hash="sandbox", channel="acme")
    address = sent.headers["location"].replace("store_inventory", "").replace("++", "+")
    page = admin.open("/auth", **query_of(consent(store, address)))
    assert page.status_code == 403
    assert "has not granted store_inventory" in said(page)
    assert admin.connection("bigcommerce_acme") is None


HOSTILE_HASHES = [
    "../x", "a/b", "a.b", "evil.example.com", "A", "", "a b", "a%2fb", "a\nb", "@evil", "a#", "a?b", "é", "a" * 65,
]  # fmt: skip


@pytest.mark.parametrize("store_hash", HOSTILE_HASHES)
def test_a_store_hash_that_is_none_is_refused(admin: Person, store_hash: str) -> None:
    assert admin.send("/begin", store_hash=store_hash, channel="acme").status_code == 400


@pytest.mark.parametrize("channel", ["../x", "a/b", "A", "1a", "a b", "", "a.yaml", "a" * 42, "<script>"])
def test_a_channel_name_that_is_none_is_refused(admin: Person, site: Site, channel: str) -> None:
    answer = admin.send("/begin", store_hash="sandbox", channel=channel)
    assert answer.status_code == 400
    assert "<script>" not in answer.text
    assert list((site.home / "channels").iterdir()) == []


HOSTILE_HOSTS = [
    "http://evil.example.com", "https://evil.example.com", "https://api.bigcommerce.com.evil.example.com",
    "https://api.bigcommerce.com@evil.example.com", "https://evil.example.com/api.bigcommerce.com",
    "https://evil.example.com?api.bigcommerce.com", "https://evil.example.com#api.bigcommerce.com",
    "http://api.bigcommerce.com", "https://api.bigcommerce.com:8443", "ftp://api.bigcommerce.com",
    "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "//evil.example.com", "http://169.254.169.254",
    "http://[fd00::1]", "http://0x7f.1", "http://2130706433", "http://0177.0.0.1", "http://10.0.0.1",
    "http://192.168.1.1", "http://localhost.evil.example.com", "http://127.0.0.1.evil.example.com",
    "https://API.bigcommerce.com.", "gopher://127.0.0.1", "http://127.0.0.1@evil.example.com", "http://evil.example.com:80",
    "https://login.bigcommerce.com", "http://[::ffff:10.0.0.1]", "https://api.bigcommerce.com/../x", "http:////evil.example.com",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
def test_an_api_address_that_is_not_bigcommerces_is_refused(admin: Person, host: str) -> None:
    form = {"store_hash": "sandbox", "channel": "acme", "client_id": "id", "access_token": "canary-token-7"}
    answer = admin.send("/account", host=host, **form)
    assert answer.status_code == 400, answer.text
    assert "canary-token-7" not in answer.text
    assert admin.connection("bigcommerce_acme") is None


# --- what BigCommerce signs ---


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    plain = {
        "aud": CLIENT, "iss": "bc", "iat": now, "nbf": now - 5, "exp": now + 86400, "jti": "j", "sub": "stores/sandbox",
        "user": {"id": 7, "email": "a@example.com"}, "owner": {"id": 7, "email": "a@example.com"}, "url": "/",
    }  # fmt: skip
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


def signed(key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm)


def broken(token: str) -> str:
    header, payload, signature = token.split(".")
    return f"{header}.{payload}.{signature[::-1]}"


FORGED = {
    "another secret": lambda: signed("another-secret-of-thirty-two-characters!"),
    "no secret": lambda: signed("", "none"),
    "none with a signature": lambda: signed("", "none") + "x",
    "another algorithm": lambda: signed(SECRET, "HS384"),
    "another audience": lambda: signed(aud="app-2"),
    "several audiences": lambda: signed(aud=[CLIENT, "app-2"]),
    "no audience": lambda: signed(aud=None),
    "another issuer": lambda: signed(iss="evil"),
    "no issuer": lambda: signed(iss=None),
    "expired": lambda: signed(exp=int(time.time()) - 120),
    "no end": lambda: signed(exp=None),
    "not yet": lambda: signed(nbf=int(time.time()) + 3600),
    "of tomorrow": lambda: signed(iat=int(time.time()) + 86400, nbf=None),
    "no store": lambda: signed(sub=None),
    "a store that is none": lambda: signed(sub="stores/../x"),
    "a host for a store": lambda: signed(sub="https://evil.example.com"),
    "a broken signature": lambda: broken(signed()),
    "no token": lambda: "x",
    "empty parts": lambda: "..",
    "a user that is none": lambda: signed(user="root"),
}


@pytest.mark.parametrize("path", ["/load", "/uninstall", "/remove_user"])
@pytest.mark.parametrize("kind", FORGED)
def test_what_is_not_signed_for_us_is_refused(site: Site, path: str, kind: str) -> None:
    page = site.person(None).open(path, signed_payload_jwt=FORGED[kind]())
    assert page.status_code == 403, page.text
    assert "what claims to be signed by BigCommerce is not" in said(page)


def test_what_bigcommerce_signs_is_believed_without_a_login(
    forks: Forks, admin: Person, site: Site, store: SandboxProcess
) -> None:
    assert admin.open("/auth", **begun(admin, store)).status_code == 200
    nobody = site.person(None)
    assert nobody.open("/load", signed_payload_jwt=signed()).status_code == 200
    assert nobody.open("/remove_user", signed_payload_jwt=signed(user={"id": 9})).status_code == 200
    assert nobody.open("/uninstall", signed_payload_jwt=signed(user={"id": 9})).status_code == 403
    assert "uninstalled" not in admin.open("/").text
    once = signed()
    assert nobody.open("/uninstall", signed_payload_jwt=once).status_code == 200
    assert "the app was uninstalled in the store" in admin.open("/").text
    assert stored(site, "select password from connection where conn_id = ?", "acme") == [(None,)]
    assert "the app was uninstalled in the store" in run_says(forks, site, "import_listings__acme")
    assert admin.open("/auth", **begun(admin, store)).status_code == 200
    assert "uninstalled" not in admin.open("/").text
    assert nobody.open("/uninstall", signed_payload_jwt=once).status_code == 403
    early = int(time.time()) - 600
    assert nobody.open("/uninstall", signed_payload_jwt=signed(iat=early, nbf=None)).status_code == 200
    assert "uninstalled" not in admin.open("/").text, "what was signed before it was connected says nothing of it"


def run_says(forks: Forks, site: Site, dag_id: str) -> str:
    """What a run of the channel ends with."""
    run = forks.airflow("dags", "test", dag_id, environment=site.environment, log=site.home / "run.log")
    assert run.wait() != 0
    return run.said()


# --- what our pages keep to themselves ---


def test_only_bigcommerces_control_panel_may_frame_what_it_shows(admin: Person, site: Site) -> None:
    public = site.person(None).open("/load", signed_payload_jwt=signed()).headers["content-security-policy"]
    assert public.endswith("frame-ancestors https://*.mybigcommerce.com https://*.bigcommerce.com")
    own = admin.open("/").headers
    assert admin.open("/nothing").headers["content-security-policy"].endswith("frame-ancestors 'none'")
    assert own["content-security-policy"].endswith("frame-ancestors 'self'")
    assert (own["referrer-policy"], own["cache-control"]) == ("same-origin", "no-store")


def test_every_value_on_a_page_is_escaped() -> None:
    from storekeeper.web.pages import page

    hostile = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"""
    store = dict.fromkeys(("channel", "store", "connection_id", "state"), hostile)
    for name in ("stores", "confirm", "connected", "notice"):
        values = dict.fromkeys(
            ("app_connection", "scopes", "token", "store_hash", "channel", "code", "scope", "context", "connection_id",
             "file", "content", "home", "said"),
            hostile,
        )  # fmt: skip
        made = {
            "stores": [{**store, "bad": True, "is_set": True}],
            "lines": [hostile],
            "saved": False,
            "there": True,
            "app": True,
        }
        text = bytes(page(name, **values, **made).body).decode()
        assert "&lt;script&gt;" in text
        assert "{{ 7 * 7 }}" in text
        for sign in ("<script", "<img", "\"'>"):
            assert sign not in text, (name, sign)
        policy = page(name, **values, **made).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'")


def test_no_token_or_secret_shows_anywhere(admin: Person, site: Site, store: SandboxProcess) -> None:
    back = begun(admin, store)
    page = admin.open("/auth", **back)
    form = {"store_hash": "sandbox", "channel": "acme", "client_id": "id", "host": store.root}
    saved = admin.send("/account", access_token="sandbox-token", client_secret="canary-secret-9", **form)
    site.person(None).open("/load", signed_payload_jwt=(canary := signed()))
    shown = [page.text, saved.text, admin.open("/").text, str(admin.connection("bigcommerce_acme")), site.log()]
    for secret in (SECRET, "sandbox-token", "canary-secret-9", back["code"], back["state"]):
        assert [place for place, text in enumerate(shown) if secret in text] == [], secret
    assert canary not in site.log()
    database = (site.home / "airflow.db").read_bytes()
    assert b"canary-secret-9" not in database
    assert SECRET.encode() not in database


def test_what_shows_a_stores_access_shows_neither_token_nor_secret() -> None:
    from storekeeper.web.stored_connections import Access

    shown = repr(Access("abc123", "canary-token", "app-1", "canary-secret", "", "account"))
    assert "abc123" in shown
    assert "canary" not in shown


def test_a_directory_that_cannot_be_written_shows_the_file_instead(
    admin: Person, site: Site, store: SandboxProcess
) -> None:
    channels = site.home / "channels"
    (channels / "acme.yaml").write_text("channel: acme\n")
    page = admin.open("/auth", **begun(admin, store))
    assert "a file of that name is there already" in page.text
    assert "connection_id: bigcommerce_acme" in page.text
    assert (channels / "acme.yaml").read_text() == "channel: acme\n"


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")
def test_a_merchant_connects_a_store_in_the_browser_and_imports_it(
    forks: Forks, admin: Person, site: Site, store: SandboxProcess, tmp_path: Path
) -> None:
    with Browser(tmp_path) as browser:
        browser.open(f"{site.root}/")
        browser.wait_for("document.querySelectorAll('input').length >= 2")
        browser.type("input:not([type=password])", "admin")
        browser.type("input[type=password]", PASSWORDS["admin"])
        browser.click("form button, button[type=submit], button")
        browser.wait_for("!location.pathname.startsWith('/auth')")
        browser.open(f"{site.root}/storekeeper/")
        browser.type("#app input[name=store_hash]", "sandbox")
        browser.type("#app input[name=channel]", "acme")
        browser.click("#app button")
        browser.wait_for("document.querySelector('button[name=decision][value=confirm]')")
        assert browser.script("location.origin") == store.root
        browser.click("button[name=decision][value=confirm]")
        browser.wait_for("document.querySelector('#connected')")
        assert browser.script("document.referrer") in ("", f"{store.root}/")
        assert "Sandbox Store" in browser.script("document.body.innerText")
        browser.screenshot("connected")
        browser.open(f"{site.root}/connections")
        browser.click("[aria-label='Test Connection']")
        browser.wait_for("document.body.innerText.includes('Sandbox Store')")
        browser.screenshot("tested")
    command = ("dags", "test", "import_listings__acme")
    run = forks.airflow(*command, environment=site.environment, log=tmp_path / "import.log")
    assert run.wait() == 0, run.said()[-3000:]
    assert "import_listings of channel 'acme': success" in run.said()
    (site.home / "channels" / "acme.yaml").unlink()
    page = admin.open("/").text
    assert "its file is gone: nothing runs, its data stay" in page
    assert "Sandbox Store (sandbox)" in page
    with psycopg.connect(site.environment["AIRFLOW_CONN_STOREKEEPER_WAREHOUSE"]) as warehouse:
        assert warehouse.execute("select count(*) from mart.listings where channel = 'acme'").fetchone() == (3,)
