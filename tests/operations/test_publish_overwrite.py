"""Publish Listings: an overwrite makes the store's product what the listing is, field by field, with few calls."""

from __future__ import annotations

from typing import Any

import pytest

from storekeeper.outcomes import Counts, RunStopped
from tests.operations.publish_press import CREATE, STOCK, Press

UPDATE = "PUT /v3/catalog/products"
FIELDS = [
    "description", "price", "quantity", "brand", "categories", "images", "custom_fields", "weight", "identifiers",
    "condition", "availability", "variants",
]  # fmt: skip


def size(value: str) -> list[dict[str, str]]:
    return [{"name": "Size", "value": value}]


def field(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def image(name: str) -> str:
    return f"https://cdn.example.com/{name}.jpg"


def writes(press: Press) -> dict[str, int]:
    return {name: count for name, count in press.requests().items() if not name.startswith("GET")}


def queue(press: Press, key: str, **values: Any) -> None:
    press.set(key, queued_action="overwrite", **values)


def quiet(press: Press, **settings: Any) -> None:
    """Nothing more to do."""
    press.requests()
    assert press.publish(**settings) == Counts()
    press.sync()
    assert press.requests() == {}


@pytest.fixture
def lamp(press: Press) -> Press:
    """One product, published with all that a product has."""
    press.store.request("POST", "/v3/catalog/trees/categories", json=[{"name": "Sale", "tree_id": 1, "parent_id": 0}])
    press.draft(
        "L",
        {"master_sku": "L", "upc": "012345678905", "mpn": "M1", "quantity": 7},
        description="<p>old</p>",
        brand="Lumen",
        condition="New",
        availability="available",
        images=[image("a"), image("b")],
        custom_fields=[field("A", "1"), field("B", "2"), field("C", "3")],
    )
    assert press.publish() == Counts(read=1, created=1)
    press.requests()
    return press


NEW: dict[str, dict[str, Any]] = {
    "description": {"description": "<p>new</p>"},
    "price": {"price": "21.50"},
    "quantity": {},
    "brand": {"brand": "Other"},
    "categories": {"categories": ["Sale"]},
    "images": {"images": [image("b"), image("c")]},
    "custom_fields": {"custom_fields": [field("A", "1"), field("B", "9")]},
    "weight": {"weight": "3.25"},
    "identifiers": {},
    "condition": {"condition": "Used"},
    "availability": {"availability": "preorder"},
}


def seen(press: Press) -> dict[str, Any]:
    (product,) = [each for each in press.store.products() if each["sku"] == "L"]
    return {
        "title": product["name"],
        "description": product["description"],
        "price": product["price"],
        "quantity": product["inventory_level"],
        "brand": product["brand_id"],
        "categories": product["categories"],
        "images": len(product["images"]),
        "custom_fields": sorted((each["name"], each["value"]) for each in product["custom_fields"]),
        "weight": product["weight"],
        "identifiers": (product["upc"], product["mpn"]),
        "condition": product["condition"],
        "availability": product["availability"],
    }


def change_all(press: Press, *fields: str) -> None:
    values: dict[str, Any] = {"title": "L new"}
    for name in fields or NEW:
        values |= NEW[name]
    queue(press, "L", **values)
    if not fields or "quantity" in fields:
        press.database.run("update core.listing_variant set quantity = 9")
    if not fields or "identifiers" in fields:
        press.database.run("update core.listing_variant set upc = '012345678912', mpn = 'M2'")


@pytest.mark.parametrize("name", NEW)
def test_each_field_follows_its_own_setting(lamp: Press, name: str) -> None:
    before = seen(lamp)
    change_all(lamp)
    skip = {each: "skip" for each in FIELDS if each != name and each != "quantity"}
    lamp.database.run("update core.listing_variant set quantity = 7 where %s <> 'quantity'", name)
    lamp.publish(overwrite=skip)
    after = seen(lamp)
    changed = {each for each in before if before[each] != after[each]}
    expected = set() if name == "images" else {name}  # two before, two after
    assert changed == expected
    assert lamp.listing("L")["queued_action"] is None


@pytest.mark.parametrize("name", NEW)
def test_a_field_that_is_skipped_stays(lamp: Press, name: str) -> None:
    before = seen(lamp)
    change_all(lamp)
    assert lamp.publish(overwrite={name: "skip"}).updated == 1
    after = seen(lamp)
    assert after[name] == before[name]
    assert {each for each in before if before[each] == after[each]} <= {name, "title", "images"}


@pytest.mark.parametrize("override", [False, True])
def test_the_name_follows_its_own_setting(lamp: Press, override: bool) -> None:
    queue(lamp, "L", title="L new")
    lamp.publish(override_product_names=override)
    assert seen(lamp)["title"] == ("L new" if override else "L")
    lamp.pull(mode="create_only")
    assert lamp.listing("L")["title"] == "L new"


def test_an_overwrite_with_a_name_that_is_taken_is_a_problem(lamp: Press) -> None:
    lamp.store.insert_product(name="Taken", sku="OTHER", price=5.0, weight=1, type="physical")
    queue(lamp, "L", title="taken", price="30")
    lamp.draft("M")
    lamp.publish(override_product_names=True)
    assert lamp.problems() != set()
    assert {key for key, _ in lamp.problems()} == {"L"}
    assert "M" in lamp.created()
    queue(lamp, "L", title="Free")
    lamp.publish(override_product_names=True)
    assert (lamp.problems(), seen(lamp)["title"], seen(lamp)["price"]) == (set(), "Free", 30)


def test_where_nothing_differs_nothing_is_written(lamp: Press) -> None:
    queue(lamp, "L")
    counts = lamp.publish()
    assert writes(lamp) == {}
    assert counts.read == 1
    assert counts.failed == 0
    assert lamp.listing("L")["queued_action"] is None
    quiet(lamp)


def test_all_of_a_product_s_own_fields_go_in_one_call(lamp: Press) -> None:
    change_all(lamp, "description", "brand", "categories", "weight", "condition", "availability")
    lamp.publish()
    assert writes(lamp) == {UPDATE: 1}
    quiet(lamp)


def test_products_are_overwritten_ten_a_call(press: Press) -> None:
    for number in range(25):
        press.draft(f"P-{number}")
    press.publish()
    press.requests()
    press.database.run("update core.listing set queued_action = 'overwrite', description = 'new'")
    counts = press.publish(max_overwritten_share=1.0)
    assert counts == Counts(read=25, updated=25)
    requests = press.requests()
    assert requests[UPDATE] == 3
    assert sum(count for name, count in requests.items() if name.startswith("GET")) <= 4
    quiet(press)


def test_custom_fields_are_replaced_with_few_calls(lamp: Press) -> None:
    queue(lamp, "L", custom_fields=[field("A", "1"), field("B", "9"), field("D", "4"), field("E", "5")])
    lamp.publish()
    assert seen(lamp)["custom_fields"] == [("A", "1"), ("B", "9"), ("D", "4"), ("E", "5")]
    assert sum(writes(lamp).values()) <= 3
    quiet(lamp)


def test_all_custom_fields_and_images_may_go(lamp: Press) -> None:
    queue(lamp, "L", custom_fields=[], images=[])
    lamp.publish()
    assert (seen(lamp)["custom_fields"], seen(lamp)["images"]) == ([], 0)
    assert lamp.listing("L")["images_sent"] == []
    quiet(lamp)


def test_images_are_replaced_and_those_that_stay_are_not_sent_again(lamp: Press) -> None:
    (before,) = [each for each in lamp.store.products() if each["sku"] == "L"]
    kept = {each["id"] for each in before["images"]}
    queue(lamp, "L", images=[image("b"), image("c"), image("d")])
    lamp.publish()
    (after,) = [each for each in lamp.store.products() if each["sku"] == "L"]
    assert len(after["images"]) == 3
    assert len(kept & {each["id"] for each in after["images"]}) == 1
    assert {each["url"] for each in lamp.listing("L")["images_sent"]} == {image("b"), image("c"), image("d")}
    assert sum(writes(lamp).values()) <= 3
    quiet(lamp)
    queue(lamp, "L")
    lamp.publish()
    assert writes(lamp) == {}


def test_what_was_edited_in_the_store_is_put_back(lamp: Press) -> None:
    product = lamp.product("L")
    lamp.store.patch_product(product["id"], description="theirs", price=99.0, weight=77)
    queue(lamp, "L")
    assert lamp.publish().updated == 1
    after = seen(lamp)
    assert (after["description"], after["price"], after["weight"]) == ("<p>old</p>", 19.99, 1.5)
    quiet(lamp)


def sell(press: Press, sku: str, level: int) -> None:
    (product,) = [each for each in press.store.products() if sku in {v["sku"] for v in each["variants"]}]
    (variant,) = [each for each in product["variants"] if each["sku"] == sku]
    tracked = product["inventory_tracking"] == "product"
    item = {"product_id": product["id"]} if tracked else {"variant_id": variant["id"]}
    answer = press.store.request(
        "PUT",
        "/v3/inventory/adjustments/absolute",
        json={"reason": "sold", "items": [{"location_id": 1, **item, "quantity": level}]},
    )
    assert answer.status_code == 200, answer.text
    press.store.forget_requests()


@pytest.mark.parametrize("pulled", [False, True])
def test_a_sale_is_not_undone_by_an_overwrite(lamp: Press, pulled: bool) -> None:
    sell(lamp, "L", 4)
    if pulled:
        lamp.pull()
    change_all(lamp, "description")
    lamp.publish()
    assert seen(lamp)["quantity"] == 4
    lamp.sync()
    assert seen(lamp)["quantity"] == 4
    lamp.pull()
    assert lamp.variant("L")["quantity"] == 4


def test_a_new_quantity_goes_with_an_overwrite(lamp: Press) -> None:
    change_all(lamp, "quantity")
    lamp.publish(overwrite={"brand": "skip"})
    assert writes(lamp) == {STOCK: 1}
    assert (seen(lamp)["quantity"], lamp.variant("L")["synced_quantity"]) == (9, 9)
    quiet(lamp)


def test_a_linked_item_s_price_and_stock_count(lamp: Press) -> None:
    lamp.database.run("insert into core.inventory_item (master_sku, quantity, price) values ('L', 3, 24.5)")
    queue(lamp, "L")
    lamp.publish()
    assert (seen(lamp)["price"], seen(lamp)["quantity"]) == (24.5, 3)
    quiet(lamp)


# Variants.


@pytest.fixture
def shirt(press: Press) -> Press:
    press.draft(
        "SHIRT", *({"master_sku": f"S-{value}", "options": size(value), "quantity": 3} for value in ("S", "M", "L"))
    )
    assert press.publish().created == 1
    press.requests()
    return press


def skus(press: Press) -> set[str]:
    return {each["sku"] for each in press.product("SHIRT")["variants"]}


def add(press: Press, *values: str, **more: Any) -> None:
    for value in values:
        press._insert(
            "core.listing_variant",
            {"channel": "shop", "listing_key": "SHIRT", "master_sku": f"S-{value}", "options": size(value), **more},
        )


def test_variants_are_added(shirt: Press) -> None:
    add(shirt, "XL", "XXL", quantity=6, price="25")
    queue(shirt, "SHIRT")
    assert shirt.publish().updated == 1
    assert skus(shirt) == {"S-S", "S-M", "S-L", "S-XL", "S-XXL"}
    made = {each["sku"]: each for each in shirt.product("SHIRT")["variants"]}
    assert (made["S-XL"]["price"], made["S-XL"]["inventory_level"]) == (25, 6)
    assert shirt.variant("S-XL")["variant_id"] == made["S-XL"]["id"]
    assert shirt.problems() == set()
    quiet(shirt)
    shirt.pull()
    assert shirt.database.value("select count(*) from core.listing where title = 'SHIRT'") == 1


def test_added_variants_whose_answer_is_lost_are_not_doubled(shirt: Press) -> None:
    add(shirt, "XL", "XXL", quantity=6)
    queue(shirt, "SHIRT")
    for route in ("/v3/catalog/products", "/v3/catalog/variants"):
        shirt.store.fault("lost_answer", route=route, method="PUT", times=1)
    shirt.publish()
    shirt.store.clear_faults()
    shirt.publish()
    assert skus(shirt) == {"S-S", "S-M", "S-L", "S-XL", "S-XXL"}
    assert shirt.variant("S-XL")["variant_id"] is not None
    assert shirt.problems() == set()
    shirt.sync()
    quiet(shirt)


@pytest.mark.parametrize("remove", [False, True])
def test_variants_are_removed_where_that_is_wanted(shirt: Press, remove: bool) -> None:
    shirt.database.run("delete from core.listing_variant where master_sku = 'S-M'")
    queue(shirt, "SHIRT", description="new")
    shirt.publish(remove_missing_variants=remove)
    assert skus(shirt) == ({"S-S", "S-L"} if remove else {"S-S", "S-M", "S-L"})
    assert shirt.product("SHIRT")["description"] == "new"
    quiet(shirt, remove_missing_variants=remove)


def test_a_variant_moved_to_another_value_keeps_its_id(shirt: Press) -> None:
    before = {each["sku"]: each["id"] for each in shirt.product("SHIRT")["variants"]}
    shirt.database.run("delete from core.listing_variant where master_sku = 'S-M'")
    add(shirt, "XL")
    queue(shirt, "SHIRT")
    shirt.publish(remove_missing_variants=True)
    after = {each["sku"]: each["id"] for each in shirt.product("SHIRT")["variants"]}
    assert set(after) == {"S-S", "S-L", "S-XL"}
    assert (after["S-S"], after["S-L"]) == (before["S-S"], before["S-L"])


def test_variants_are_skipped_where_that_is_wanted(shirt: Press) -> None:
    add(shirt, "XL")
    shirt.database.run("delete from core.listing_variant where master_sku = 'S-M'")
    queue(shirt, "SHIRT")
    shirt.publish(overwrite={"variants": "skip"}, remove_missing_variants=True)
    assert skus(shirt) == {"S-S", "S-M", "S-L"}


def test_a_new_price_of_the_listing_reaches_all_that_inherit_it(shirt: Press) -> None:
    queue(shirt, "SHIRT", price="30")
    shirt.publish()
    product = shirt.product("SHIRT")
    assert {each["price"] or product["price"] for each in product["variants"]} == {30}
    assert {shirt.variant(f"S-{value}")["synced_price"] for value in "SML"} == {30}
    quiet(shirt)


def test_a_price_of_a_variant_s_own_goes(shirt: Press) -> None:
    shirt.database.run("update core.listing_variant set price = 44 where master_sku = 'S-M'")
    queue(shirt, "SHIRT")
    shirt.publish()
    prices = {each["sku"]: each["price"] for each in shirt.product("SHIRT")["variants"]}
    assert prices["S-M"] == 44
    assert {prices["S-S"], prices["S-L"]} <= {None, 19.99}
    quiet(shirt)


@pytest.mark.parametrize("field", ["price", "quantity"])
def test_what_is_published_is_synced_so_that_an_edit_in_the_store_is_drift(shirt: Press, field: str) -> None:
    product = shirt.product("SHIRT")
    if field == "price":
        shirt.store.patch_product(product["id"], price=25.0, date_modified="2030-01-01T00:00:00+00:00")
    else:
        sell(shirt, "S-M", 1)
    shirt.pull()
    shirt.requests()
    shirt.sync()
    assert writes(shirt) == {}


def test_a_sale_of_a_variant_is_not_undone(shirt: Press) -> None:
    sell(shirt, "S-M", 1)
    add(shirt, "XL", quantity=5)
    queue(shirt, "SHIRT", description="new")
    shirt.publish()
    levels = {each["sku"]: each["inventory_level"] for each in shirt.product("SHIRT")["variants"]}
    assert levels == {"S-S": 3, "S-M": 1, "S-L": 3, "S-XL": 5}


# Listings that are not linked yet.


@pytest.mark.parametrize("sku", ["MINE", "mine"])
def test_a_listing_that_is_not_linked_is_found_by_sku_and_overwritten(press: Press, sku: str) -> None:
    made = press.store.insert_product(name="Theirs", sku=sku, price=15.0, weight=1, type="physical", description="old")
    press.draft("MINE", queue="overwrite", description="new")
    press.publish()
    assert press.created() == []
    product = press.product("Theirs")
    assert (product["description"], product["price"], product["weight"]) == ("new", 19.99, 1.5)
    assert press.listing("MINE")["product_id"] == made["id"]
    assert (press.listing("MINE")["status"], press.listing("MINE")["queued_action"]) == ("listed", None)
    quiet(press)
    press.pull()
    assert press.database.value("select count(*) from core.listing where product_id = %s", made["id"]) == 1


def test_a_listing_to_overwrite_that_the_store_does_not_have_waits(press: Press) -> None:
    press.draft("MINE", queue="overwrite")
    press.publish()
    assert press.created() == []
    assert press.problems() == {("MINE", "not_in_store")}
    assert press.listing("MINE")["queued_action"] == "overwrite"


def test_a_listing_queued_to_publish_that_is_in_the_store_is_not_overwritten(lamp: Press) -> None:
    lamp.set("L", queued_action="publish", description="<p>new</p>")
    lamp.publish()
    assert lamp.created() == ["L"]
    assert seen(lamp)["description"] == "<p>old</p>"
    assert lamp.listing("L")["queued_action"] is None


def test_a_product_that_is_gone_is_told_of(lamp: Press) -> None:
    lamp.store.delete_product(lamp.product("L")["id"])
    queue(lamp, "L", description="new")
    lamp.publish()
    assert lamp.created() == ["L"]
    assert {key for key, _ in lamp.problems()} == {"L"}
    lamp.set("L", queued_action="publish")
    lamp.publish()
    assert lamp.created() == ["L", "L"]
    assert lamp.problems() == set()
    assert lamp.listing("L")["product_id"] == lamp.product("L")["id"]


def test_a_delisted_listing_is_published_again(lamp: Press) -> None:
    lamp.set("L", queued_action="delist")
    lamp.sync()
    assert lamp.listing("L")["status"] == "delisted"
    lamp.set("L", queued_action="publish")
    assert lamp.publish().created == 1
    assert (lamp.listing("L")["status"], seen(lamp)["quantity"]) == ("listed", 7)
    assert len(lamp.product("L")["images"]) == 2
    quiet(lamp)


# Guards, pause, dry run.


def shelf(press: Press, count: int) -> None:
    for number in range(count):
        press.draft(f"G-{number:02d}")
    press.publish()
    press.requests()


def test_too_large_an_overwrite_is_stopped_before_the_first_call(press: Press) -> None:
    shelf(press, 20)
    press.database.run("update core.listing set description = 'new', queued_action = 'overwrite'")
    with pytest.raises(RunStopped, match="max_overwritten_share"):
        press.publish()
    assert writes(press) == {}
    assert press.database.value("select count(*) from core.listing where queued_action = 'overwrite'") == 20
    assert press.publish(params={"confirm_large_change": True}).updated == 20


def test_too_many_removals_are_stopped(press: Press) -> None:
    shelf(press, 20)
    press.draft("SHIRT", *({"master_sku": f"S-{n}", "options": size(str(n))} for n in range(10)))
    press.publish()
    press.requests()
    press.database.run("delete from core.listing_variant where master_sku like 'S-%' and master_sku <> 'S-1'")
    queue(press, "SHIRT")
    try:
        press.publish(remove_missing_variants=True)
    except RunStopped as stopped:
        told = str(stopped)
    else:
        told = str(press.problems())
    assert len(press.product("SHIRT")["variants"]) == 10
    assert "max_removed_share" in told or "held_by_guard" in told
    press.publish(remove_missing_variants=True, params={"confirm_large_change": True})
    assert len(press.product("SHIRT")["variants"]) == 1


def test_a_paused_listing_is_not_overwritten(lamp: Press) -> None:
    queue(lamp, "L", description="new", paused=True)
    lamp.publish()
    assert lamp.requests() == {}
    assert lamp.listing("L")["queued_action"] == "overwrite"
    lamp.set("L", paused=False)
    assert lamp.publish().updated == 1


def test_a_dry_run_of_an_overwrite_writes_nothing(lamp: Press) -> None:
    change_all(lamp)
    before = seen(lamp)
    lamp.publish(params={"dry_run": True})
    assert (writes(lamp), seen(lamp)) == ({}, before)
    rows = lamp.database.rows("select detail from mart.push_history where state = 'dry_run'")
    assert "<p>new</p>" in str(rows)
    assert lamp.listing("L")["queued_action"] == "overwrite"


def test_a_run_narrowed_to_a_sku_leaves_the_others(press: Press) -> None:
    press.draft("A")
    press.draft("B")
    assert press.publish(params={"skus": ["a"]}).created == 1
    assert press.created() == ["A"]
    assert press.listing("B")["queued_action"] == "publish"


def test_a_field_may_be_emptied(lamp: Press) -> None:
    queue(lamp, "L", description="", brand=None)
    lamp.publish()
    assert seen(lamp)["description"] == ""
    quiet(lamp)
    queue(lamp, "L")
    lamp.publish()
    assert writes(lamp) == {}


def test_an_invalid_overwrite_is_told_of_before_any_call(lamp: Press) -> None:
    queue(lamp, "L", images=["http://10.0.0.1/a.jpg"], description="new")
    lamp.publish()
    assert writes(lamp) == {}
    assert lamp.problems() == {("L", "invalid_image")}
    queue(lamp, "L", images=[image("a")])
    lamp.publish()
    assert lamp.problems() == set()
    assert CREATE not in lamp.requests()
