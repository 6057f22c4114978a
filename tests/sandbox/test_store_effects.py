"""What a fault leaves of a write, and what tests put into the catalog unchecked."""

from __future__ import annotations

import pytest
import requests

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
NEW = {"name": "A new thing", "type": "physical", "weight": 1.5, "price": 9.99}

pytestmark = pytest.mark.usefixtures("as_it_began")


def test_a_lost_answer_took_effect(store: SandboxProcess) -> None:
    store.fault("lost_answer", method="POST", route=PRODUCTS, times=1)
    with pytest.raises(requests.ConnectionError):
        store.request("POST", PRODUCTS, json=NEW)
    assert [each["kind"] for each in store.effects()] == ["product.created"]
    assert store.request("POST", PRODUCTS, json=NEW).status_code == 409


@pytest.mark.parametrize(("side", "effects"), [("before", 0), ("after", 1)])
def test_an_error_strikes_before_or_after_the_effect(store: SandboxProcess, side: str, effects: int) -> None:
    store.fault("status", status=500, method="POST", side=side)
    assert store.request("POST", PRODUCTS, json=NEW).status_code == 500
    assert len(store.effects()) == effects


def test_a_slow_write_can_wait_before_or_after_its_effect(store: SandboxProcess) -> None:
    for side, effects in (("before", 0), ("after", 1)):
        store.reset()
        store.fault("hold", side=side, method="POST", times=1)
        with pytest.raises(requests.Timeout):
            store.request("POST", PRODUCTS, json=NEW, timeout=0.15)
        store.wait_until_held()
        assert len(store.effects()) == effects


def test_tests_can_put_poison_into_the_catalog(store: SandboxProcess, several_variants: Json) -> None:
    product = several_variants
    store.patch_product(product["id"], name=None, price="free", date_modified="never")
    store.patch_variant(product["id"], product["variants"][0]["id"], sku=None, price=-1)
    poisoned = store.get(f"{PRODUCTS}/{product['id']}?include=variants")["data"]
    assert (poisoned["name"], poisoned["price"], poisoned["variants"][0]["sku"]) == (None, "free", None)
    assert len(store.get(f"{PRODUCTS}?sort=name&limit=250")["data"]) == 120
    made = store.insert_product(name="Raw", sku=None, variants=None)
    assert store.get(f"{PRODUCTS}/{made['id']}?include=variants")["data"]["sku"] is None
    store.patch_product(product["id"], variants=None, images="none")
    assert store.get(f"{PRODUCTS}/{product['id']}?include=variants,images,primary_image")["data"]["variants"] is None
    store.delete_product(made["id"])
    assert store.request("GET", f"{PRODUCTS}/{made['id']}").status_code == 404
