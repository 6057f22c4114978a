"""Setting stock: by what, where, and when it takes effect."""

from __future__ import annotations

import time

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
ADJUST = "/v3/inventory/adjustments/absolute"

pytestmark = pytest.mark.usefixtures("as_it_began")


def test_stock_is_set_by_variant_where_tracked_by_variant(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(each for each in catalog if each["inventory_tracking"] == "variant" and len(each["variants"]) > 1)
    variant = product["variants"][0]
    items = [{"location_id": 1, "variant_id": variant["id"], "quantity": 41}]
    answer = store.request("PUT", ADJUST, json={"reason": "count", "items": items})
    assert answer.json()["transaction_id"]
    after = store.get(f"{PRODUCTS}/{product['id']}")["data"]
    assert after["inventory_level"] == product["inventory_level"] - variant["inventory_level"] + 41
    second = [{"location_id": 2, "variant_id": variant["id"], "quantity": 9}]
    assert store.request("PUT", ADJUST, json={"items": second}).status_code == 200
    [item] = store.get(f"/v3/inventory/items?variant_id:in={variant['id']}")["data"]
    assert [each["total_inventory_onhand"] for each in item["locations"]] == [41, 9]
    by_product = [{"location_id": 1, "product_id": product["id"], "quantity": 1}]
    refused = store.request("PUT", ADJUST, json={"items": by_product})
    assert refused.status_code == 422
    assert "tracked by variant" in refused.json()["title"]


def test_stock_is_set_by_product_where_tracked_by_product(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(each for each in catalog if each["inventory_tracking"] == "product")
    by_variant = [{"location_id": 1, "variant_id": product["variants"][0]["id"], "quantity": 7}]
    refused = store.request("PUT", ADJUST, json={"items": by_variant})
    assert refused.status_code == 422
    assert "please update stock by product id" in refused.json()["title"]
    by_product = [{"location_id": 1, "product_id": product["id"], "quantity": 7}]
    assert store.request("PUT", ADJUST, json={"items": by_product}).status_code == 200
    assert store.get(f"{PRODUCTS}/{product['id']}")["data"]["inventory_level"] == 7
    [effect] = store.effects()
    assert effect["change"] == {"quantity": 7, "before": product["inventory_level"]}


def test_one_bad_item_refuses_all_of_an_adjustment(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(each for each in catalog if each["inventory_tracking"] == "product")
    good = {"location_id": 1, "product_id": product["id"], "quantity": 7}
    for bad in ({"location_id": 9}, {"quantity": -1}, {"product_id": 1}, {"quantity": 1.5}):
        assert store.request("PUT", ADJUST, json={"items": [good, good | bad]}).status_code == 422
    assert store.request("PUT", ADJUST, json={"items": [good] * 2001}).status_code == 422
    assert store.effects() == []


def test_stock_can_be_set_some_time_after_the_answer(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(each for each in catalog if each["inventory_tracking"] == "product")
    store.configure(inventory_delay_ms=500)
    items = [{"location_id": 1, "product_id": product["id"], "quantity": 777}]
    assert store.request("PUT", ADJUST, json={"items": items}).status_code == 200
    assert store.get(f"{PRODUCTS}/{product['id']}")["data"]["inventory_level"] == product["inventory_level"]
    until = time.monotonic() + 20
    while store.get(f"{PRODUCTS}/{product['id']}")["data"]["inventory_level"] != 777:
        assert time.monotonic() < until, "it never comes"
