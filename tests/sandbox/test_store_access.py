"""Who may ask the store what, and how often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from sandbox.process import SandboxProcess

RATE_HEADERS = (
    "X-Rate-Limit-Requests-Quota",
    "X-Rate-Limit-Requests-Left",
    "X-Rate-Limit-Time-Window-Ms",
    "X-Rate-Limit-Time-Reset-Ms",
)
PRODUCTS = "/v3/catalog/products"


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=30) as process:
        process.snapshot()
        yield process


@pytest.fixture(autouse=True)
def as_it_began(store: SandboxProcess) -> None:
    store.reset()


def test_a_request_without_a_token_is_unauthorized(store: SandboxProcess) -> None:
    answer = store.request("GET", PRODUCTS, token=None)
    assert answer.status_code == 401
    assert answer.json()["status"] == 401


def test_an_unknown_token_is_unauthorized(store: SandboxProcess) -> None:
    assert store.request("GET", PRODUCTS, token="stolen").status_code == 401


def test_a_token_without_the_scope_is_forbidden(store: SandboxProcess) -> None:
    answer = store.request("GET", PRODUCTS, token="sandbox-token-no-products")
    assert answer.status_code == 403
    assert {"status", "title", "type"} <= answer.json().keys()
    assert store.request("GET", "/v2/store", token="sandbox-token-no-products").status_code == 200


def test_a_modify_scope_includes_reading(store: SandboxProcess) -> None:
    store.add_token("writer", ["store_v2_products"])
    store.add_token("reader", ["store_v2_products_read_only"])
    assert store.request("GET", PRODUCTS, token="writer").status_code == 200
    assert store.request("GET", PRODUCTS, token="reader").status_code == 200
    assert store.request("DELETE", f"{PRODUCTS}?id:in=77", token="reader").status_code == 403


def test_a_revoked_token_is_unauthorized(store: SandboxProcess) -> None:
    store.revoke_token("sandbox-token")
    assert store.request("GET", PRODUCTS).status_code == 401


def test_an_unknown_store_or_path_is_not_found(store: SandboxProcess) -> None:
    assert store.request("GET", "/../other/v3/catalog/products").status_code == 404
    assert store.request("GET", "/v3/catalog/nothing").status_code == 404


def test_a_known_path_refuses_other_methods(store: SandboxProcess) -> None:
    answer = store.request("PATCH", PRODUCTS)
    assert answer.status_code == 405
    assert {"status", "title", "type", "detail"} <= answer.json().keys()


@pytest.mark.parametrize("path", [PRODUCTS, f"{PRODUCTS}/1", "/v3/nothing", f"{PRODUCTS}?id=x", "/../other/v2/time"])
def test_every_answer_tells_the_quota_and_has_an_id(store: SandboxProcess, path: str) -> None:
    first, second = store.request("GET", path), store.request("GET", path)
    for name in (*RATE_HEADERS, "X-Request-ID", "Date"):
        assert first.headers[name]
    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    left = [int(answer.headers["X-Rate-Limit-Requests-Left"]) for answer in (first, second)]
    assert left[0] - left[1] == 1


def test_a_spent_quota_answers_429_until_the_window_is_over(store: SandboxProcess) -> None:
    store.configure(quota=3, window_ms=1000)
    answers = [store.request("GET", "/v2/time") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-Rate-Limit-Requests-Left"] for answer in answers] == ["2", "1", "0", "0"]
    wait_ms = int(answers[-1].headers["X-Rate-Limit-Time-Reset-Ms"])
    assert 0 < wait_ms <= 1000
    time.sleep(wait_ms / 1000)
    assert store.request("GET", "/v2/time").status_code == 200


def test_the_store_knows_who_took_the_quota_and_who_was_refused(store: SandboxProcess) -> None:
    store.configure(quota=2, window_ms=1000)
    store.forget_requests()
    for client in ("ours", "theirs", "ours", "ours"):
        headers = {"User-Agent": client, "X-Auth-Token": "sandbox-token"}
        requests.get(f"{store.url}{PRODUCTS}/77", headers=headers, timeout=10)
    time.sleep(1.05)
    store.request("GET", "/v2/time")
    log = store.quota_log()
    assert [(one.client, one.admitted) for one in log[:4]] == [
        ("ours", True),
        ("theirs", True),
        ("ours", False),
        ("ours", False),
    ]
    first = log[0].window
    assert [one.window - first for one in log] == [0, 0, 0, 0, 1]
    assert [one.at for one in log] == sorted(one.at for one in log)
    store.forget_requests()
    assert store.quota_log() == []


def test_a_quota_of_zero_has_no_end(store: SandboxProcess) -> None:
    store.configure(quota=0)
    answers = [store.request("GET", "/v2/time") for _ in range(200)]
    assert {answer.status_code for answer in answers} == {200}
    assert int(answers[-1].headers["X-Rate-Limit-Requests-Left"]) > 100_000


def test_the_stores_clock_can_be_ahead_of_ours(store: SandboxProcess) -> None:
    store.configure(clock_offset_seconds=3600)
    answer = store.request("GET", "/v2/time")
    ahead = answer.json()["time"] - datetime.now(UTC).timestamp()
    assert 3590 < ahead < 3610
    header = parsedate_to_datetime(answer.headers["Date"])
    assert abs(header.timestamp() - answer.json()["time"]) <= 1


def test_the_profile_says_what_was_configured(store: SandboxProcess) -> None:
    store.configure(currency="JPY", decimal_places=0, plan="Pro")
    profile = store.get("/v2/store")
    assert (profile["currency"], profile["decimal_places"], profile["plan_name"]) == ("JPY", 0, "Pro")


def test_an_unknown_setting_is_refused(store: SandboxProcess) -> None:
    with pytest.raises(ValueError, match="qouta"):
        store.configure(qouta=1)
