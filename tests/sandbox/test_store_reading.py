"""Reading the store: pages, filters, sort orders, sub-resources."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=330, quota=0) as process:
        yield process


@pytest.fixture(scope="module")
def catalog(store: SandboxProcess) -> list[Json]:
    return store.products()


def ids(answer: Json) -> list[int]:
    return [each["id"] for each in answer["data"]]


def test_pages_give_every_product_once(store: SandboxProcess, catalog: list[Json]) -> None:
    seen, path = [], f"{PRODUCTS}?limit=100"
    while path:
        answer = store.get(path)
        seen += ids(answer)
        pagination = answer["meta"]["pagination"]
        assert pagination["total"] == 330
        assert pagination["count"] == len(answer["data"])
        assert (pagination["per_page"], pagination["total_pages"]) == (100, 4)
        following = pagination["links"].get("next")
        path = PRODUCTS + following if following else ""
    assert seen == [each["id"] for each in catalog]


def test_the_links_lead_back_too(store: SandboxProcess) -> None:
    links = store.get(f"{PRODUCTS}?limit=100&page=2")["meta"]["pagination"]["links"]
    assert links == {"previous": "?page=1&limit=100", "next": "?page=3&limit=100", "current": "?page=2&limit=100"}


def test_a_page_holds_50_by_default_and_250_at_most(store: SandboxProcess) -> None:
    assert len(store.get(PRODUCTS)["data"]) == 50
    largest = store.get(f"{PRODUCTS}?limit=1000")
    assert (len(largest["data"]), largest["meta"]["pagination"]["per_page"]) == (250, 250)


@pytest.mark.parametrize("part", ["options", "modifiers"])
def test_a_page_with_options_holds_10_at_most(store: SandboxProcess, part: str) -> None:
    answer = store.get(f"{PRODUCTS}?limit=250&include=variants,{part}")
    assert len(answer["data"]) == 10
    assert answer["meta"]["pagination"]["total_pages"] == 33


def test_a_page_after_the_last_is_empty(store: SandboxProcess) -> None:
    answer = store.get(f"{PRODUCTS}?limit=250&page=9")
    assert answer["data"] == []
    assert answer["meta"]["pagination"]["total"] == 330


def test_ids_can_be_followed_instead_of_pages(store: SandboxProcess, catalog: list[Json]) -> None:
    seen: list[int] = []
    while page := ids(store.get(f"{PRODUCTS}?sort=id&limit=100&id:greater={seen[-1] if seen else 0}")):
        seen += page
    assert seen == [each["id"] for each in catalog]


def test_id_filters_bound_lists_and_exclude(store: SandboxProcess, catalog: list[Json]) -> None:
    known = [each["id"] for each in catalog]
    low, high = known[10], known[20]

    def asked(query: str) -> list[int]:
        answer = store.get(f"{PRODUCTS}?limit=250&{query}")
        assert answer["meta"]["pagination"]["total"] >= len(answer["data"])
        return ids(answer)

    assert asked(f"id={low}") == [low]
    assert asked(f"id:in={high},{low},1") == [low, high]
    assert asked(f"id:min={low}&id:max={high}") == known[10:21]
    assert asked(f"id:greater={low}&id:less={high}") == known[11:20]
    assert asked(f"id:max={high}&id:not_in={low}") == [each for each in known[:21] if each != low]
    assert asked(f"id:less={low}&direction=desc") == known[:10][::-1]
    assert asked("id:greater=99999999") == []


def test_products_are_found_by_their_own_identifiers(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(each for each in catalog if each["sku"] and each["upc"] and each["mpn"])
    for field in ("sku", "upc", "mpn", "name"):
        answer = store.get(f"{PRODUCTS}?{field}={quote(product[field])}")
        assert product["id"] in ids(answer)
        assert {each[field] for each in answer["data"]} == {product[field]}
    assert ids(store.get(f"{PRODUCTS}?sku={product['sku'].lower()}")) == [product["id"]]
    assert ids(store.get(f"{PRODUCTS}?sku:in={product['sku']},nothing")) == [product["id"]]


def test_the_product_filter_does_not_see_a_variants_sku(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(each for each in catalog if len(each["variants"]) > 1 and each["variants"][0]["sku"])
    sku = product["variants"][0]["sku"]
    assert ids(store.get(f"{PRODUCTS}?sku={sku}")) == []
    assert product["variants"][0]["id"] in ids(store.get(f"/v3/catalog/variants?sku={sku}"))


def test_other_fields_filter_too(store: SandboxProcess, catalog: list[Json]) -> None:
    hidden = [each["id"] for each in catalog if not each["is_visible"]]
    assert hidden
    assert ids(store.get(f"{PRODUCTS}?is_visible=false&limit=250")) == hidden
    assert store.get(f"{PRODUCTS}?is_visible=0&limit=1")["meta"]["pagination"]["total"] == len(hidden)
    brand = catalog[0]["brand_id"]
    expected = [each["id"] for each in catalog if each["brand_id"] == brand and each["is_visible"]]
    assert ids(store.get(f"{PRODUCTS}?brand_id={brand}&is_visible=true&limit=250")) == expected
    category = catalog[0]["categories"][0]
    within = [each["id"] for each in catalog if category in each["categories"]]
    alone = [each["id"] for each in catalog if each["categories"] == [category]]
    assert ids(store.get(f"{PRODUCTS}?categories:in={category}&limit=250")) == within
    assert ids(store.get(f"{PRODUCTS}?categories={category}&limit=250")) == alone


def test_modification_dates_bound_both_ends(store: SandboxProcess, catalog: list[Json]) -> None:
    dates = sorted(each["date_modified"] for each in catalog)
    low, high = dates[100], dates[200]
    expected = [each["id"] for each in catalog if low <= each["date_modified"] <= high]
    query = f"date_modified:min={quote(low)}&date_modified:max={quote(high)}&limit=250"
    assert ids(store.get(f"{PRODUCTS}?{query}")) == expected
    after = [each for each in expected if each > expected[5]]
    assert ids(store.get(f"{PRODUCTS}?{query}&id:greater={expected[5]}")) == after
    # A plus that was not escaped arrives as a space.
    assert store.get(f"{PRODUCTS}?date_modified:min={low}&limit=1")["meta"]["pagination"]["total"] == 230


@pytest.mark.parametrize("field", ["id", "name", "sku", "price", "date_modified", "inventory_level", "total_sold"])
def test_products_come_in_the_order_asked_for(store: SandboxProcess, catalog: list[Json], field: str) -> None:
    def key(product: Json) -> tuple[object, int]:
        value = product[field]
        return (value.lower() if isinstance(value, str) else value, product["id"])

    expected = [each["id"] for each in sorted(catalog, key=key)]
    assert ids(store.get(f"{PRODUCTS}?sort={field}&limit=250")) == expected[:250]
    assert ids(store.get(f"{PRODUCTS}?sort={field}&direction=desc&limit=10")) == expected[::-1][:10]
    assert ids(store.get(f"{PRODUCTS}?sort={field}&is_visible=true&limit=250&page=2"))


@pytest.mark.parametrize(
    "query",
    ["id=x", "id:in=1,x", "is_visible=perhaps", "date_modified:min=yesterday", "page=x", "limit=x", "sort=colour",
     "direction=up", "include=everything", "colour=red", "type=gas", "name:in=a"],
)  # fmt: skip
def test_a_filter_the_store_does_not_know_is_refused(store: SandboxProcess, query: str) -> None:
    answer = store.request("GET", f"{PRODUCTS}?{query}")
    assert answer.status_code == 422
    assert {"status", "title", "type", "errors"} <= answer.json().keys()


@pytest.mark.parametrize("query", ["sku:in=a", "id:greater=1", "id:in=1,2", "sort=id", "date_modified:min=2025-01-01"])
def test_variants_have_neither_ranges_nor_lists(store: SandboxProcess, query: str) -> None:
    assert store.request("GET", f"/v3/catalog/variants?{query}").status_code == 422


def test_sub_resources_come_only_when_included(store: SandboxProcess, catalog: list[Json]) -> None:
    parts = ("variants", "images", "custom_fields", "options", "primary_image", "channels", "bulk_pricing_rules")
    product = next(each for each in catalog if each["images"] and each["custom_fields"] and len(each["variants"]) > 1)
    bare = store.get(f"{PRODUCTS}/{product['id']}")["data"]
    assert not bare.keys() & set(parts)
    whole = store.get(f"{PRODUCTS}/{product['id']}?include={','.join(parts)}")["data"]
    assert {name: whole[name] for name in parts if name in product} == {
        name: product[name] for name in parts if name in product
    }
    assert bare == {name: value for name, value in whole.items() if name not in parts}


def test_fields_can_be_chosen_and_left_out(store: SandboxProcess) -> None:
    chosen = store.get(f"{PRODUCTS}?include_fields=name,sku&include=variants&limit=2")["data"][0]
    assert chosen.keys() == {"id", "name", "sku", "variants"}
    rest = store.get(f"{PRODUCTS}?exclude_fields=description,id&limit=1")["data"][0]
    assert "description" not in rest
    assert "id" in rest


def test_a_products_parts_are_lists_of_their_own(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(each for each in catalog if each["images"] and each["custom_fields"] and len(each["variants"]) > 1)
    base = f"{PRODUCTS}/{product['id']}"
    for path, part in (("variants", "variants"), ("images", "images"), ("custom-fields", "custom_fields")):
        answer = store.get(f"{base}/{path}?limit=250")
        assert answer["data"] == product[part]
        assert answer["meta"]["pagination"]["total"] == len(product[part])
        one = product[part][-1]
        assert store.get(f"{base}/{path}/{one['id']}")["data"] == one
        assert store.request("GET", f"{base}/{path}/1").status_code == 404
    assert store.request("GET", f"{PRODUCTS}/1").status_code == 404
    assert store.request("GET", f"{PRODUCTS}/1/variants").status_code == 404


def test_variants_of_all_products_come_in_the_order_of_ids(store: SandboxProcess, catalog: list[Json]) -> None:
    expected = sorted(variant["id"] for product in catalog for variant in product["variants"])
    answer = store.get("/v3/catalog/variants?limit=250&page=2")
    assert ids(answer) == expected[250:500]
    assert answer["meta"]["pagination"]["total"] == len(expected)
    product = catalog[5]
    by_product = store.get(f"/v3/catalog/variants?product_id:in={product['id']},1&limit=250")
    assert ids(by_product) == [each["id"] for each in product["variants"]]


def test_brands_and_categories_can_be_read(store: SandboxProcess) -> None:
    brands = store.get("/v3/catalog/brands?limit=250")["data"]
    assert ids(store.get(f"/v3/catalog/brands?id:greater={brands[2]['id']}")) == [each["id"] for each in brands[3:]]
    assert store.get(f"/v3/catalog/brands/{brands[0]['id']}")["data"] == brands[0]
    by_name = store.get(f"/v3/catalog/brands?name={quote(brands[1]['name'])}")
    assert by_name["data"] == [brands[1]]
    assert [each["id"] for each in store.get("/v3/catalog/trees")["data"]] == [1]
    newer = store.get("/v3/catalog/trees/categories?limit=250")["data"]
    older = store.get("/v3/catalog/categories?limit=250")["data"]
    assert [each["category_id"] for each in newer] == [each["id"] for each in older]
    parents = {each["id"]: each["parent_id"] for each in older}
    assert max(_depth(each, parents) for each in parents) == 3


def _depth(category: int, parents: dict[int, int]) -> int:
    return 1 + _depth(parents[category], parents) if parents[category] else 1


def test_stock_items_add_up_to_the_catalogs_levels(store: SandboxProcess, catalog: list[Json]) -> None:
    units: dict[int, int] = {}
    page = 1
    while items := store.get(f"/v3/inventory/items?limit=1000&page={page}")["data"]:
        for item in items:
            product_id = item["identity"]["product_id"]
            held = sum(location["total_inventory_onhand"] for location in item["locations"])
            units[product_id] = units.get(product_id, 0) + held
        page += 1
    assert units == {each["id"]: each["inventory_level"] for each in catalog}


def test_stock_items_are_found_by_sku_variant_product_and_location(store: SandboxProcess, catalog: list[Json]) -> None:
    product = next(
        each
        for each in catalog
        if each["inventory_tracking"] == "variant" and all(one["sku"] for one in each["variants"])
    )
    variant = product["variants"][-1]
    for query in (f"sku:in={variant['sku']}", f"variant_id:in={variant['id']}"):
        answer = store.get(f"/v3/inventory/items?{query}&location_id:in=1")
        assert [item["identity"]["variant_id"] for item in answer["data"]] == [variant["id"]]
        assert [each["location_id"] for each in answer["data"][0]["locations"]] == [1]
    by_product = store.get(f"/v3/inventory/locations/1/items?product_id:in={product['id']}")
    assert by_product["meta"]["pagination"]["total"] == len(product["variants"])
    assert store.request("GET", "/v3/inventory/locations/9/items").status_code == 404
    assert [each["id"] for each in store.get("/v3/inventory/locations?is_default=true")["data"]] == [1]


def test_the_summary_counts_the_catalog(store: SandboxProcess, catalog: list[Json]) -> None:
    summary = store.get("/v3/catalog/summary")["data"]
    assert summary["variant_count"] == sum(len(each["variants"]) for each in catalog)
    assert summary["inventory_count"] == sum(each["inventory_level"] for each in catalog)
