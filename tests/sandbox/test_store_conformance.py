"""The store held to BigCommerce's own OpenAPI files, where this machine has them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

OPENAPI = os.environ.get("BIGCOMMERCE_OPENAPI_DIR")
PRODUCTS = "/v3/catalog/products"
CATEGORIES = "/v3/catalog/trees/categories"
ADJUST = "/v3/inventory/adjustments/absolute"
PARTS = (
    "bulk_pricing_rules,channels,custom_fields,images,modifiers,options,parent_relations,primary_image,reviews,"
    "variants,videos"
)
NEW: Json = {"name": "A new thing", "type": "physical", "weight": 1, "price": 2.5, "sku": "NEW-1"}

pytestmark = pytest.mark.skipif(not OPENAPI, reason="BIGCOMMERCE_OPENAPI_DIR does not name the folder of OpenAPI files")


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=150, quota=0, openapi=OPENAPI) as process:
        yield process


@pytest.fixture(autouse=True)
def as_it_began(store: SandboxProcess) -> None:
    store.reset()
    store.admin("violations", method="DELETE")


def test_every_way_to_read_is_as_published(store: SandboxProcess) -> None:
    product = next(each for each in store.products() if each["options"] and each["images"] and each["custom_fields"])
    one = f"{PRODUCTS}/{product['id']}"
    paths = [f"{PRODUCTS}?limit=10&page={page}&include={PARTS}" for page in range(1, 16)]
    paths += [f"{PRODUCTS}?limit=250", f"{PRODUCTS}?include_fields=name,sku", f"{PRODUCTS}?id:in=77,78&sort=name"]
    paths += [one, f"{one}?include={PARTS}", f"{one}/images", f"{one}/custom-fields", f"{one}/options", f"{one}/videos"]
    paths += [f"{one}/variants", f"{one}/variants/{product['variants'][0]['id']}"]
    paths += [f"{one}/images/{product['images'][0]['id']}", f"{one}/options/{product['options'][0]['id']}"]
    paths += [f"{PRODUCTS}/1", f"{PRODUCTS}/1/variants", "/v3/catalog/brands/1", f"{PRODUCTS}/channel-assignments"]
    paths += ["/v3/catalog/variants?limit=250", "/v3/catalog/brands?sort=name", "/v3/catalog/brands/31"]
    paths += ["/v3/catalog/categories?limit=250", "/v3/catalog/categories/18", "/v3/catalog/summary"]
    paths += ["/v3/catalog/trees", "/v3/catalog/trees/1/categories", "/v3/catalog/trees/9/categories", CATEGORIES]
    paths += ["/v3/inventory/items?limit=250", "/v3/inventory/items?sku:in=a,b", "/v3/inventory/locations"]
    paths += ["/v3/inventory/locations/1/items", "/v3/inventory/locations/9/items", "/v2/store", "/v2/time"]
    for path in paths:
        assert store.request("GET", path).status_code in (200, 404), path
    assert store.violations() == []


def test_every_way_to_be_turned_away_is_as_published(store: SandboxProcess) -> None:
    store.request("GET", PRODUCTS, token=None)
    store.request("GET", f"{PRODUCTS}/77/custom-fields", token="sandbox-token-no-products")
    store.configure(quota=1)
    assert [store.request("GET", CATEGORIES).status_code for _ in range(2)] == [200, 429]
    assert store.violations() == []


def test_every_way_to_write_is_as_published(store: SandboxProcess) -> None:
    products = store.products()
    by_product = next(each for each in products if each["inventory_tracking"] == "product")
    inline = {
        "custom_fields": [{"name": "a", "value": "b"}],
        "brand_name": "New",
        "images": [{"image_url": "https://a/b"}],
    }
    option_values = [{"option_display_name": "Size", "label": "S"}]
    several = {"name": "Another", "sku": "NEW-2", "variants": [{"sku": "NEW-3", "option_values": option_values}]}
    writes: list[tuple[str, str, object, int]] = [
        ("POST", PRODUCTS, NEW | inline, 200),
        ("POST", PRODUCTS, NEW | several, 200),
        ("POST", PRODUCTS, NEW, 409),
        ("PUT", f"{PRODUCTS}/77", {"price": 3, "is_visible": False}, 200),
        ("PUT", f"{PRODUCTS}/1", {"price": 3}, 404),
        ("PUT", f"{PRODUCTS}/77", {"brand_id": 999_999}, 409),
        ("PUT", PRODUCTS, [{"id": 77, "is_visible": True}], 200),
        ("PUT", PRODUCTS, [{"id": 1}], 404),
        ("PUT", PRODUCTS, [{"id": 77}] * 11, 413),
        ("PUT", "/v3/catalog/variants", [{"id": 101, "price": 3.5}], 200),
        ("PUT", "/v3/catalog/variants", [{"id": 1, "price": 3.5}], 422),
        ("PUT", "/v3/catalog/variants", [{"id": 101}] * 51, 413),
        ("PUT", f"{PRODUCTS}/77/variants/101", {"price": None}, 200),
        ("POST", f"{PRODUCTS}/77/custom-fields", {"name": "Colour", "value": "blue"}, 200),
        ("POST", "/v3/catalog/brands", {"name": "Brand"}, 200),
        ("POST", "/v3/catalog/brands", {"name": "Brand"}, 409),
        ("POST", CATEGORIES, [{"name": "n", "tree_id": 1, "parent_id": 0}], 201),
        ("POST", CATEGORIES, [{"name": name, "tree_id": 1, "parent_id": 0} for name in ("n", "m")], 207),
        ("POST", CATEGORIES, [{"name": "n", "tree_id": 1, "parent_id": 0}], 422),
        ("POST", CATEGORIES, [{"name": "o", "parent_id": 18}], 201),
        ("POST", CATEGORIES, [{"name": "p", "tree_id": 1}], 201),
        ("PUT", ADJUST, {"items": [{"location_id": 1, "product_id": by_product["id"], "quantity": 3}]}, 200),
        ("PUT", ADJUST, {"items": [{"location_id": 1, "variant_id": 1, "quantity": 3}]}, 422),
        ("PUT", f"{PRODUCTS}/channel-assignments", [{"product_id": 77, "channel_id": 2}], 204),
        ("DELETE", f"{PRODUCTS}/channel-assignments?product_id:in=77&channel_id:in=2", None, 204),
        ("DELETE", f"{PRODUCTS}?id:in=78,79", None, 204),
        ("DELETE", f"{PRODUCTS}/77", None, 204),
    ]
    for method, path, body, status in writes:
        answer = store.request(method, path, json=body)
        assert answer.status_code == status, (method, path, answer.text)
    assert store.violations() == []


def test_every_way_to_write_a_variant_is_as_published(store: SandboxProcess) -> None:
    product = next(each for each in store.products() if len(each["options"]) == 2 and each["variants"][0]["sku"])
    base, first = f"{PRODUCTS}/{product['id']}/variants", product["variants"][0]
    chosen = [{"id": each["id"], "option_id": each["option_id"]} for each in first["option_values"]]
    again: Json = {"sku": first["sku"], "option_values": chosen}
    assert store.request("POST", base, json=again).status_code == 409
    assert store.request("DELETE", f"{base}/{first['id']}").status_code == 204
    assert store.request("POST", base, json=again).status_code == 200
    assert store.request("POST", base, json=again | {"sku": "NEW-9"}).status_code == 409
    assert store.request("POST", base, json={"sku": "NEW-9"}).status_code == 422
    assert store.request("POST", f"{PRODUCTS}/1/variants", json=again).status_code == 404
    assert store.violations() == []


def test_every_way_to_write_an_option_is_as_published(store: SandboxProcess) -> None:
    product = next(each for each in store.products() if each["base_variant_id"])
    base = f"{PRODUCTS}/{product['id']}/options"
    values = [{"label": "S", "sort_order": 0}, {"label": "M", "sort_order": 1}]
    given: Json = {"product_id": product["id"], "display_name": "Size", "type": "rectangles", "option_values": values}
    made = store.request("POST", base, json=given).json()["data"]
    one, first = f"{base}/{made['id']}", made["option_values"][0]["id"]
    for method, path, body, status in (
        ("POST", base, given, 409),
        ("POST", base, given | {"display_name": "Fit", "option_values": values * 2}, 422),
        ("POST", f"{PRODUCTS}/1/options", given, 404),
        ("GET", base, None, 200),
        ("GET", one, None, 200),
        ("PUT", one, given | {"display_name": "Fit", "option_values": [{"label": "L", "sort_order": 2}]}, 200),
        ("PUT", f"{base}/1", given, 404),
        ("GET", f"{one}/values?limit=1", None, 200),
        ("GET", f"{one}/values/{first}", None, 200),
        ("GET", f"{one}/values/1", None, 404),
        ("GET", f"{base}/1/values", None, 404),
        ("POST", f"{one}/values", {"label": "XL", "sort_order": 3}, 200),
        ("POST", f"{one}/values", {"label": "XL", "sort_order": 3}, 422),
        ("POST", f"{base}/1/values", {"label": "XL", "sort_order": 3}, 404),
        ("PUT", f"{one}/values/{first}", {"label": "Small", "sort_order": 3}, 200),
        ("PUT", f"{one}/values/{first}", {"label": "XL", "sort_order": 3}, 422),
        ("PUT", f"{one}/values/1", {"label": "Small", "sort_order": 3}, 404),
        ("DELETE", f"{one}/values/{first}", None, 204),
        ("DELETE", one, None, 204),
        ("DELETE", one, None, 204),
    ):
        assert store.request(method, path, json=body).status_code == status, (method, path, body)
    assert store.violations() == []


def test_every_way_to_write_an_image_is_as_published(store: SandboxProcess) -> None:
    product = next(each for each in store.products() if not each["images"])
    base, given = f"{PRODUCTS}/{product['id']}/images", {"image_url": "https://example.com/a.jpg", "sort_order": 1}
    made = store.request("POST", base, json=given).json()["data"]
    for method, path, body, status in (
        ("PUT", f"{base}/{made['id']}", {"is_thumbnail": True, "description": "Front"}, 200),
        ("PUT", f"{base}/{made['id']}", {"image_url": "ftp://example.com/a.jpg"}, 422),
        ("PUT", f"{base}/1", {"description": "Front"}, 404),
        ("POST", base, {"description": "Front"}, 422),
        ("POST", f"{PRODUCTS}/1/images", given, 404),
        ("PUT", PRODUCTS, [{"id": product["id"], "images": [{"id": made["id"], "sort_order": 2}, given]}], 200),
        ("DELETE", f"{base}/{made['id']}", None, 204),
        ("DELETE", f"{base}/{made['id']}", None, 204),
    ):
        assert store.request(method, path, json=body).status_code == status, (method, path, body)
    assert store.violations() == []


def test_every_way_to_save_in_part_is_as_published(store: SandboxProcess) -> None:
    product = next(each for each in store.products() if each["base_variant_id"] and each["sku"])
    variant = f"{PRODUCTS}/{product['id']}/variants/{product['base_variant_id']}"
    store.configure(partly_saved={product["sku"]: "the URL is taken", "NEW-1": "the URL is taken"})
    url = {"custom_url": {"url": "/new/", "is_customized": True}}
    for method, path, body in (
        ("POST", PRODUCTS, NEW | url),
        ("PUT", f"{PRODUCTS}/{product['id']}", url),
        ("PUT", PRODUCTS, [{"id": product["id"]} | url]),
        ("PUT", variant, {"inventory_level": 4}),
    ):
        answer = store.request(method, path, json=body)
        assert answer.status_code == 207, (method, path, answer.text)
    assert store.violations() == []


def test_a_request_that_is_not_as_published_is_told(store: SandboxProcess) -> None:
    store.request("PUT", f"{PRODUCTS}/77", json={"price": -1})
    [violation] = store.violations()
    assert (violation["method"], violation["path"]) == ("PUT", f"{PRODUCTS}/77")
    assert "price" in violation["violation"]


def test_an_exchange_a_fault_touched_is_not_checked(store: SandboxProcess) -> None:
    store.fault("garbage")
    store.request("GET", PRODUCTS)
    assert store.violations() == []
