"""The store's state: snapshots, starting again, and stopping cleanly."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.process import ROOT, SandboxProcess

PRODUCTS = "/v3/catalog/products"
NEW = {"name": "A new thing", "type": "physical", "weight": 1, "price": 9.99, "sku": "NEW-1"}


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=80, quota=200) as process:
        yield process


def change_everything(store: SandboxProcess) -> None:
    ids = [each["id"] for each in store.get(f"{PRODUCTS}?limit=3")["data"]]
    assert store.request("POST", PRODUCTS, json=NEW).status_code == 200
    assert store.request("PUT", f"{PRODUCTS}/{ids[0]}", json={"name": "Renamed"}).status_code == 200
    assert store.request("DELETE", f"{PRODUCTS}?id:in={ids[1]}").status_code == 204
    assert store.request("POST", "/v3/catalog/brands", json={"name": "A new brand"}).status_code == 200
    store.patch_product(ids[2], upc="poison")


def test_a_reset_goes_back_to_the_beginning(store: SandboxProcess) -> None:
    began = store.dump()
    change_everything(store)
    store.fault("status", status=500)
    store.configure(quota=9, currency="EUR")
    store.revoke_token("sandbox-token")
    assert store.dump() != began
    store.reset()
    assert store.dump() == began
    assert (store.effects(), store.requests_by_route(), store.admin("faults")) == ([], {}, [])
    answer = store.request("GET", f"{PRODUCTS}?sku=new-1")
    assert answer.json()["data"] == []
    assert answer.headers["X-Rate-Limit-Requests-Left"] == "199"


def test_a_reset_goes_back_to_the_snapshot() -> None:
    with SandboxProcess(products=20) as store:
        change_everything(store)
        store.snapshot()
        kept, effects = store.dump(), store.effects()
        known = store.get(f"{PRODUCTS}?sku=NEW-1")["data"][0]["id"]
        for _ in range(2):
            assert store.request("DELETE", f"{PRODUCTS}/{known}").status_code == 204
            assert store.request("PUT", f"{PRODUCTS}/77", json={"name": "Renamed again"}).status_code == 200
            store.insert_product(name="Raw")
            assert store.dump() != kept
            store.reset()
            assert (store.dump(), store.effects()) == (kept, effects)
        assert store.get(f"{PRODUCTS}?sku=NEW-1")["data"][0]["id"] == known


def test_the_state_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with SandboxProcess(products=60, seed=5, state=file) as first:
        change_everything(first)
        first.add_token("mine", ["store_v2_products"])
        first.configure(currency="EUR")
        kept, effects = first.dump(), first.effects()
        assert first.stop() == 0
    with SandboxProcess(products=10, state=file) as second:
        assert (second.dump(), second.effects()) == (kept, effects)
        assert second.get("/v2/store")["currency"] == "EUR"
        made = second.request("POST", PRODUCTS, json=NEW | {"name": "Another", "sku": "NEW-2"}, token="mine").json()[
            "data"
        ]
        assert made["id"] > max(each["id"] for each in kept["product"])


def test_a_save_does_not_wait_for_the_end(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with SandboxProcess(products=10, state=file) as store:
        assert not file.exists()
        store.save()
        assert file.exists()


def test_the_effects_log_numbers_its_entries(store: SandboxProcess) -> None:
    store.reset()
    change_everything(store)
    assert [each["seq"] for each in store.effects()] == list(range(1, len(store.effects()) + 1))
    assert all(each["request_id"] and each["at"] and each["method"] and each["path"] for each in store.effects())


def test_requests_are_counted_by_route_and_status(store: SandboxProcess) -> None:
    store.reset()
    store.forget_requests()
    for path in (f"{PRODUCTS}/77", f"{PRODUCTS}/1", f"{PRODUCTS}/1", PRODUCTS):
        store.request("GET", path)
    assert store.requests_by_route() == {
        "GET /v3/catalog/products/{product_id}": {"200": 1, "404": 2},
        "GET /v3/catalog/products": {"200": 1},
    }
    assert store.request_count() == 4


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_store_says_where_it_is_and_stops_on_a_signal(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "serve", "--products", "5", "--store-hash", "abc"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.fullmatch(r"sandbox store ready at (http://127\.0\.0\.1:\d+/stores/abc)\n", line)
        assert address
        answer = requests.get(f"{address[1]}/v2/store", headers={"X-Auth-Token": "sandbox-token"}, timeout=5)
        assert answer.json()["id"] == "abc"
        process.send_signal(stop)
        assert process.wait(10) == 0


def test_what_was_under_way_at_a_reset_takes_no_effect_after_it(store: SandboxProcess) -> None:
    store.reset()
    product = next(each for each in store.products() if each["inventory_tracking"] == "product")
    store.configure(inventory_delay_ms=300)
    items = [{"location_id": 1, "product_id": product["id"], "quantity": 777}]
    assert store.request("PUT", "/v3/inventory/adjustments/absolute", json={"items": items}).status_code == 200
    store.fault("slow", seconds=0.3, method="POST")
    with pytest.raises(requests.Timeout):
        store.request("POST", PRODUCTS, json=NEW, timeout=0.05)
    store.reset()
    time.sleep(0.4)
    assert store.effects() == []
