"""One call to the store: which answer leaves as which error, what is repeated, and what is never said."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
import urllib3

from storekeeper.bigcommerce.client import Answer, Patience, StoreClient
from storekeeper.outcomes import AccessLost, NotNow, Refused, StoreError, Unknown

ROOT = "https://api.bigcommerce.com/stores/abc123"
PRODUCTS = f"{ROOT}/v3/catalog/products"
TOKEN, VALUE, BODY = "canary-token", "canary-value", "canary-body"
QUICK = Patience(attempts=3, backoff=0.001, backoff_most=0.002, throttled_most=0.5)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def store() -> Iterator[StoreClient]:
    with StoreClient("https://api.bigcommerce.com", "abc123", TOKEN, patience=QUICK) as client:
        yield client


def read(store: StoreClient) -> Answer:
    return store.get("/v3/catalog/products", {"sku": VALUE})


def write(store: StoreClient) -> Answer:
    return store.write("POST", "/v3/catalog/products", {"name": BODY}, check=time.monotonic)


def test_the_token_goes_into_its_own_header_and_a_body_goes_as_json(
    web: responses.RequestsMock, store: StoreClient
) -> None:
    web.post(PRODUCTS, json={"data": {"id": 7}})
    assert write(store).status == 200
    sent = web.calls[0].request
    assert sent.headers["X-Auth-Token"] == TOKEN
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Accept"] == "application/json"
    assert sent.body == b'{"name":"canary-body"}'


def test_204_is_an_answer_without_a_body(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(PRODUCTS, status=204)
    assert (read(store).status, read(store).body) == (204, b"")


@pytest.mark.parametrize(
    ("status", "said"), [(401, "the access token is wrong or was revoked"), (403, "lacks the scope")]
)
def test_what_keeps_us_out_is_access_lost_and_is_not_repeated(
    web: responses.RequestsMock, store: StoreClient, status: int, said: str
) -> None:
    web.get(PRODUCTS, status=status, json={"title": "No"}, headers={"X-Request-ID": "r-1"})
    with pytest.raises(AccessLost, match=said) as caught:
        read(store)
    assert len(web.calls) == 1
    assert "r-1" in str(caught.value)
    assert "'abc123'" in str(caught.value)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_no_is_refused_with_its_reasons_and_is_not_repeated(
    web: responses.RequestsMock, store: StoreClient, status: int
) -> None:
    web.post(PRODUCTS, status=status, json={"title": "Not so", "errors": {"price": "must be a number"}})
    with pytest.raises(Refused, match=r"POST /v3/catalog/products.*Not so.*price: must be a number") as caught:
        write(store)
    assert (caught.value.status, caught.value.fields) == (status, {"price": "must be a number"})
    assert len(web.calls) == 1


FAILURES: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "502 with HTML": {"status": 502, "body": f"<html>{BODY}</html>", "content_type": "text/html"},
    "503": {"status": 503, "json": {"title": "Busy"}},
    "a maintenance page with 200": {"status": 200, "body": f"<html>{BODY}</html>", "content_type": "text/html"},
    "broken JSON": {"status": 200, "body": '{"data": [', "content_type": "application/json"},
    "a dropped connection": {"body": requests.exceptions.ConnectionError(urllib3.exceptions.ProtocolError("reset"))},
    "a read timeout": {"body": requests.exceptions.ReadTimeout("slow")},
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_read_that_failed_is_tried_again_and_then_given_up_as_not_now(
    web: responses.RequestsMock, store: StoreClient, failure: str
) -> None:
    web.get(PRODUCTS, **FAILURES[failure])
    with pytest.raises(NotNow, match="tried 3 times"):
        read(store)
    assert len(web.calls) == store.requests_sent == 3


@pytest.mark.parametrize("failure", FAILURES)
def test_a_write_that_may_have_worked_is_unknown_and_sent_once(
    web: responses.RequestsMock, store: StoreClient, failure: str
) -> None:
    web.post(PRODUCTS, **FAILURES[failure])
    with pytest.raises(Unknown):
        write(store)
    assert len(web.calls) == 1


@pytest.mark.parametrize("call", [read, write])
def test_what_was_never_sent_may_be_sent_again(web: responses.RequestsMock, store: StoreClient, call: Any) -> None:
    refused = urllib3.exceptions.NewConnectionError(None, "refused")  # type: ignore[arg-type]
    web.add(responses.GET, PRODUCTS, body=requests.exceptions.ConnectionError(_reason(refused)))
    web.add(responses.POST, PRODUCTS, body=requests.exceptions.ConnectionError(_reason(refused)))
    with pytest.raises(NotNow, match="no connection"):
        call(store)
    assert len(web.calls) == 3


def test_a_name_that_cannot_be_resolved_is_named_as_such(web: responses.RequestsMock, store: StoreClient) -> None:
    lost = urllib3.exceptions.NameResolutionError("api.bigcommerce.com", None, OSError("unknown"))  # type: ignore[arg-type]
    web.get(PRODUCTS, body=requests.exceptions.ConnectionError(_reason(lost)))
    with pytest.raises(NotNow, match="DNS"):
        read(store)


def _reason(reason: Exception) -> urllib3.exceptions.MaxRetryError:
    return urllib3.exceptions.MaxRetryError(None, "/", reason)  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [read, write])
@pytest.mark.parametrize("headers", [{"X-Rate-Limit-Time-Reset-Ms": "10"}, {}])
def test_a_429_is_waited_for_and_counts_as_no_failure(
    web: responses.RequestsMock, store: StoreClient, call: Any, headers: dict[str, str]
) -> None:
    for method in (responses.GET, responses.POST):
        for _ in range(4):
            web.add(method, PRODUCTS, status=429, headers=headers)
        web.add(method, PRODUCTS, json={"data": []})
    patient = Patience(attempts=2, backoff=0.001, backoff_most=0.002, throttled_most=5)
    with StoreClient("https://api.bigcommerce.com", "abc123", TOKEN, patience=patient) as client:
        assert call(client).status == 200
        assert client.throttled == 4


def test_a_store_that_throttles_for_ever_is_given_up(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(PRODUCTS, status=429, headers={"X-Rate-Limit-Time-Reset-Ms": "100"})
    with pytest.raises(NotNow, match="429"):
        read(store)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_the_other_host_sees_nothing(
    web: responses.RequestsMock, store: StoreClient, status: int
) -> None:
    web.get(PRODUCTS, status=status, headers={"Location": "https://evil.example.com/"})
    web.get("https://evil.example.com/", json={})
    with pytest.raises(Refused, match="must not redirect"):
        read(store)
    assert [call.request.url.split("?")[0] for call in web.calls] == [PRODUCTS]


def test_neither_errors_nor_logs_hold_a_token_a_value_or_a_body(
    web: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="storekeeper")
    said = []
    for failure in [*FAILURES.values(), *({"status": s, "json": {"detail": BODY}} for s in (401, 403, 404, 422))]:
        for method, call in ((responses.GET, read), (responses.POST, write)):
            web.reset()
            web.add(method, PRODUCTS, **failure)
            with (
                StoreClient("https://api.bigcommerce.com", "abc123", TOKEN, patience=QUICK) as client,
                pytest.raises(StoreError) as caught,
            ):
                call(client)
            said.append(str(caught.value))
    said += [record.getMessage() for record in caplog.records if record.name.startswith("storekeeper")]
    assert len(said) > 30
    assert [text for text in said if any(canary in text for canary in (TOKEN, VALUE, BODY))] == []


def test_ids_do_not_stand_in_messages(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(f"{PRODUCTS}/4711/variants/12", status=404, json={"title": "Gone"})
    with pytest.raises(Refused, match=r"GET /v3/catalog/products/\{id\}/variants/\{id\}"):
        store.get("/v3/catalog/products/4711/variants/12")
