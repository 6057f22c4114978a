"""What a write to a product brings along: custom fields, images, identifiers and a brand."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
NEW: Json = {"name": "A new thing", "type": "physical", "weight": 1.5, "price": 9.99, "sku": "NEW"}
FIELDS = [{"name": "Material", "value": "wood"}, {"name": "Fit", "value": "slim"}]
IMAGES = [{"image_url": "https://example.com/a.jpg"}, {"image_url": "http://example.com/b.png", "description": "Back"}]

pytestmark = pytest.mark.usefixtures("as_it_began")


@pytest.fixture
def chair(store: SandboxProcess) -> Json:
    """A simple product with two custom fields and two images."""
    given = NEW | {"custom_fields": FIELDS, "images": IMAGES}
    answer = store.request("POST", f"{PRODUCTS}?include=custom_fields,images", json=given)
    product: Json = answer.json()["data"]
    return product


def put(store: SandboxProcess, product: Json, batch: bool, **changes: Any) -> tuple[int, Json]:
    """The status and what the product is then."""
    path = PRODUCTS if batch else f"{PRODUCTS}/{product['id']}"
    answer = store.request("PUT", path, json=[{"id": product["id"]} | changes] if batch else changes)
    include = "include=custom_fields,images,variants"
    return answer.status_code, store.get(f"{PRODUCTS}/{product['id']}?{include}")["data"]


@pytest.mark.parametrize("batch", [False, True])
def test_a_custom_field_is_changed_by_id_and_added_without(store: SandboxProcess, chair: Json, batch: bool) -> None:
    first, second = chair["custom_fields"]
    given = [first | {"value": "oak"}, {"name": "Care", "value": "oil"}]
    status, product = put(store, chair, batch, custom_fields=given)
    assert status == 200
    assert product["custom_fields"][:2] == [first | {"value": "oak"}, second]
    assert [(each["name"], each["value"]) for each in product["custom_fields"][2:]] == [("Care", "oil")]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    "bad", [[FIELDS[0]], [{"id": 1, "name": "a", "value": "b"}], [{"name": "a", "value": ""}], [{"name": "a"}], ["a"]]
)
def test_a_custom_field_that_is_there_or_bad_is_refused(
    store: SandboxProcess, chair: Json, batch: bool, bad: list[Any]
) -> None:
    status, product = put(store, chair, batch, custom_fields=bad)
    assert (status, product["custom_fields"]) == (422, chair["custom_fields"])


def test_a_product_has_two_hundred_custom_fields(store: SandboxProcess, chair: Json) -> None:
    more = [{"name": "Number", "value": str(number)} for number in range(199)]
    assert put(store, chair, False, custom_fields=more)[0] == 422
    status, product = put(store, chair, False, custom_fields=more[:198])
    assert (status, len(product["custom_fields"])) == (200, 200)
    one_more = {"name": "One", "value": "more"}
    path = f"{PRODUCTS}/{chair['id']}/custom-fields"
    assert store.request("POST", path, json=one_more).status_code == 422
    assert store.request("POST", PRODUCTS, json=NEW | {"name": "B", "custom_fields": more + more}).status_code == 422


@pytest.mark.parametrize("batch", [False, True])
def test_an_image_is_changed_by_id_and_added_without(store: SandboxProcess, chair: Json, batch: bool) -> None:
    first, second = chair["images"]
    assert (first["is_thumbnail"], second["is_thumbnail"], second["description"]) == (True, False, "Back")
    change = {"id": second["id"], "is_thumbnail": True, "sort_order": 0, "description": "Behind"}
    added = {"image_url": "https://example.com/c.jpg", "sort_order": 9, "description": "Detail"}
    status, product = put(store, chair, batch, images=[change, added])
    assert status == 200
    said = [(each["is_thumbnail"], each["sort_order"], each["description"]) for each in product["images"]]
    assert said == [(False, 0, ""), (True, 0, "Behind"), (False, 9, "Detail")]
    assert [each["id"] for each in product["images"][:2]] == [first["id"], second["id"]]
    assert product["images"][1]["image_url"] == second["image_url"]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    "bad",
    [{}, {"id": 1}, {"image_url": "ftp://example.com/a.jpg"}, {"image_url": "https://example.com/" + "a" * 236},
     {"image_url": "a.jpg"}, {"image_url": 5}, {"image_url": "https://a/b", "sort_order": "1"}],
)  # fmt: skip
def test_a_bad_image_is_refused(store: SandboxProcess, chair: Json, batch: bool, bad: Json) -> None:
    status, product = put(store, chair, batch, images=[bad])
    assert (status, product["images"]) == (422, chair["images"])


def test_images_that_come_with_a_new_product_say_their_order(store: SandboxProcess) -> None:
    images = [IMAGES[0] | {"sort_order": 2}, IMAGES[1] | {"sort_order": 1, "is_thumbnail": True}]
    product = store.request("POST", f"{PRODUCTS}?include=images", json=NEW | {"images": images}).json()["data"]
    assert [(each["sort_order"], each["is_thumbnail"]) for each in product["images"]] == [(2, False), (1, True)]


@pytest.mark.parametrize("batch", [False, True])
def test_what_describes_a_product_is_changed(store: SandboxProcess, chair: Json, batch: bool) -> None:
    changes = {"availability": "preorder", "condition": "Refurbished", "gtin": "00012345678905", "mpn": "C-1"}
    status, product = put(store, chair, batch, brand_name="Chairmakers", **changes)
    assert status == 200
    assert {name: product[name] for name in changes} == changes
    assert (product["variants"][0]["gtin"], product["variants"][0]["mpn"]) == ("00012345678905", "C-1")
    assert store.get(f"/v3/catalog/brands/{product['brand_id']}")["data"]["name"] == "Chairmakers"
    assert [each["kind"] for each in store.effects()[1:]] == ["brand.created", "product.updated"]
    status, again = put(store, chair, batch, brand_name="CHAIRMAKERS")
    assert again["brand_id"] == product["brand_id"]
    assert put(store, chair, batch, availability="gone")[0] == 422
    assert put(store, chair, batch, condition="Old")[0] == 422


def test_a_refused_batch_makes_no_brand(store: SandboxProcess, chair: Json) -> None:
    batch = [{"id": chair["id"], "brand_name": "Chairmakers"}, {"id": chair["id"], "price": -1}]
    assert store.request("PUT", PRODUCTS, json=batch).status_code == 422
    assert store.get("/v3/catalog/brands?name=chairmakers")["data"] == []
