"""Writing to the catalog: what is refused, what takes effect, and that the effects log tells it."""

from __future__ import annotations

import time

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
VARIANTS = "/v3/catalog/variants"
ADJUST = "/v3/inventory/adjustments/absolute"
NEW = {"name": "A new thing", "type": "physical", "weight": 1.5, "price": 9.99}

pytestmark = pytest.mark.usefixtures("as_it_began")


def test_a_product_needs_name_type_weight_and_price(store: SandboxProcess) -> None:
    answer = store.request("POST", PRODUCTS, json={"name": ""})
    assert answer.status_code == 422
    assert answer.json()["errors"].keys() == {"name", "type", "weight", "price"}
    assert store.effects() == []


def test_a_simple_product_gets_a_base_variant(store: SandboxProcess) -> None:
    answer = store.request("POST", f"{PRODUCTS}?include=variants", json=NEW | {"sku": "NEW-1"})
    assert answer.status_code == 200
    product = answer.json()["data"]
    assert [each["id"] for each in product["variants"]] == [product["base_variant_id"]]
    assert product["variants"][0]["sku"] == "NEW-1"
    assert store.get(f"{PRODUCTS}/{product['id']}?include=variants,custom_fields,images,options")["data"] == product
    assert store.get(f"{PRODUCTS}?sku=new-1")["data"][0]["id"] == product["id"]
    total = store.get(f"{PRODUCTS}?limit=1")["meta"]["pagination"]["total"]
    assert total == 121


def test_a_product_can_bring_variants_custom_fields_images_and_a_brand(store: SandboxProcess) -> None:
    variants = [
        {"sku": f"NEW-{size}", "option_values": [{"option_display_name": "Size", "label": size}]} for size in ("S", "M")
    ]
    given = NEW | {
        "variants": variants,
        "custom_fields": [{"name": "Material", "value": "wood"}],
        "images": [{"image_url": "https://example.com/a.jpg"}],
        "brand_name": "A new brand",
        "inventory_tracking": "variant",
    }
    answer = store.request("POST", f"{PRODUCTS}?include=variants,custom_fields,images,options", json=given)
    product = answer.json()["data"]
    assert product["base_variant_id"] is None
    assert [each["sku"] for each in product["variants"]] == ["NEW-S", "NEW-M"]
    assert [each["label"] for each in product["options"][0]["option_values"]] == ["S", "M"]
    assert product["custom_fields"][0]["value"] == "wood"
    assert product["images"][0]["is_thumbnail"]
    assert store.get(f"/v3/catalog/brands/{product['brand_id']}")["data"]["name"] == "A new brand"
    assert [each["kind"] for each in store.effects()] == ["brand.created", "product.created"]


@pytest.mark.parametrize("whose", ["product", "variant"])
def test_a_sku_is_taken_whatever_its_letter_case(
    store: SandboxProcess, catalog: list[Json], several_variants: Json, whose: str
) -> None:
    product = several_variants
    sku = product["sku"] if whose == "product" else product["variants"][1]["sku"]
    answer = store.request("POST", PRODUCTS, json=NEW | {"sku": sku.lower()})
    assert answer.status_code == 409
    assert "sku" in answer.json()["errors"]
    simple = next(each for each in catalog if each["base_variant_id"] and each["sku"])
    assert store.request("PUT", f"{PRODUCTS}/{simple['id']}", json={"sku": sku.lower()}).status_code == 409
    variant = simple["variants"][0]["id"]
    answer = store.request("PUT", f"{PRODUCTS}/{simple['id']}/variants/{variant}", json={"sku": sku})
    assert answer.status_code == 409
    assert store.effects() == []


def test_a_name_is_taken_whatever_its_letter_case(store: SandboxProcess, catalog: list[Json]) -> None:
    name = catalog[3]["name"].upper()
    assert store.request("POST", PRODUCTS, json=NEW | {"name": name}).status_code == 409
    assert store.request("PUT", f"{PRODUCTS}/{catalog[4]['id']}", json={"name": name}).status_code == 409
    assert store.request("PUT", f"{PRODUCTS}/{catalog[3]['id']}", json={"name": name}).status_code == 200


@pytest.mark.parametrize(
    "bad",
    [{"price": -1}, {"price": "9.99"}, {"is_visible": 1}, {"name": "x" * 251}, {"upc": "1" * 15}, {"type": "gas"},
     {"inventory_tracking": "some"}, {"custom_fields": [{"name": "a", "value": "x" * 251}]}, {"price": None},
     {"custom_fields": [{"name": "a", "value": "b"}] * 2}],
)  # fmt: skip
def test_a_bad_value_is_refused_by_field(store: SandboxProcess, catalog: list[Json], bad: Json) -> None:
    answer = store.request("PUT", f"{PRODUCTS}/{catalog[0]['id']}", json=bad)
    assert answer.status_code == 422
    assert any(name.startswith(next(iter(bad))) for name in answer.json()["errors"])


def test_an_unknown_brand_or_category_conflicts(store: SandboxProcess, catalog: list[Json]) -> None:
    path = f"{PRODUCTS}/{catalog[0]['id']}"
    assert store.request("PUT", path, json={"brand_id": 999_999}).status_code == 409
    assert store.request("PUT", path, json={"categories": [999_999]}).status_code == 409


def test_a_change_moves_the_modification_date(store: SandboxProcess, catalog: list[Json]) -> None:
    before = store.get("/v2/time")["time"]
    product = catalog[7]
    answer = store.request("PUT", f"{PRODUCTS}/{product['id']}", json={"is_visible": False, "price": 3.21})
    assert answer.json()["data"]["price"] == 3.21
    since = store.get(f"{PRODUCTS}?date_modified:min={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(before))}")
    assert [each["id"] for each in since["data"]] == [product["id"]]
    [effect] = store.effects()
    assert (effect["kind"], effect["id"]) == ("product.updated", product["id"])
    assert effect["change"] == {"is_visible": False, "price": 3.21}
    assert effect["request_id"] == answer.headers["X-Request-ID"]


def test_a_batch_of_products_holds_ten(store: SandboxProcess, catalog: list[Json]) -> None:
    changes = [{"id": each["id"], "is_visible": False} for each in catalog[:11]]
    assert store.request("PUT", PRODUCTS, json=changes).status_code == 413
    assert store.request("PUT", PRODUCTS, json=changes[:10]).status_code == 200
    assert len(store.effects()) == 10


def test_a_batch_with_one_bad_product_changes_nothing(store: SandboxProcess, catalog: list[Json]) -> None:
    good = {"id": catalog[0]["id"], "name": "Renamed"}
    assert store.request("PUT", PRODUCTS, json=[good, {"id": 1}]).status_code == 404
    assert store.request("PUT", PRODUCTS, json=[good, {"id": catalog[1]["id"], "price": -1}]).status_code == 422
    assert store.request("PUT", PRODUCTS, json=[good, {"id": catalog[1]["id"], "name": "RENAMED"}]).status_code == 409
    assert store.get(f"{PRODUCTS}/{catalog[0]['id']}")["data"]["name"] == catalog[0]["name"]
    assert store.effects() == []


def test_a_batch_of_variants_holds_fifty(store: SandboxProcess, catalog: list[Json]) -> None:
    variants = [variant for product in catalog for variant in product["variants"]][:51]
    changes = [{"id": each["id"], "price": 5.55} for each in variants]
    assert store.request("PUT", VARIANTS, json=changes).status_code == 413
    answer = store.request("PUT", VARIANTS, json=changes[:50])
    assert {each["price"] for each in answer.json()["data"]} == {5.55}
    assert store.get(f"{VARIANTS}?id={variants[0]['id']}")["data"][0]["price"] == 5.55
    assert {each["kind"] for each in store.effects()} == {"variant.updated"}


def test_a_variant_without_a_price_costs_what_its_product_costs(store: SandboxProcess, several_variants: Json) -> None:
    product = several_variants
    store.request("PUT", f"{PRODUCTS}/{product['id']}", json={"price": 70.5, "sale_price": 0})
    store.request("PUT", VARIANTS, json=[{"id": product["variants"][0]["id"], "price": None}])
    store.request("PUT", VARIANTS, json=[{"id": product["variants"][1]["id"], "price": 80}])
    prices = [each["calculated_price"] for each in store.get(f"{PRODUCTS}/{product['id']}/variants")["data"][:2]]
    assert prices == [70.5, 80]


def test_a_batch_of_variants_tells_each_error_and_changes_nothing(
    store: SandboxProcess, several_variants: Json
) -> None:
    product = several_variants
    first, second = product["variants"][:2]
    changes = [{"id": first["id"], "price": 1}, {"id": 1, "price": 1}, {"id": second["id"], "sku": first["sku"]}]
    answer = store.request("PUT", VARIANTS, json=changes)
    assert answer.status_code == 422
    assert [each["status"] for each in answer.json()["batch_errors"]] == [404, 409]
    assert store.effects() == []


def test_deleting_needs_a_filter(store: SandboxProcess, catalog: list[Json]) -> None:
    assert store.request("DELETE", PRODUCTS).status_code == 422
    some = [each["id"] for each in catalog[:3]]
    answer = store.request("DELETE", f"{PRODUCTS}?id:in={','.join(map(str, some))}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert store.request("GET", f"{PRODUCTS}/{some[0]}").status_code == 404
    assert store.get(f"{PRODUCTS}?limit=1")["data"][0]["id"] == catalog[3]["id"]
    assert [each["id"] for each in store.effects()] == some
    variant = catalog[0]["variants"][0]["id"]
    assert store.get(f"{VARIANTS}?id={variant}")["data"] == []


def test_a_deleted_products_sku_is_free_again(store: SandboxProcess, several_variants: Json) -> None:
    product = several_variants
    assert store.request("DELETE", f"{PRODUCTS}/{product['id']}").status_code == 204
    assert store.request("POST", PRODUCTS, json=NEW | {"sku": product["sku"]}).status_code == 200


def test_brands_and_categories_can_be_created(store: SandboxProcess) -> None:
    made = store.request("POST", "/v3/catalog/brands", json={"name": "Ünique"}).json()["data"]
    assert store.get("/v3/catalog/brands?name=%C3%BCnique")["data"] == [made]
    assert store.request("POST", "/v3/catalog/brands", json={"name": "üNIQUE"}).status_code == 409
    assert store.request("POST", "/v3/catalog/brands", json={}).status_code == 422
    path = "/v3/catalog/trees/categories"
    answer = store.request("POST", path, json=[{"name": "One", "tree_id": 1}, {"name": "Two", "tree_id": 1}])
    assert (answer.status_code, answer.json()["meta"]) == (201, {"total": 2, "success": 2, "failed": 0})
    parent = answer.json()["data"][0]["category_id"]
    mixed = store.request("POST", path, json=[{"name": "Under", "parent_id": parent}, {"name": "one", "tree_id": 1}])
    assert (mixed.status_code, mixed.json()["meta"]["failed"]) == (207, 1)
    assert store.request("POST", path, json=[{"name": "Lost", "parent_id": 1}]).status_code == 422


def test_categories_are_created_by_the_dozen_and_read_by_the_page(store: SandboxProcess) -> None:
    path = "/v3/catalog/trees/categories"
    before = store.get(f"{path}?limit=1")["meta"]["pagination"]["total"]
    listed = [{"name": f"Shelf {number}", "tree_id": 1, "parent_id": 0} for number in range(60)]
    made = store.request("POST", path, json=listed).json()["data"]
    assert [each["name"] for each in made] == [each["name"] for each in listed]
    pages = [store.get(f"{path}?limit=50&page={page}") for page in range(1, 2 + (before + 60) // 50)]
    read = [each for page in pages for each in page["data"]]
    assert (len(read), len({each["category_id"] for each in read})) == (before + 60, before + 60)
    assert pages[-1]["meta"]["pagination"]["total_pages"] == len(pages)
    parent = made[0]["category_id"]
    assert [each["name"] for each in store.get(f"{path}?name=shelf%207")["data"]] == ["Shelf 7"]
    for bad in ({"name": "x" * 51, "tree_id": 1}, {"name": "SHELF 1", "tree_id": 1}, {"name": "A"}, {"tree_id": 1},
                {"name": "A", "tree_id": 9, "parent_id": parent}):  # fmt: skip
        answer = store.request("POST", path, json=[bad])
        assert (answer.status_code, answer.json()["meta"]["failed"]) == (422, 1), bad
    assert store.request("POST", path, json=[{"name": "Shelf 1", "parent_id": parent}]).status_code == 201


def test_categories_lie_eight_levels_deep(store: SandboxProcess) -> None:
    path, parent = "/v3/catalog/trees/categories", 0
    for level in range(8):
        answer = store.request("POST", path, json=[{"name": f"Level {level}", "tree_id": 1, "parent_id": parent}])
        parent = answer.json()["data"][0]["category_id"]
    assert store.request("POST", path, json=[{"name": "Level 8", "parent_id": parent}]).status_code == 422


def test_products_are_put_on_channels(store: SandboxProcess, catalog: list[Json]) -> None:
    path = f"{PRODUCTS}/channel-assignments"
    first, second = catalog[0]["id"], catalog[1]["id"]
    assert store.get(f"{path}?limit=1")["meta"]["pagination"]["total"] == 120
    wanted = [{"product_id": first, "channel_id": 7}, {"product_id": second, "channel_id": 1}]
    assert store.request("PUT", path, json=wanted).status_code == 204
    assert [each["kind"] for each in store.effects()] == ["channel.assigned"]
    assert store.get(f"{path}?channel_id:in=7")["data"] == wanted[:1]
    assert [each["id"] for each in store.get(f"{PRODUCTS}?channel_id:in=7&include=channels")["data"]] == [first]
    assert store.request("PUT", path, json=[{"product_id": 1, "channel_id": 7}]).status_code == 422
    assert store.request("PUT", path, json=[{"product_id": [first], "channel_id": 7}]).status_code == 422
    assert store.request("PUT", path, json=wanted * 126).status_code == 422
    assert store.request("DELETE", path).status_code == 422
    assert store.request("DELETE", f"{path}?product_id:in={first}&channel_id:in=7").status_code == 204
    assert store.get(f"{path}?product_id:in={first}")["data"] == [{"product_id": first, "channel_id": 1}]


def test_custom_fields_are_written_one_by_one(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(each for each in catalog if len(each["custom_fields"]) == 2)
    base = f"{PRODUCTS}/{product['id']}/custom-fields"
    made = store.request("POST", base, json={"name": "Colour", "value": "blue"}).json()["data"]
    assert store.get(base)["data"] == [*product["custom_fields"], made]
    assert store.request("POST", base, json={"name": "Colour", "value": "blue"}).status_code == 422
    assert store.request("POST", base, json={"name": "Colour"}).status_code == 422
    assert store.request("PUT", f"{base}/{made['id']}", json={"value": "red"}).json()["data"]["value"] == "red"
    assert store.request("DELETE", f"{base}/{made['id']}").status_code == 204
    assert store.get(base)["data"] == product["custom_fields"]
    assert store.request("DELETE", f"{base}/{made['id']}").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"price": 1'])
def test_a_body_that_is_no_json_is_refused(store: SandboxProcess, body: bytes) -> None:
    assert store.request("POST", PRODUCTS, data=body).status_code == 400


@pytest.mark.parametrize("body", [[], 5, None, "text"])
def test_a_body_of_another_shape_is_refused(store: SandboxProcess, body: object) -> None:
    assert store.request("POST", PRODUCTS, json=body).status_code in (400, 422)
    assert store.request("PUT", VARIANTS, json=body if body != [] else [5]).status_code in (400, 422)
    assert store.request("PUT", ADJUST, json=body).status_code in (400, 422)


# --- refusals on demand ---


@pytest.fixture
def refusing(store: SandboxProcess) -> tuple[SandboxProcess, int, int]:
    """A store that takes no change of one SKU; with its product's and its variant's id."""
    product = next(
        each for each in store.products() if each["inventory_tracking"] == "variant" and each["variants"][0]["sku"]
    )
    variant = product["variants"][0]
    store.configure(refused_skus={variant["sku"].lower(): "is locked by the merchant"})
    return store, product["id"], variant["id"]


def test_a_refused_sku_refuses_each_batch_that_names_it(refusing: tuple[SandboxProcess, int, int]) -> None:
    store, product_id, variant_id = refusing
    before = store.products()
    other = next(each for each in before if each["id"] != product_id)
    batches = [
        ("/v3/catalog/variants", [{"id": variant_id, "price": 1}, {"id": other["variants"][0]["id"], "price": 1}]),
        ("/v3/catalog/products", [{"id": product_id, "is_visible": False}, {"id": other["id"], "is_visible": False}]),
        (f"/v3/catalog/products/{product_id}", {"name": "Another name"}),
        (f"/v3/catalog/products/{product_id}/variants/{variant_id}", {"price": 1}),
        (
            "/v3/inventory/adjustments/absolute",
            {"items": [{"location_id": 1, "variant_id": variant_id, "quantity": 1}]},
        ),
    ]
    for path, body in batches:
        answer = store.request("PUT", path, json=body)
        assert answer.status_code == 422, path
        assert "is locked by the merchant" in answer.text, path
    assert store.products() == before


def test_other_skus_are_not_refused(refusing: tuple[SandboxProcess, int, int]) -> None:
    store, product_id, _ = refusing
    other = next(each for each in store.products() if each["id"] != product_id)
    answer = store.request("PUT", "/v3/catalog/products", json=[{"id": other["id"], "is_visible": False}])
    assert answer.status_code == 200
