"""What a client never says, never takes from its surroundings and never lets into a URL."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
import urllib3

from storekeeper.bigcommerce.client import Answer, Patience, StoreClient
from storekeeper.outcomes import NotNow, StoreError

PRODUCTS = "https://api.bigcommerce.com/stores/abc123/v3/catalog/products"
TOKEN, VALUE, BODY = "canary-token", "canary-value", "canary-body"
URL = f"/stores/abc123/v3/catalog/products?sku={VALUE}"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def client(token: str = TOKEN, **patience: Any) -> StoreClient:
    quick = {"attempts": 2, "backoff": 0.001, "backoff_most": 0.002, "throttled_most": 1.0, **patience}
    return StoreClient("https://api.bigcommerce.com", "abc123", token, patience=Patience(**quick))


def read(store: StoreClient) -> Answer:
    return store.get("/v3/catalog/products", {"sku": VALUE})


def write(store: StoreClient) -> Answer:
    return store.write("POST", "/v3/catalog/products", {"name": BODY}, {"sku": VALUE}, check=time.monotonic)


def _lost(reason: Exception) -> requests.exceptions.ConnectionError:
    """As requests says it: with the whole URL in the message."""
    return requests.exceptions.ConnectionError(urllib3.exceptions.MaxRetryError(None, URL, reason))  # type: ignore[arg-type]


FAILURES: dict[str, dict[str, Any]] = {
    "refused": {"body": _lost(urllib3.exceptions.NewConnectionError(None, f"refused {URL}"))},  # type: ignore[arg-type]
    "reset": {"body": _lost(urllib3.exceptions.ProtocolError(f"reset {URL}"))},
    "timeout": {"body": requests.exceptions.ReadTimeout(f"slow {URL}")},
    "an unknown failure": {"body": requests.exceptions.RequestException(f"{TOKEN} {URL} {BODY}")},
    "an error page": {"status": 502, "body": f"<p>{BODY} {URL}</p>", "content_type": "text/html"},
    "a page with 200": {"status": 200, "body": f"<p>{BODY} {URL}</p>", "content_type": "text/html"},
    "broken JSON": {"status": 200, "body": f'{{"{BODY}', "content_type": "application/json"},
    "a redirect": {"status": 302, "headers": {"Location": f"https://evil.example/?{VALUE}"}, "body": BODY},
    "throttled": {"status": 429, "headers": {"X-Rate-Limit-Time-Reset-Ms": "9999"}, "body": BODY},
    "revoked": {"status": 401, "body": BODY},
    "forbidden": {"status": 403, "json": {"detail": BODY}},
    "not valid": {"status": 422, "json": {"detail": BODY, "data": {"name": BODY}}},
}


@pytest.mark.parametrize("call", [read, write])
@pytest.mark.parametrize("failure", FAILURES)
def test_neither_a_traceback_nor_any_library_s_log_shows_token_value_or_body(
    web: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    failure: str,
    call: Callable[[StoreClient], Answer],
) -> None:
    caplog.set_level(logging.DEBUG)
    for method in (responses.GET, responses.POST):
        web.add(method, PRODUCTS, **FAILURES[failure])
    with client() as store, pytest.raises(StoreError) as caught:
        call(store)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(caught.value)
    assert [canary for canary in (TOKEN, VALUE, BODY) if canary in shown] == []


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f" {TOKEN}", f"{TOKEN}\r\nX-Other: 1"])
def test_a_token_pasted_with_a_line_break_or_a_blank_is_never_repeated(
    web: responses.RequestsMock, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    caplog.set_level(logging.DEBUG)
    web.get(PRODUCTS, json={"data": []})
    try:
        with client(token) as store:
            read(store)
        shown = ""
    except Exception as error:
        shown = "".join(traceback.format_exception(error))
    assert TOKEN not in shown + caplog.text
    assert all(call.request.headers["X-Auth-Token"] == TOKEN for call in web.calls)


def test_a_client_shown_in_a_debugger_or_log_does_not_show_its_token() -> None:
    with client() as store:
        assert TOKEN not in f"{store!r} {store} {store.patience!r}"


def test_no_proxy_and_no_netrc_of_the_machine_is_used(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.bigcommerce.com login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://proxy.evil.example:3128")
    web.get(PRODUCTS, json={"data": []})
    with client() as store:
        read(store)
    sent = web.calls[0].request
    assert "Authorization" not in sent.headers
    assert not sent.req_kwargs["proxies"]  # type: ignore[attr-defined]
    assert sent.req_kwargs["verify"] is True  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", ["a&sku=b", "a#b", "a b+c", "../x", "100%41", "灯 ü", "a\nb", "a,b;c"])
def test_a_query_s_value_arrives_as_it_was_given(web: responses.RequestsMock, value: str) -> None:
    web.get(PRODUCTS, json={"data": []})
    with client() as store:
        store.get("/v3/catalog/products", {"sku": value})
    assert web.calls[0].request.params == {"sku": value}  # type: ignore[attr-defined]


def test_a_store_hash_that_would_change_the_path_makes_no_client() -> None:
    with pytest.raises(ValueError, match="store hash"):
        StoreClient("https://api.bigcommerce.com", "abc/../def", TOKEN)


@pytest.mark.parametrize("word", ["-5000", "", "soon", "1e3", "NaN", "0"])
def test_a_429_whose_word_on_the_wait_is_nonsense_is_waited_for_all_the_same(
    web: responses.RequestsMock, word: str
) -> None:
    for _ in range(2):
        web.post(PRODUCTS, status=429, headers={"X-Rate-Limit-Time-Reset-Ms": word})
    web.post(PRODUCTS, json={"data": {}})
    with client() as store:
        assert write(store).status == 200
        assert (store.requests_sent, store.throttled) == (3, 2)


def test_a_negative_word_on_the_wait_is_no_leave_to_send_at_once_for_ever(web: responses.RequestsMock) -> None:
    def answer(_request: Any) -> tuple[int, dict[str, str], str]:
        if len(web.calls) > 200:
            pytest.fail("the client hammers the store")
        return 429, {"X-Rate-Limit-Time-Reset-Ms": "-5000"}, "{}"

    web.add_callback(responses.GET, PRODUCTS, answer)
    with client(throttled_most=0.05) as store, pytest.raises(NotNow, match="429"):
        read(store)


def test_a_wait_longer_than_allowed_is_not_begun(web: responses.RequestsMock) -> None:
    web.get(PRODUCTS, status=429, headers={"X-Rate-Limit-Time-Reset-Ms": "3600000"})
    with client() as store, pytest.raises(NotNow, match="429"):
        read(store)
    assert len(web.calls) == 1


def test_requests_of_all_threads_are_counted_repeats_included(web: responses.RequestsMock) -> None:
    web.get(PRODUCTS, status=500)
    with client(attempts=2) as store, ThreadPoolExecutor(8) as pool:
        ended = [future.exception() for future in [pool.submit(read, store) for _ in range(20)]]
        assert {type(error) for error in ended} == {NotNow}
        assert store.requests_sent == len(web.calls) == 40
