"""What no client should send gets the store's own refusal: never a 500, a dropped connection or half an effect."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
ASSIGNMENTS = f"{PRODUCTS}/channel-assignments"
ADJUST = "/v3/inventory/adjustments/absolute"
DEEP = b'{"a":' * 50_000 + b"1" + b"}" * 50_000

pytestmark = pytest.mark.usefixtures("as_it_began")


@pytest.fixture
def product(catalog: list[Json]) -> Json:
    return next(each for each in catalog if each["options"] and each["images"])


@pytest.mark.parametrize("body", [DEEP, b"[" * 100_000, b'{"name": "\xff"}', b"\x00", b"", b'{"name": "\\ud800"}'])
def test_a_body_that_cannot_be_read_is_refused(store: SandboxProcess, body: bytes) -> None:
    order = f"/v2/orders/{store.place_order()['id']}"
    for method, path in (("POST", PRODUCTS), ("PUT", ADJUST), ("PUT", order), ("POST", f"{order}/shipments")):
        assert store.request(method, path, data=body).status_code == 400, path
    assert store.effects() == []


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5_000, "1%00", "%D9%A1", "1_0", "x", "%FF"])
def test_a_path_whose_id_is_no_number_names_no_record(store: SandboxProcess, product: Json, number: str) -> None:
    one = f"{PRODUCTS}/{product['id']}"
    for path in (f"{PRODUCTS}/{number}", f"{one}/options/{number}/values", f"/v2/orders/{number}"):
        assert store.request("GET", path).status_code == 404
    assert store.request("DELETE", f"{PRODUCTS}/1/images/{number}").status_code == 404
    answer = store.request("GET", f"/v3/inventory/locations/{number}/items")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5_000, "1_0", "%D9%A1", "nan", "1.5", "", "%00"])
def test_a_parameter_that_is_no_number_is_refused(store: SandboxProcess, product: Json, number: str) -> None:
    for path in (f"{PRODUCTS}?page=", f"{PRODUCTS}?id:in=1,", "/v3/inventory/items?limit=", f"{ASSIGNMENTS}?page="):
        assert store.request("GET", path + number).status_code == 422
    lines = f"/v2/orders/{store.place_order()['id']}/products"
    for path in ("/v2/orders?page=", "/v2/orders?min_id=", f"{lines}?page="):
        assert store.request("GET", path + number).status_code == 400
    assert store.request("GET", f"/v3/catalog/trees/1/categories?depth={number}").status_code == 422


@pytest.mark.parametrize("number", ["nan", "inf", "1_0", "1e999", "%D9%A1"])
def test_an_amount_that_is_no_number_is_refused(store: SandboxProcess, number: str) -> None:
    assert store.request("GET", f"{PRODUCTS}?price={number}").status_code == 422
    for amount in (number, "1e99"):
        assert store.request("GET", f"/v2/orders?min_total={amount}").status_code == 400


def test_an_unknown_parameter_is_refused_wherever_it_stands(store: SandboxProcess, product: Json) -> None:
    one = f"{PRODUCTS}/{product['id']}"
    option = f"{one}/options/{product['options'][0]['id']}"
    paths = [one, f"{one}/images", f"{one}/variants", f"{one}/custom-fields", option, f"{option}/values"]
    paths += ["/v3/catalog/summary", "/v3/catalog/brands/1", "/v3/catalog/trees/1/categories", "/v3/catalog/variants"]
    for path in paths:
        answer = store.request("GET", f"{path}?colour=red")
        assert (answer.status_code, answer.json()["title"]) == (
            422,
            "The filter(s): colour are not valid filter parameter(s).",
        ), path
    for path in ("/v2/store", "/v2/time", "/v2/orders"):
        answer = store.request("GET", f"{path}?colour=red")
        assert (answer.status_code, answer.json()[0]["status"]) == (400, 400), path
    for method, path in (("PUT", one), ("DELETE", one), ("DELETE", f"{one}/images/1"), ("POST", PRODUCTS)):
        assert store.request(method, f"{path}?colour=red", json={}).status_code == 422
    assert store.effects() == []


@pytest.mark.parametrize("value", [True, 2**63, 10**400, 1.5, "1", None])
def test_what_is_no_id_is_refused_though_python_would_take_it(store: SandboxProcess, value: Any) -> None:
    item = {"location_id": value, "product_id": 77, "quantity": 1}
    for path, body in (
        (ASSIGNMENTS, [{"product_id": 77, "channel_id": value}]),
        (ASSIGNMENTS, [{"product_id": value, "channel_id": 1}]),
        (ADJUST, {"items": [item]}),
        (ADJUST, {"items": [item | {"location_id": 1, "product_id": value}]}),
        (PRODUCTS, [{"id": value, "price": 1}]),
        ("/v3/catalog/variants", [{"id": value, "price": 1}]),
        (f"{PRODUCTS}/77", {"total_sold": value}),
    ):
        assert store.request("PUT", path, json=body).status_code == 422, path
    category = {"name": "n", "tree_id": 1, "parent_id": value}
    assert store.request("POST", "/v3/catalog/trees/categories", json=[category]).status_code == 422
    assert store.effects() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"meta_keywords": [1]},
        {"related_products": ["a"]},
        {"videos": {}},
        {"custom_url": {"url": 1}},
        {"price": 10**400},
    ],
)
def test_what_stands_within_a_field_has_its_type_too(store: SandboxProcess, fields: Json) -> None:
    assert store.request("PUT", f"{PRODUCTS}/77", json=fields).status_code == 422
    assert store.effects() == []


def test_of_an_object_only_known_fields_are_stored(store: SandboxProcess, product: Json) -> None:
    url = {"url": "/mugs/", "is_customized": True, "colour": "red"}
    made = store.request("POST", "/v3/catalog/brands", json={"name": "Mugs", "custom_url": url}).json()["data"]
    assert made["custom_url"] == {"url": "/mugs/", "is_customized": True}
    option = f"{PRODUCTS}/{product['id']}/options/{product['options'][0]['id']}"
    config = {"default_value": "M", "colour": "red"}
    assert store.request("PUT", option, json={"config": config}).json()["data"]["config"] == {"default_value": "M"}
    assert store.request("PUT", option, json={"config": {"default_value": 1}}).status_code == 422


def test_an_include_that_is_refused_leaves_the_product_as_it_was(store: SandboxProcess) -> None:
    assert store.request("PUT", f"{PRODUCTS}/77?include=colours", json={"price": 3}).status_code == 422
    assert store.effects() == []


def test_refusals_of_trees_and_of_variant_batches_have_their_own_form(store: SandboxProcess) -> None:
    answer = store.request("GET", "/v3/catalog/trees?colour=red")
    assert (answer.status_code, answer.json()["errors"]["status"]) == (422, 422)
    answer = store.request("POST", "/v3/catalog/trees/categories", json=False)
    assert (answer.status_code, answer.json()["errors"]["status"]) == (422, 422)
    answer = store.request("PUT", "/v3/catalog/variants", json=["a"])
    assert (answer.status_code, answer.json()["batch_errors"][0]["status"]) == (422, 422)
