"""A store that saves a product in part, and one that finds a new product only after a while."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
VARIANTS = "/v3/catalog/variants"
NEW: Json = {"name": "A new thing", "type": "physical", "weight": 1.5, "price": 9.99, "sku": "NEW"}
SIZES = [
    {"sku": f"NEW-{size}", "inventory_level": 5, "option_values": [{"option_display_name": "Size", "label": size}]}
    for size in ("S", "M")
]

pytestmark = pytest.mark.usefixtures("as_it_began")


# --- saved in part ---


def test_a_product_is_created_without_its_stock(store: SandboxProcess) -> None:
    store.configure(partly_saved={"new-s": "the warehouse is closed"})
    given = NEW | {"inventory_tracking": "variant", "variants": SIZES}
    answer = store.request("POST", f"{PRODUCTS}?include=variants", json=given)
    assert answer.status_code == 207
    [product] = answer.json()["data"]
    assert answer.json()["errors"]["errors"] == {"inventory_level": "the warehouse is closed"}
    assert store.get(f"{PRODUCTS}/{product['id']}?include=variants,custom_fields,images,options")["data"] == product
    assert [(each["sku"], each["inventory_level"]) for each in product["variants"]] == [("NEW-S", 0), ("NEW-M", 0)]
    [effect] = store.effects()
    assert effect["kind"] == "product.created"
    assert "inventory_level" not in effect["change"]["variants"][0]


def test_a_product_is_saved_without_its_url(store: SandboxProcess) -> None:
    made = store.request("POST", PRODUCTS, json=NEW).json()["data"]
    store.configure(partly_saved={"NEW": "the URL is taken"})
    path = f"{PRODUCTS}/{made['id']}"
    answer = store.request("PUT", path, json={"price": 5, "custom_url": {"url": "/new/", "is_customized": True}})
    body = answer.json()
    assert (answer.status_code, body["data"]["price"], body["data"]["custom_url"]) == (207, 5, made["custom_url"])
    assert body["errors"]["errors"] == {"custom_url": "the URL is taken"}
    batch = [{"id": made["id"], "price": 6, "inventory_level": 3, "inventory_tracking": "product"}, {"id": 77}]
    answer = store.request("PUT", PRODUCTS, json=batch)
    body = answer.json()
    assert (answer.status_code, len(body["data"]), body["data"][0]["price"]) == (207, 2, 6)
    assert body["data"][0]["inventory_level"] == 0
    assert body["errors"]["errors"] == {"0.inventory_level": "the URL is taken"}
    assert store.request("PUT", PRODUCTS, json=batch[1:]).status_code == 200


def test_a_variant_is_saved_without_its_stock(store: SandboxProcess) -> None:
    answer = store.request("POST", f"{PRODUCTS}?include=variants", json=NEW | {"variants": SIZES})
    product = answer.json()["data"]
    variant = product["variants"][0]
    store.configure(partly_saved={"NEW-M": "is locked"})
    path = f"{PRODUCTS}/{product['id']}/variants/{variant['id']}"
    answer = store.request("PUT", path, json={"price": 1, "inventory_level": 9})
    assert (answer.status_code, answer.json()["data"]["price"]) == (207, 1)
    assert answer.json()["data"]["inventory_level"] == 5


# --- found after a while ---


def found(store: SandboxProcess) -> dict[str, int]:
    """How many records each lookup finds."""
    paths = [f"{PRODUCTS}?sku=new", f"{PRODUCTS}?sku:in=NEW,x", f"{PRODUCTS}?name=a%20new%20thing"]
    return {path: len(store.get(path)["data"]) for path in [*paths, f"{VARIANTS}?sku=new-s"]}


@pytest.mark.parametrize("wait", ["clock", "configuration"])
def test_a_new_product_is_found_by_sku_and_name_after_a_while(store: SandboxProcess, wait: str) -> None:
    store.configure(lookup_delay=60)
    answer = store.request("POST", PRODUCTS, json=NEW | {"variants": SIZES})
    assert set(found(store).values()) == {0}
    product_id = answer.json()["data"]["id"]
    assert store.get(f"{PRODUCTS}/{product_id}")["data"]["sku"] == "NEW"
    assert store.get(f"{PRODUCTS}?id:in={product_id}")["meta"]["pagination"]["total"] == 1
    assert store.get(f"{PRODUCTS}?limit=1")["meta"]["pagination"]["total"] == 121
    assert len(store.get(f"{PRODUCTS}/{product_id}/variants")["data"]) == 2
    assert store.request("POST", PRODUCTS, json=NEW).status_code == 409
    changes: dict[str, Any] = {"clock": {"clock_offset_seconds": 61}, "configuration": {"lookup_delay": 0}}[wait]
    store.configure(**changes)
    assert set(found(store).values()) == {1}


def test_what_was_there_before_is_found_at_once(store: SandboxProcess, several_variants: Json) -> None:
    store.request("POST", PRODUCTS, json=NEW | {"variants": SIZES})
    store.snapshot()
    store.reset()
    store.configure(lookup_delay=60)
    assert set(found(store).values()) == {1}
    store.request("PUT", f"{PRODUCTS}/{several_variants['id']}", json={"name": "Renamed"})
    assert len(store.get(f"{PRODUCTS}?name=renamed")["data"]) == 1
