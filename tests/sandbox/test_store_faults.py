"""Faults: each kind as a client meets it, and which requests it strikes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=60, quota=0) as process:
        yield process


@pytest.fixture(autouse=True)
def as_it_began(store: SandboxProcess) -> None:
    store.reset()


def statuses(store: SandboxProcess, times: int, path: str = PRODUCTS) -> list[int]:
    return [store.request("GET", path).status_code for _ in range(times)]


def test_a_status_is_answered_instead(store: SandboxProcess) -> None:
    store.fault("status", status=503, headers={"Retry-After": "1"}, body={"title": "busy"}, times=1)
    answer = store.request("GET", PRODUCTS)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, {"title": "busy"}, "1")
    assert store.request("GET", PRODUCTS).status_code == 200


def test_an_overloaded_platform_leaves_out_the_rate_headers(store: SandboxProcess) -> None:
    store.fault("status", status=429, without_rate_headers=True, times=1)
    assert not [name for name in store.request("GET", PRODUCTS).headers if name.startswith("X-Rate-Limit")]
    assert "X-Rate-Limit-Requests-Left" in store.request("GET", PRODUCTS).headers


def test_a_rule_strikes_its_route_alone(store: SandboxProcess) -> None:
    store.fault("status", status=500, route="/v3/catalog/products/{product_id}")
    assert statuses(store, 1) == [200]
    assert statuses(store, 2, f"{PRODUCTS}/77") == [500, 500]
    store.clear_faults()
    store.fault("status", status=500, route=r"/v3/catalog/(brands|trees).*", method="get")
    assert statuses(store, 1, "/v3/catalog/brands") + statuses(store, 1, "/v3/catalog/trees/categories") == [500, 500]
    assert statuses(store, 1, "/v3/catalog/variants") == [200]


def test_a_rule_can_wait_for_the_nth_request(store: SandboxProcess) -> None:
    store.fault("status", status=500, route=PRODUCTS, nth=2)
    assert statuses(store, 1, "/v2/time") + statuses(store, 3) == [200, 200, 500, 200]


def test_a_rule_can_wait_for_the_nth_request_of_any_kind(store: SandboxProcess) -> None:
    store.fault("status", status=500, any_request_nth=3)
    assert statuses(store, 2, "/v2/time") + statuses(store, 2) == [200, 200, 500, 200]


def test_a_rule_can_strike_every_kth_request_so_many_times(store: SandboxProcess) -> None:
    store.fault("status", status=500, every=2, times=2)
    assert statuses(store, 7) == [200, 500, 200, 500, 200, 200, 200]


def test_two_rules_count_for_themselves(store: SandboxProcess) -> None:
    store.fault("status", status=500, nth=1)
    store.fault("status", status=502, nth=2)
    assert statuses(store, 3) == [500, 502, 200]


def test_a_reset_gives_not_a_byte(store: SandboxProcess) -> None:
    store.fault("reset", times=1)
    with pytest.raises(requests.ConnectionError):
        store.request("GET", PRODUCTS)
    assert store.requests_by_route()[f"GET {PRODUCTS}"] == {"reset": 1}


def raw_answer(store: SandboxProcess, path: str, *headers: str) -> bytes:
    with socket.create_connection(("127.0.0.1", store.port), timeout=5) as connection:
        head = [f"GET /stores/sandbox{path} HTTP/1.1", "Host: x", "X-Auth-Token: sandbox-token", *headers, "", ""]
        connection.sendall("\r\n".join(head).encode())
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    return received


def test_a_truncated_answer_stops_in_the_middle(store: SandboxProcess) -> None:
    store.fault("truncate", times=1)
    head, _, body = raw_answer(store, PRODUCTS).partition(b"\r\n\r\n")
    promised = int(dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])[b"content-length"])
    assert len(body) == promised // 2


def test_a_truncated_answer_in_chunks_has_no_end(store: SandboxProcess) -> None:
    store.fault("truncate", chunked=True, times=1)
    head, _, body = raw_answer(store, PRODUCTS).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    assert len(body) > 100
    assert not body.endswith(b"0\r\n\r\n")


def test_a_slow_answer_comes_late(store: SandboxProcess) -> None:
    store.fault("slow", seconds=0.3, times=1)
    began = time.monotonic()
    assert statuses(store, 1) == [200]
    assert time.monotonic() - began >= 0.3


def test_a_dripping_answer_comes_whole_in_the_end(store: SandboxProcess) -> None:
    whole = store.get(PRODUCTS)
    store.fault("slow", seconds=0.3, drip=True, times=1)
    began = time.monotonic()
    assert store.get(PRODUCTS) == whole
    assert time.monotonic() - began >= 0.25


def test_a_slow_answer_holds_up_nobody_else(store: SandboxProcess) -> None:
    store.fault("slow", seconds=15, route=PRODUCTS, times=1)
    with pytest.raises(requests.Timeout):
        store.request("GET", PRODUCTS, timeout=0.1)
    assert store.request("GET", "/v2/time", timeout=10).status_code == 200


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_held_request_waits_until_it_is_released(store: SandboxProcess, side: str) -> None:
    store.fault("hold", route=PRODUCTS, method="POST", side=side)
    name = f"Held {side}"
    answers: list[int] = []

    def create() -> None:
        product = {"name": name, "type": "physical", "weight": 1, "price": 1}
        answers.append(store.request("POST", PRODUCTS, json=product).status_code)

    caller = threading.Thread(target=create)
    caller.start()
    store.wait_until_held()
    assert (name in {product["name"] for product in store.products()}) == (side == "after")
    assert answers == []
    store.release()
    caller.join()
    assert answers == [200]
    assert name in {product["name"] for product in store.products()}


def test_a_held_request_of_before_a_reset_takes_no_effect(store: SandboxProcess) -> None:
    store.fault("hold", route=PRODUCTS, method="POST")
    with socket.create_connection(("127.0.0.1", store.port)) as caller:
        body = b'{"name": "Held", "type": "physical", "weight": 1, "price": 1}'
        head = (
            f"POST /stores/sandbox{PRODUCTS} HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: sandbox-token\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        caller.sendall(head.encode() + body)
        store.wait_until_held()
        store.reset()
        assert caller.recv(1) == b""
    assert "Held" not in {product["name"] for product in store.products()}


def test_a_maintenance_page_is_html(store: SandboxProcess) -> None:
    store.fault("html", times=1)
    answer = store.request("GET", PRODUCTS)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<html>" in answer.text


def test_a_redirect_leads_elsewhere(store: SandboxProcess) -> None:
    store.fault("redirect", location="https://elsewhere.example.com/", times=1)
    answer = store.request("GET", PRODUCTS)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example.com/")


def test_garbage_is_no_json(store: SandboxProcess) -> None:
    store.fault("garbage", times=1)
    answer = store.request("GET", PRODUCTS)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_malformed_rule_is_refused(store: SandboxProcess) -> None:
    with pytest.raises(ValueError, match="explode"):
        store.fault("explode")
    with pytest.raises(ValueError, match="secnds"):
        store.fault("slow", secnds=1)
    assert store.admin("faults") == []


@pytest.mark.parametrize("off_by", [-5, 5])
def test_a_length_that_is_not_kept_comes_with_the_whole_body(store: SandboxProcess, off_by: int) -> None:
    _, _, whole = raw_answer(store, f"{PRODUCTS}?limit=1", "Connection: close").partition(b"\r\n\r\n")
    store.fault("length", off_by=off_by, seconds=0.05, times=1)
    head, _, body = raw_answer(store, f"{PRODUCTS}?limit=1").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == whole
    assert b"content-length: %d" % (len(whole) + off_by) in head.lower().split(b"\r\n")


def test_text_is_replaced_by_any_bytes(store: SandboxProcess) -> None:
    store.patch_product(77, name="Caf-BYTE lamp", price=123456)
    store.fault("replace", replacements={"-BYTE": "ff", "123456": b"1e400".hex()}, times=1)
    body = store.request("GET", f"{PRODUCTS}/77").content
    assert b'"name":"Caf\xff lamp"' in body
    assert b'"price":1e400,' in body
    assert store.get(f"{PRODUCTS}/77")["data"]["name"] == "Caf-BYTE lamp"
