"""BigCommerce's side of OAuth: consent, codes, tokens, and the signed payloads an app gets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
SECRET = "c1a0" * 16
SCOPES = ["store_v2_products", "store_v2_orders", "store_inventory", "store_v2_information_read_only"]
APP = {
    "client_id": "app-1",
    "client_secret": SECRET,
    "name": "Storekeeper",
    "redirect_uri": "http://127.0.0.1:9/auth?from=bc",
    "load_uri": "http://127.0.0.1:9/load",
    "uninstall_uri": "http://127.0.0.1:9/uninstall",
    "scopes": SCOPES,
}
CONTEXT = "stores/sandbox"
HOSTILE = """"><script>alert('x')</script>&{0}"""


@pytest.fixture(autouse=True)
def registered(store: SandboxProcess) -> None:
    store.reset()
    store.register_app(**APP)


class Form(HTMLParser):
    """The form of a page, as a browser takes it in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.action = ""
        self.fields: dict[str, str] = {}
        self.buttons: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        known = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.action = known["action"]
        elif tag == "input":
            self.fields[known["name"]] = known["value"]
        elif tag == "button":
            self.buttons.append(known["value"])

    def handle_data(self, data: str) -> None:
        self.text += data


def get(store: SandboxProcess, path: str, **query: str) -> requests.Response:
    return requests.get(store.root + path, params=query, timeout=10, allow_redirects=False)


def submit(store: SandboxProcess, page: requests.Response, decision: str = "confirm") -> requests.Response:
    assert page.status_code == 200, page.text
    form = Form(page.text)
    body = form.fields | {"decision": decision}
    return requests.post(store.root + form.action, data=body, timeout=10, allow_redirects=False)


def brought(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(APP["redirect_uri"])
    pairs = parse_qsl(urlsplit(answer.headers["Location"]).query, strict_parsing=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def installed(store: SandboxProcess, **query: str) -> dict[str, str]:
    """What the app's callback gets from a merchant who says yes."""
    return brought(submit(store, get(store, "/app/app-1/install", **query)))


def token_body(callback: dict[str, str], **changes: str) -> dict[str, str]:
    body = {name: callback[name] for name in ("code", "scope", "context")}
    body |= {"client_id": "app-1", "client_secret": SECRET, "grant_type": "authorization_code"}
    return body | {"redirect_uri": str(APP["redirect_uri"])} | changes


def exchange(store: SandboxProcess, callback: dict[str, str], **changes: str) -> requests.Response:
    return requests.post(f"{store.root}/oauth2/token", json=token_body(callback, **changes), timeout=10)


def granted(store: SandboxProcess, **query: str) -> Json:
    answer = exchange(store, installed(store, **query))
    assert answer.status_code == 200, answer.text
    token: Json = answer.json()
    return token


def works(store: SandboxProcess, token: str) -> bool:
    return store.request("GET", PRODUCTS, token=token).status_code == 200


def refused(answer: requests.Response, status: int, error: str, hint: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.json()["error"] == error
    assert hint in answer.json()["error_description"]


def authorize_query(**changes: str) -> dict[str, str]:
    query = {"client_id": "app-1", "redirect_uri": str(APP["redirect_uri"]), "response_type": "code"}
    return query | {"scope": " ".join(SCOPES), "context": CONTEXT} | changes


# Consent


def test_the_consent_page_names_app_store_and_scopes(store: SandboxProcess) -> None:
    store.configure(name="Jane's Shop")
    page = get(store, "/app/app-1/install")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    form = Form(page.text)
    for text in ("Storekeeper", "Jane's Shop", CONTEXT, *SCOPES):
        assert text in form.text
    assert form.buttons == ["confirm", "cancel"]
    assert form.fields == {"context": CONTEXT}


def test_a_yes_sends_the_browser_to_the_app_with_a_code(store: SandboxProcess) -> None:
    callback = installed(store)
    assert callback.keys() == {"from", "code", "scope", "context", "account_uuid"}
    assert callback["from"] == "bc"
    assert (callback["scope"], callback["context"]) == (" ".join(SCOPES), CONTEXT)
    assert installed(store)["code"] != callback["code"]


def test_the_code_buys_a_token_that_works_at_once(store: SandboxProcess) -> None:
    callback = installed(store, context=CONTEXT)
    answer = exchange(store, callback)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()
    assert token.pop("user") == {"id": 24654, "username": "jane.doe@example.com", "email": "jane.doe@example.com"}
    assert token.pop("owner")["id"] == 24654
    assert works(store, token.pop("access_token"))
    assert token == {"scope": " ".join(SCOPES), "context": CONTEXT, "account_uuid": callback["account_uuid"]}
    effects = [(each["kind"], each["id"]) for each in store.effects()]
    assert effects == [("app.installed", "app-1")]


def test_a_no_to_an_installation_leaves_the_browser_where_it_is(store: SandboxProcess) -> None:
    answer = submit(store, get(store, "/app/app-1/install"), "cancel")
    assert answer.status_code == 200
    assert "was not installed" in answer.text


def test_authorize_asks_the_same_and_a_no_goes_back_to_the_app(store: SandboxProcess) -> None:
    page = get(store, "/oauth2/authorize", **authorize_query(state="s 1"))
    assert Form(page.text).text.split() == Form(get(store, "/app/app-1/install").text).text.split()
    callback = brought(submit(store, page))
    assert callback["state"] == "s 1"
    assert works(store, exchange(store, callback).json()["access_token"])
    denial = brought(submit(store, page, "cancel"))
    assert (denial["error"], denial["state"]) == ("access_denied", "s 1")
    assert "code" not in denial


def test_authorize_may_ask_for_less_than_the_app_has(store: SandboxProcess) -> None:
    page = get(store, "/oauth2/authorize", **authorize_query(scope="store_v2_information_read_only"))
    callback = brought(submit(store, page))
    assert callback["scope"] == "store_v2_information_read_only"
    token = exchange(store, callback).json()["access_token"]
    assert store.request("GET", "/v2/store", token=token).status_code == 200
    assert store.request("GET", PRODUCTS, token=token).status_code == 403


@pytest.mark.parametrize("path", ["/app/app-1/install", "/oauth2/authorize"])
@pytest.mark.parametrize(("knob", "comes_back"), [("always", True), ("never", False)])
def test_the_state_comes_back_where_one_was_given(
    store: SandboxProcess, path: str, knob: str, comes_back: bool
) -> None:
    store.configure(returns_state=knob)
    query = authorize_query() if "authorize" in path else {}
    assert "state" not in brought(submit(store, get(store, path, **query)))
    given = 'a&b=c#d"é\r\n+'
    callback = brought(submit(store, get(store, path, **query, state=given)))
    assert callback.get("state") == (given if comes_back else None)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/app/unknown/install", {}, 404),
        ("/app/app-1/install", {"context": "stores/other"}, 404),
        ("/app/app-1/install", {"context": "stores/sandbox/../other"}, 404),
        ("/oauth2/authorize", authorize_query(client_id="unknown"), 404),
        ("/oauth2/authorize", authorize_query(context="stores/other"), 404),
        ("/oauth2/authorize", authorize_query(redirect_uri="http://127.0.0.1:9/auth"), 400),
        ("/oauth2/authorize", authorize_query(redirect_uri="https://evil.example/auth?from=bc"), 400),
        ("/oauth2/authorize", authorize_query(redirect_uri="http://127.0.0.1:9/auth?from=bc#"), 400),
        ("/oauth2/authorize", {"client_id": "app-1", "response_type": "code"}, 400),
        ("/oauth2/authorize", authorize_query(response_type="token"), 400),
        ("/oauth2/authorize", authorize_query(scope="store_v2_customers"), 400),
    ],
)
def test_what_is_wrong_ends_on_a_page_and_never_redirects(
    store: SandboxProcess, path: str, query: dict[str, str], status: int
) -> None:
    asked = get(store, path, **query)
    for decision in ("confirm", "cancel"):
        body = query | {"decision": decision}
        decided = requests.post(store.root + path, data=body, timeout=10, allow_redirects=False)
        for answer in (asked, decided):
            assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
            assert "Location" not in answer.headers
            assert "form" not in Form(answer.text).tags


def test_a_parameter_given_twice_is_refused(store: SandboxProcess) -> None:
    query = urlencode(authorize_query()) + "&redirect_uri=https%3A%2F%2Fevil.example%2F"
    assert get(store, f"/oauth2/authorize?{query}").status_code == 400
    body = urlencode({"decision": "cancel"}) + "&decision=confirm"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert requests.post(f"{store.root}/app/app-1/install", body, headers=kind, timeout=10).status_code == 400


def test_no_decision_is_no_consent(store: SandboxProcess) -> None:
    answer = requests.post(f"{store.root}/app/app-1/install", data={}, timeout=10, allow_redirects=False)
    assert answer.status_code == 400


def test_every_value_on_a_page_is_escaped(store: SandboxProcess) -> None:
    plain = Form(get(store, "/app/app-1/install").text)
    store.register_app(**APP | {"name": HOSTILE})
    store.configure(name=HOSTILE)
    page = get(store, "/app/app-1/install", state=HOSTILE)
    form = Form(page.text)
    assert "<script" not in page.text
    assert form.tags == [*plain.tags[: plain.tags.index("input")], "input", *plain.tags[plain.tags.index("input") :]]
    assert form.fields["state"] == HOSTILE
    assert form.text.count(HOSTILE) == 4
    assert installed(store, state=HOSTILE)["state"] == HOSTILE
    refusals = [
        get(store, "/app/app-1/install", context=HOSTILE),
        get(store, "/oauth2/authorize", **authorize_query(redirect_uri=HOSTILE)),
        get(store, f"/app/app-1/install?{urlencode({HOSTILE: 1})}&{urlencode({HOSTILE: 2})}"),
        submit(store, page, "cancel"),
    ]
    assert [answer.status_code for answer in refusals] == [404, 400, 400, 200]
    for answer in refusals:
        assert "<script" not in answer.text
        assert Form(answer.text).tags == ["html", "head", "meta", "title", "style", "body", "main", "h1", "p"]


# The token call


@pytest.mark.parametrize(
    ("changes", "status", "error", "hint"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", "secret"),
        ({"client_secret": "wröng"}, 401, "invalid_client", "secret"),
        ({"client_id": "unknown"}, 401, "invalid_client", "client id"),
        ({"client_id": "app-2"}, 400, "invalid_grant", "not one of this app"),
        ({"code": "made-up"}, 400, "invalid_grant", "not one of this app"),
        ({"context": "stores/other"}, 400, "invalid_grant", "another context"),
        ({"redirect_uri": "http://127.0.0.1:9/auth"}, 400, "invalid_grant", "redirect_uri"),
        ({"scope": "store_v2_products"}, 400, "invalid_scope", "agreed"),
        ({"scope": " ".join([*SCOPES, "store_v2_customers"])}, 400, "invalid_scope", "agreed"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type", "authorization_code"),
        ({"code": ""}, 400, "invalid_request", "Missing: code."),
        ({"client_id": "", "context": ""}, 400, "invalid_request", "Missing: client_id, context."),
    ],
)
def test_a_wrong_token_call_is_refused_and_leaves_the_code_as_it_was(
    store: SandboxProcess, changes: dict[str, str], status: int, error: str, hint: str
) -> None:
    store.register_app(**APP | {"client_id": "app-2"})
    tokens = store.admin("tokens")
    callback = installed(store)
    refused(exchange(store, callback, **changes), status, error, hint)
    assert store.admin("tokens") == tokens
    assert exchange(store, callback).status_code == 200


def test_a_body_that_cannot_be_read_is_refused(store: SandboxProcess) -> None:
    body = token_body(installed(store))
    for kind, sent in {
        "application/json": json.dumps(body)[:-1],
        "application/json; charset=utf-8": json.dumps([body]),
        "text/plain": json.dumps(body),
        "application/x-www-form-urlencoded": f"{urlencode(body)}&code=other",
    }.items():
        answer = requests.post(f"{store.root}/oauth2/token", sent, headers={"Content-Type": kind}, timeout=10)
        refused(answer, 400, "invalid_request", "")
    number = requests.post(f"{store.root}/oauth2/token", json=body | {"code": 1}, timeout=10)
    refused(number, 400, "invalid_request", "code must be a string")


def test_a_form_and_scopes_in_another_order_do_as_well(store: SandboxProcess) -> None:
    body = token_body(installed(store), scope=" ".join(reversed(SCOPES)))
    answer = requests.post(f"{store.root}/oauth2/token", data=body, timeout=10)
    assert answer.status_code == 200
    assert works(store, answer.json()["access_token"])


def test_a_code_works_once(store: SandboxProcess) -> None:
    callback = installed(store)
    token = exchange(store, callback).json()["access_token"]
    refused(exchange(store, callback), 400, "invalid_grant", "used before")
    assert works(store, token)


@pytest.mark.parametrize(("seconds_later", "status"), [(50, 200), (61, 400)])
def test_a_code_expires_after_a_minute(store: SandboxProcess, seconds_later: int, status: int) -> None:
    callback = installed(store)
    store.configure(clock_offset_seconds=seconds_later)
    answer = exchange(store, callback)
    assert answer.status_code == status
    if status == 400:
        refused(answer, 400, "invalid_grant", "expired")


def test_a_new_token_ends_the_former_one_of_the_same_app(store: SandboxProcess) -> None:
    other = {"client_id": "app-2", "client_secret": "another"}
    store.register_app(**APP | other)
    callback = brought(submit(store, get(store, "/app/app-2/install")))
    others = exchange(store, callback, **other).json()["access_token"]
    first, second = granted(store)["access_token"], granted(store)["access_token"]
    assert first != second
    assert [works(store, token) for token in (first, second, others, "sandbox-token")] == [False, True, True, True]


def test_a_new_token_can_leave_the_former_one_alone(store: SandboxProcess) -> None:
    store.configure(replaces_token=False)
    first, second = granted(store)["access_token"], granted(store)["access_token"]
    assert [works(store, token) for token in (first, second)] == [True, True]
    store.configure(replaces_token=True)
    third = granted(store)["access_token"]
    assert [works(store, token) for token in (first, second, third)] == [False, False, True]


def test_a_token_holds_the_scopes_that_were_agreed_to(store: SandboxProcess) -> None:
    store.register_app(**APP | {"scopes": ["store_v2_products_read_only"]})
    token = granted(store)["access_token"]
    assert works(store, token)
    assert store.request("DELETE", f"{PRODUCTS}?id:in=77", token=token).status_code == 403
    assert store.request("GET", "/v2/store", token=token).status_code == 403


def test_the_login_address_has_no_quota_and_is_counted_apart(store: SandboxProcess) -> None:
    store.configure(quota=1)
    for _ in range(2):
        callback = installed(store)
        answer = exchange(store, callback)
        assert answer.status_code == 200
        assert "X-Rate-Limit-Requests-Left" not in answer.headers
    assert store.requests_by_route() == {
        "GET /app/{client_id}/install": {"200": 2},
        "POST /app/{client_id}/install": {"302": 2},
        "POST /oauth2/token": {"200": 2},
    }
    assert store.request("GET", "/app/app-1/install").status_code == 404


def test_other_methods_and_paths_are_refused(store: SandboxProcess) -> None:
    assert get(store, "/oauth2/token").status_code == 405
    assert get(store, "/oauth2/revoke").status_code == 404


def test_faults_strike_the_token_call(store: SandboxProcess) -> None:
    store.fault("status", status=503, route="/oauth2/token", method="POST", nth=1)
    store.fault("lost_answer", route="/oauth2/token", nth=2)
    callback = installed(store)
    assert exchange(store, callback).status_code == 503
    with pytest.raises(requests.ConnectionError):
        exchange(store, callback)
    refused(exchange(store, callback), 400, "invalid_grant", "used before")


def test_the_login_address_is_not_held_to_the_stores_specification(tmp_path: Path) -> None:
    (tmp_path / "empty.yml").write_text("paths: {}\n")
    with SandboxProcess(products=5, openapi=tmp_path) as checked:
        checked.register_app(**APP)
        assert works(checked, granted(checked)["access_token"])
        assert [each["path"] for each in checked.violations()] == [PRODUCTS]


# State


def test_apps_codes_and_tokens_are_part_of_the_state(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with SandboxProcess(products=5, state=file) as first:
        first.register_app(**APP)
        token, callback = granted(first)["access_token"], installed(first)
        first.snapshot()
        assert exchange(first, callback).status_code == 200
        first.register_app(**APP | {"client_secret": "changed"})
        first.reset()
        assert works(first, token)
        assert first.stop() == 0
    with SandboxProcess(products=5, state=file) as second:
        assert [app["client_secret"] for app in second.admin("apps")] == [SECRET]
        assert exchange(second, callback).status_code == 200
        assert not works(second, token)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "a/b"},
        {"client_id": ""},
        {"client_secret": ""},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "/auth"},
        {"redirect_uri": "http://127.0.0.1/auth\r\nSet-Cookie: a=b"},
        {"redirect_uri": "http://127.0.0.1/auth\n"},
        {"redirect_uri": "http://127.0.0.1/auth#there"},
        {"scopes": []},
        {"scopes": ["two scopes"]},
        {"sope": "store_v2_products"},
    ],
)
def test_an_app_that_cannot_be_is_not_registered(store: SandboxProcess, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="422"):
        store.register_app(**APP | changes)


# Signed payloads


def decoded(segment: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def signature_of(token: str, secret: str, digest: str = "sha256") -> str:
    """What the signature must be, worked out without the library that made the token."""
    signing_input = token.rpartition(".")[0].encode()
    made = hmac.new(secret.encode(), signing_input, getattr(hashlib, digest)).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


@pytest.mark.parametrize("kind", ["load", "uninstall", "remove_user"])
def test_a_payload_is_signed_as_bigcommerce_signs_it(store: SandboxProcess, kind: str) -> None:
    store.configure(clock_offset_seconds=1000)
    payload = store.sign("app-1", kind)
    header, claims, signature = payload["signed_payload_jwt"].split(".")
    assert signature == signature_of(payload["signed_payload_jwt"], SECRET)
    assert decoded(header) == {"alg": "HS256", "typ": "JWT"}
    held = decoded(claims)
    assert held == payload["claims"]
    assert abs(held["iat"] - time.time() - 1000) < 10
    assert held["nbf"] <= held["iat"]
    assert held["exp"] - held["iat"] == 24 * 3600
    assert len(held.pop("jti")) == 36
    assert {name: held[name] for name in held if name not in ("iat", "nbf", "exp")} == {
        "aud": "app-1",
        "iss": "bc",
        "sub": CONTEXT,
        "user": {"id": 24654, "email": "jane.doe@example.com", "locale": "en-US"},
        "owner": {"id": 24654, "email": "jane.doe@example.com"},
        "url": "/",
        "channel_id": None,
    }
    uri = APP.get(f"{kind}_uri")
    assert payload["url"] == (uri and f"{uri}?signed_payload_jwt={payload['signed_payload_jwt']}")
    assert store.sign("app-1", kind)["claims"]["jti"] != payload["claims"]["jti"]


def test_a_payload_can_be_forged(store: SandboxProcess) -> None:
    def forged(**wanted: object) -> tuple[Any, Any, str, str]:
        token = store.sign("app-1", "load", **wanted)["signed_payload_jwt"]
        header, claims, signature = token.split(".")
        return decoded(header), decoded(claims), signature, token

    _, claims, signature, token = forged(user_id=7, claims={"aud": ["x", "y"], "exp": "soon"}, without=["iss", "nbf"])
    assert (claims["aud"], claims["exp"], claims["user"]["email"]) == (["x", "y"], "soon", "user-7@example.com")
    assert not {"iss", "nbf"} & claims.keys()
    assert signature == signature_of(token, SECRET)
    header, _, signature, _ = forged(header={"alg": "none"})
    assert (header["alg"], signature) == ("none", "")
    header, _, signature, _ = forged(header={"alg": "nOnE"}, signature="")
    assert (header["alg"], signature) == ("nOnE", "")
    header, _, signature, token = forged(header={"alg": "RS256", "kid": "../../dev/null"})
    assert header == {"alg": "RS256", "kid": "../../dev/null", "typ": "JWT"}
    assert signature == signature_of(token, SECRET)
    _, _, signature, token = forged(header={"alg": "HS512"})
    assert signature == signature_of(token, SECRET, "sha512")
    _, _, signature, token = forged(secret="guessed")
    assert signature == signature_of(token, "guessed")


def test_an_unknown_app_or_kind_is_not_signed_for(store: SandboxProcess) -> None:
    with pytest.raises(ValueError, match="404"):
        store.sign("unknown", "load")
    for wanted in ({"kind": "install"}, {"alg": "none"}, {"secret": ""}, {"header": {"alg": ["HS256"]}}):
        with pytest.raises(ValueError, match="422"):
            store.sign("app-1", **{"kind": "load"} | wanted)


@contextmanager
def listening_app(store: SandboxProcess) -> Iterator[tuple[str, list[str]]]:
    """An app that asks the store for the time before it answers a call."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            time_call = requests.get(f"{store.url}/v2/time", headers={"X-Auth-Token": "sandbox-token"}, timeout=5)
            self.send_response(302 if "away" in self.path else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(f"store: {time_call.status_code}".encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", calls
        server.shutdown()


def test_the_store_calls_the_app(store: SandboxProcess) -> None:
    with listening_app(store) as (address, calls):
        store.register_app(**APP | {"load_uri": f"{address}/load?lang=en", "remove_user_uri": f"{address}/away"})
        loaded = store.sign("app-1", "load", call=True)
        assert (loaded["answer"]["status"], loaded["answer"]["body"]) == (200, "store: 200")
        removed = store.sign("app-1", "remove_user", user_id=7, call=True)
        assert removed["answer"]["status"] == 302
        assert calls == [
            f"/load?lang=en&signed_payload_jwt={loaded['signed_payload_jwt']}",
            f"/away?signed_payload_jwt={removed['signed_payload_jwt']}",
        ]


def test_an_app_that_does_not_listen_is_said_to_be_silent(store: SandboxProcess) -> None:
    called = store.sign("app-1", "load", call=True)
    assert (called["answer"], called["error"]) == (None, "ConnectionError")
    with pytest.raises(ValueError, match="remove_user_uri"):
        store.sign("app-1", "remove_user", call=True)


def test_an_uninstall_ends_the_apps_tokens_unless_it_is_forged_or_only_signed(store: SandboxProcess) -> None:
    store.configure(replaces_token=False)
    tokens = [granted(store)["access_token"] for _ in range(2)]
    store.sign("app-1", "uninstall")
    store.sign("app-1", "uninstall", secret="guessed", call=True)
    assert [works(store, token) for token in tokens] == [True, True]
    store.sign("app-1", "uninstall", call=True)
    assert [works(store, token) for token in tokens] == [False, False]
    assert works(store, "sandbox-token")
    assert [each["kind"] for each in store.effects()] == ["app.installed", "app.installed", "app.uninstalled"]
