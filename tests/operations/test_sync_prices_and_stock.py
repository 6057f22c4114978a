"""Sync Listings: which prices and quantities reach the store, in how many requests, and which do not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.databases import Database
from tests.operations.conftest import GetOrders
from tests.operations.sync_shop import Shop

# Prices that a product's variants inherit.


def test_a_simple_products_price_goes_to_the_product(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit("A", price=12.5)
    shop.sync()
    assert shop.product("A")["price"] == 12.5
    assert shop.variant("A")["price"] is None
    assert shop.writes() == {"products": 1}
    assert shop.waiting() == []


def test_a_listings_price_is_the_price_of_each_variant_without_its_own(shop: Shop) -> None:
    shop.add_variants("V1", "V2", "V3", own={"V3": 30})
    shop.pull()
    shop.edit_listing("V1", price=11)
    shop.sync()
    assert [shop.price(sku) for sku in ("V1", "V2", "V3")] == [11, 11, 30]
    assert shop.writes() == {"products": 1}
    assert shop.product("V1")["price"] == 11


def test_variants_that_want_the_same_price_cost_one_entry_of_the_product(shop: Shop) -> None:
    shop.add_variants("V1", "V2")
    shop.pull()
    for sku in ("V1", "V2"):
        shop.item(sku, price=12)
    shop.sync()
    assert shop.product("V1")["price"] == 12
    assert [shop.variant(sku)["price"] for sku in ("V1", "V2")] == [None, None]
    assert shop.writes() == {"products": 1}


def test_variants_that_want_different_prices_get_their_own_and_the_product_keeps_its(shop: Shop) -> None:
    shop.add_variants("V1", "V2", "V3")
    shop.pull()
    shop.item("V1", price=12)
    shop.item("V2", price=13)
    shop.sync()
    assert shop.product("V1")["price"] == 10
    assert [shop.price(sku) for sku in ("V1", "V2", "V3")] == [12, 13, 10]
    assert shop.writes() == {"variants": 1}
    assert shop.sync().updated == 0


def test_a_sibling_that_the_warehouse_does_not_know_keeps_its_price(shop: Shop) -> None:
    product_id = shop.add_variants("V1", "V2", "")
    shop.pull()
    for sku in ("V1", "V2"):
        shop.item(sku, price=12)
    shop.sync()
    product = next(each for each in shop.store.products() if each["id"] == product_id)
    assert product["price"] == 10
    assert [each["price"] for each in product["variants"]] == [12, 12, None]


def test_a_sibling_that_a_run_does_not_name_keeps_its_price(shop: Shop) -> None:
    shop.add_variants("V1", "V2")
    shop.pull()
    shop.item("V1", price=12)
    shop.item("V2", price=14)
    shop.sync(params={"skus": ["v1"]})
    assert [shop.price(sku) for sku in ("V1", "V2")] == [12, 10]
    assert shop.waiting() == ["V2"]


def test_a_sibling_whose_price_is_held_keeps_it(shop: Shop) -> None:
    shop.add_variants("V1", "V2")
    shop.pull()
    shop.item("V1", price=12)
    shop.item("V2", price=1200)
    shop.sync()
    assert [shop.price(sku) for sku in ("V1", "V2")] == [12, 10]
    assert shop.problems() == {("V2", "price_held")}


def test_a_sibling_whose_item_is_gone_keeps_its_price(shop: Shop) -> None:
    shop.add_variants("V1", "V2")
    shop.pull()
    shop.item("V1", price=11)
    shop.item("V2", price=11)
    shop.sync()
    shop.database.run("delete from core.inventory_item where master_sku = 'V2'")
    shop.item("V1", price=12)
    shop.sync()
    assert [shop.price(sku) for sku in ("V1", "V2")] == [12, 11]
    assert shop.problems() == {("V2", "inventory_link_lost")}


def test_a_price_of_its_own_goes_to_the_variant_of_a_simple_product_too(shop: Shop) -> None:
    shop.add("A")
    product = shop.product("A")
    shop.store.patch_variant(product["id"], product["variants"][0]["id"], price=20)
    shop.pull()
    shop.edit("A", price=21)
    shop.sync()
    assert (shop.product("A")["price"], shop.variant("A")["price"]) == (10, 21)


# How many requests.


def test_requests_are_as_few_as_full_batches_allow(shop: Shop) -> None:
    simple = shop.add_many(31, "S")
    own = []
    for number in range(17):
        skus = [f"O{number}-{each}" for each in "abcdef"]
        shop.add_variants(*skus, own=dict.fromkeys(skus, 10.0))
        own += skus
    shop.pull()
    for sku in (*simple, *own):
        shop.item(sku, price=11, quantity=6)
    counts = shop.sync()
    assert shop.writes() == {"products": math.ceil(31 / 10), "variants": math.ceil(len(own) / 50), "stock": 1}
    assert counts.updated == 31 + len(own)
    assert shop.waiting() == []
    assert shop.database.value("select requests from mart.runs where operation = 'sync_listings'") == 4 + 3 + 1


def test_two_thousand_quantities_go_in_one_request(shop: Shop) -> None:
    skus = []
    for number in range(35):
        named = [f"Q{number}-{each}" for each in range(60)]
        shop.add_variants(*named)
        skus += named
    shop.pull()
    shop.database.run("update core.listing_variant set quantity = 9 where master_sku like 'Q%'")
    counts = shop.sync()
    assert counts.updated == len(skus) == 2100
    assert shop.writes() == {"stock": 2}
    assert {each["inventory_level"] for each in shop.product("Q0-0")["variants"]} == {9}


# Values at the edge.


def test_without_a_price_nothing_is_sent_and_the_rest_goes_on(shop: Shop) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.edit("A", price=None)
    shop.edit_listing("A", price=None)
    shop.edit("A", quantity=9)
    shop.edit("B", price=11)
    counts = shop.sync()
    assert (shop.price("A"), shop.stock("A"), shop.price("B")) == (10, 9, 11)
    assert shop.problems() == {("A", "missing_price")}
    assert counts.failed == 0
    shop.edit("A", price=12)
    shop.sync()
    assert (shop.price("A"), shop.problems()) == (12, set())


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ("10.005", 10.01),
        ("10.004999999", 10.0),
        ("9.123456789", 9.12),
        ("0.015", 0.02),
        ("10.995", 11.0),
    ],
)
def test_prices_are_rounded_half_up_to_the_currencys_digits(shop: Shop, wanted: str, sent: float) -> None:
    shop.add("ITEM")
    shop.add("OWN")
    shop.pull()
    shop.item("ITEM", price=wanted)
    shop.edit("OWN", price=wanted)
    shop.sync(params={"confirm_large_change": True})
    assert (shop.price("ITEM"), shop.price("OWN")) == (sent, sent)
    assert shop.waiting() == []
    shop.store.forget_requests()
    shop.sync()
    shop.pull()
    shop.sync()
    assert shop.writes() == {}


@pytest.mark.parametrize(("currency", "digits", "sent"), [("JPY", 0, 1235), ("BHD", 3, 1234.568)])
def test_the_digits_are_the_stores_currencys(shop: Shop, currency: str, digits: int, sent: float) -> None:
    shop.store.configure(currency=currency, decimal_places=digits)
    shop.add("A", price=1000)
    shop.pull()
    shop.item("A", price="1234.5678")
    shop.sync()
    assert shop.price("A") == sent


def test_a_price_below_zero_is_never_sent(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=-1)
    shop.sync(params={"confirm_large_change": True})
    assert shop.price("A") == 10
    assert shop.problems() == {("A", "invalid_price")}


def test_a_price_of_zero_is_held_until_somebody_confirms_it(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=0)
    shop.sync()
    assert (shop.price("A"), shop.problems()) == (10, {("A", "price_held")})
    shop.sync(params={"confirm_large_change": True})
    assert (shop.price("A"), shop.problems()) == (0, set())


@pytest.mark.parametrize("price", ["NaN", "Infinity"])
def test_a_price_that_is_no_number_is_never_sent_and_the_rest_goes_on(shop: Shop, price: str) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.database.run("insert into core.inventory_item (master_sku, price) values ('A', %s::numeric)", price)
    shop.item("B", price=11)
    shop.sync()
    assert (shop.price("A"), shop.price("B")) == (10, 11)
    assert {key for key, _ in shop.problems()} == {"A"}


@pytest.mark.parametrize("own", [True, False])
def test_a_quantity_below_zero_is_sent_as_zero_with_a_problem(shop: Shop, own: bool) -> None:
    shop.add("A")
    shop.pull()
    if own:
        shop.edit("A", quantity=-3)
    else:
        shop.item("A", quantity=-3)
    shop.sync()
    assert (shop.stock("A"), shop.problems()) == (0, {("A", "negative_quantity")})
    assert shop.waiting() == []
    shop.store.forget_requests()
    shop.sync()
    assert shop.writes() == {}
    assert shop.problems() == {("A", "negative_quantity")}


def test_a_quantity_that_no_store_can_hold_is_a_problem_and_the_rest_goes_on(shop: Shop) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.edit("A", quantity=2_147_483_648)
    shop.edit("B", quantity=2_147_483_647)
    shop.sync()
    assert (shop.stock("A"), shop.stock("B")) == (5, 2_147_483_647)
    assert shop.problems() == {("A", "quantity_too_large")}


def test_no_quantity_means_not_managed(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit("A", quantity=None, price=11)
    shop.sync()
    assert (shop.stock("A"), shop.price("A"), shop.problems(), shop.waiting()) == (5, 11, set(), [])


# How the store tracks stock.


def test_stock_that_the_store_does_not_track_is_a_problem(shop: Shop) -> None:
    shop.add("A", tracking="none", stock=0)
    shop.pull()
    shop.item("A", quantity=4)
    shop.sync()
    assert shop.problems() == {("A", "inventory_not_tracked")}
    assert shop.product("A")["inventory_tracking"] == "none"
    assert shop.writes() == {}


def test_stock_that_is_tracked_by_product_for_several_variants_is_a_problem(shop: Shop) -> None:
    shop.add_variants("V1", "V2", inventory_tracking="product", inventory_level=9)
    shop.pull()
    shop.item("V1", quantity=4)
    shop.sync()
    assert shop.problems() == {("V1", "tracked_by_product")}
    assert shop.writes() == {}


def test_stock_of_a_simple_product_is_set_the_way_the_store_tracks_it(shop: Shop) -> None:
    shop.add("P", tracking="product")
    shop.add("V", tracking="variant")
    shop.pull()
    for sku in ("P", "V"):
        shop.item(sku, quantity=8)
    shop.sync()
    assert (shop.stock("P"), shop.stock("V"), shop.problems()) == (8, 8, set())


def test_tracking_is_switched_on_where_the_channel_wants_that(shop: Shop) -> None:
    shop.add("A", tracking="none", stock=0)
    shop.add_variants("V1", "V2", inventory_tracking="product", inventory_level=9)
    shop.pull()
    for sku in ("A", "V1", "V2"):
        shop.item(sku, quantity=4)
    shop.sync(manage_inventory_tracking=True)
    assert shop.product("A")["inventory_tracking"] == "product"
    assert shop.product("V1")["inventory_tracking"] == "variant"
    assert [shop.stock(sku) for sku in ("A", "V1", "V2")] == [4, 4, 4]
    assert shop.problems() == set()
    shop.pull()
    assert (shop.sync(manage_inventory_tracking=True).updated, shop.waiting()) == (0, [])


def test_tracking_is_not_switched_on_for_a_product_that_nobody_counts(shop: Shop) -> None:
    shop.add("A", tracking="none", stock=0)
    shop.pull()
    shop.edit("A", price=11)
    shop.sync(manage_inventory_tracking=True)
    assert shop.product("A")["inventory_tracking"] == "none"


def test_switching_tracking_on_for_one_variant_leaves_its_siblings_for_sale(shop: Shop) -> None:
    shop.add_variants("V1", "V2", stock=0, inventory_tracking="product", inventory_level=9)
    shop.pull()
    shop.item("V1", quantity=4)
    shop.sync(manage_inventory_tracking=True)
    # V2's stock is not managed; tracked by variant it would be at 0, and nobody could buy it any more
    assert shop.product("V2")["inventory_tracking"] == "product" or shop.stock("V2") > 0


# Linked items.


def test_items_go_through_the_channels_rules(shop: Shop) -> None:
    skus = shop.add_many(5, "L")
    shop.pull()
    values = [("9.95", 7), ("0.05", 2), ("3.33", 100), ("1", 3), ("2.5", 0)]
    for sku, (price, quantity) in zip(skus, values, strict=True):
        shop.item(sku, price=price, quantity=quantity)
    shop.sync(price_multiplier="1.1", safety_stock=2, max_quantity=30, params={"confirm_large_change": True})
    # 10.945, 0.055, 3.663, 1.1, 2.75
    assert [shop.price(sku) for sku in skus] == [10.95, 0.06, 3.66, 1.1, 2.75]
    assert [shop.stock(sku) for sku in skus] == [5, 0, 30, 1, 0]
    assert shop.problems() == set()


def test_an_item_without_price_or_quantity_leaves_that_to_the_listing(shop: Shop) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.item("A", quantity=7)
    shop.item("B", price=12)
    shop.edit("A", price=11)
    shop.edit("B", quantity=8)
    shop.sync(price_multiplier="2", safety_stock=3, max_quantity=2)
    assert (shop.price("A"), shop.stock("A")) == (11, 2)
    assert (shop.price("B"), shop.stock("B")) == (24, 8)


def test_a_variant_is_linked_by_inventory_sku_before_its_own(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", quantity=7)
    shop.item("POOL", quantity=9)
    shop.edit("A", inventory_sku="pool")
    shop.sync()
    assert shop.stock("A") == 9


def test_where_an_item_disappears_nothing_is_pushed_in_its_place(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=12, quantity=7)
    shop.sync()
    shop.database.run("delete from core.inventory_item")
    shop.writes()
    shop.sync()
    assert shop.writes() == {}
    assert (shop.price("A"), shop.stock("A"), shop.problems()) == (12, 7, {("A", "inventory_link_lost")})
    shop.pull(mode="create_and_overwrite")
    shop.sync(params={"scope": "all", "fields": ["price", "quantity"]})
    assert (shop.price("A"), shop.stock("A"), shop.problems()) == (12, 7, {("A", "inventory_link_lost")})
    shop.item("A", price=13, quantity=6)
    shop.sync()
    assert (shop.price("A"), shop.stock("A"), shop.problems()) == (13, 6, set())


def test_an_item_that_disappears_before_the_first_sync_is_missed_too(shop: Shop) -> None:
    shop.add("A")
    shop.item("A", price=10, quantity=5)
    shop.pull()
    shop.database.run("delete from core.inventory_item")
    shop.sync()
    assert (shop.writes(), shop.price("A"), shop.stock("A")) == ({}, 10, 5)


def test_an_own_edit_does_not_replace_an_item_that_has_disappeared(shop: Shop) -> None:
    shop.add("A")
    shop.item("A", price=12, quantity=7)
    shop.pull()
    shop.sync()
    shop.edit("A", price=15, quantity=40)
    shop.database.run("delete from core.inventory_item")
    shop.sync()
    assert (shop.price("A"), shop.stock("A"), shop.problems()) == (12, 7, {("A", "inventory_link_lost")})


# What a run sends.


def test_further_fields_are_sent_where_the_channel_names_them(shop: Shop) -> None:
    shop.add_variants("V1", "V2", weight=1)
    shop.pull()
    values = {"sale_price": 8.5, "cost_price": 4.25, "retail_price": 15, "weight": 2.5}
    shop.edit("V1", **values)
    shop.edit("V1", price=11, quantity=8)
    shop.sync()
    assert {name: shop.variant("V1")[name] for name in values} == dict.fromkeys(values)
    assert (shop.price("V1"), shop.stock("V1")) == (11, 8)
    shop.writes()
    shop.sync(fields=["price", "quantity", *values])
    assert {name: shop.variant("V1")[name] for name in values} == values
    assert shop.writes() == {"variants": 1}
    assert shop.sync(fields=["price", "quantity", *values]).updated == 0
    assert shop.writes() == {}


def test_a_field_that_is_off_is_not_sent(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit("A", price=11, quantity=8)
    shop.sync(params={"fields": ["quantity"]})
    assert (shop.price("A"), shop.stock("A"), shop.waiting()) == (10, 8, ["A"])
    shop.sync(params={"fields": ["price"]})
    assert (shop.price("A"), shop.stock("A"), shop.waiting()) == (11, 8, [])


@pytest.mark.parametrize("field", ["sale_price", "cost_price", "retail_price", "weight"])
def test_a_further_field_below_zero_is_a_problem_and_the_rest_goes_on(shop: Shop, field: str) -> None:
    shop.add("A")
    shop.pull()
    shop.edit("A", **{field: -1, "price": 11})
    shop.sync(fields=["price", field])
    assert shop.price("A") == 11
    assert shop.variant("A")[field] is None
    assert {key for key, _ in shop.problems()} == {"A"}


def test_a_sale_price_of_many_digits_is_rounded_as_a_price_is(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit("A", sale_price="8.123456789")
    shop.sync(fields=["sale_price"])
    assert shop.variant("A")["sale_price"] == 8.12


def test_the_least_price_binds_the_sale_price_too(shop: Shop) -> None:
    shop.add("A", price=100)
    shop.pull()
    shop.edit("A", sale_price="0.01")
    shop.sync(fields=["price", "sale_price"], min_price=5)
    assert shop.variant("A")["sale_price"] in (None, 0)
    assert {key for key, _ in shop.problems()} == {"A"}


def test_a_sale_price_that_falls_beyond_all_measure_is_held(shop: Shop) -> None:
    shop.add("A", price=100)
    shop.pull()
    shop.edit("A", sale_price=90)
    shop.sync(fields=["price", "sale_price"])
    shop.edit("A", sale_price="0.90")
    shop.sync(fields=["price", "sale_price"])
    assert shop.variant("A")["sale_price"] == 90
    assert shop.problems() == {("A", "price_held")}


@pytest.mark.parametrize(
    "tracking",
    [
        "variant",
        "product",
    ],
)
def test_drift_is_shown_and_put_back_only_by_a_run_over_all(shop: Shop, tracking: str) -> None:
    shop.add("A", tracking=tracking)
    shop.pull()
    shop.item("A", price=12, quantity=7)
    shop.sync()
    shop.store.patch_product(shop.product("A")["id"], price=13)
    shop.restock("A", 6)
    shop.pull()
    assert shop.row("A")["drift"]
    shop.sync()
    assert (shop.price("A"), shop.stock("A")) == (13, 6)
    shop.sync(scope="all")
    assert (shop.price("A"), shop.stock("A")) == (12, 6)
    shop.sync(params={"scope": "all"})
    assert shop.stock("A") == 6
    shop.sync(params={"scope": "all", "fields": ["price"]})
    assert shop.stock("A") == 6
    shop.sync(params={"scope": "all", "fields": ["quantity"]})
    assert (shop.price("A"), shop.stock("A"), shop.row("A")["drift"]) == (12, 7, False)


def test_drift_of_stock_tracked_by_product_is_shown(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", quantity=7)
    shop.sync()
    shop.restock("A", 60)
    shop.pull()
    row = shop.row("A")
    assert (row["channel_quantity"], row["drift"]) == (60, True)


def test_own_stock_follows_the_store_and_is_never_put_back(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.restock("A", 3)
    shop.sync(params={"scope": "all", "fields": ["price"]})
    assert shop.stock("A") == 3
    shop.pull()
    shop.sync(params={"scope": "all", "fields": ["price", "quantity"]})
    assert (shop.stock("A"), shop.row("A")["quantity"]) == (3, 3)


def test_a_price_made_a_variants_own_in_the_store_is_put_back_there(shop: Shop) -> None:
    shop.add_variants("V1", "V2")
    shop.pull()
    product = shop.product("V1")
    shop.store.patch_variant(product["id"], shop.variant("V1")["id"], price=99)
    shop.pull()
    shop.sync(params={"scope": "all"})
    assert (shop.price("V1"), shop.price("V2")) == (10, 10)


def test_a_run_may_be_narrowed_to_skus(shop: Shop) -> None:
    skus = shop.add_many(4, "N")
    shop.pull()
    for sku in skus:
        shop.item(sku, price=11, quantity=8)
    counts = shop.sync(params={"skus": ["n-001, N-003"]})
    assert [shop.price(sku) for sku in skus] == [10, 11, 10, 11]
    assert (counts.read, counts.updated) == (2, 2)
    assert shop.waiting() == ["N-000", "N-002"]


def test_a_narrowed_run_leaves_the_problems_of_others_open(shop: Shop) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    for sku in ("A", "B"):
        shop.item(sku, price=1000)
    shop.sync()
    shop.item("A", price=10)
    shop.sync(params={"skus": ["A"]})
    assert shop.problems() == {("B", "price_held")}


def test_a_run_of_other_fields_leaves_a_held_price_a_problem(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=1000)
    shop.sync()
    assert shop.problems() == {("A", "price_held")}
    shop.sync(params={"fields": ["quantity"]})
    assert shop.problems() == {("A", "price_held")}


@pytest.mark.parametrize(
    ("edits", "reasons"),
    [
        ({"price": -1}, {"invalid_price"}),
        ({"sale_price": -1}, {"invalid_price"}),
        ({"sale_price": "0.01"}, {"price_held"}),
        ({"sale_price": "0.2"}, {"price_below_minimum"}),
        ({"weight": -1}, {"invalid_price"}),
    ],
)
def test_a_problem_of_one_field_outlives_runs_of_others(shop: Shop, edits: dict[str, Any], reasons: set[str]) -> None:
    (field,) = edits
    fields = ["price", "quantity", "sale_price", "weight"]
    settings: dict[str, Any] = {"fields": fields, "min_price": "0.3" if reasons == {"price_below_minimum"} else 0}
    shop.add("A")
    shop.pull()
    shop.edit("A", **edits)
    shop.sync(**settings)
    assert {reason for _, reason in shop.problems()} == reasons
    shop.sync(**settings, params={"fields": [name for name in fields if name != field]})
    assert {reason for _, reason in shop.problems()} == reasons
    shop.edit("A", **{field: None})
    shop.sync(**settings, params={"fields": [field]})
    assert shop.problems() == set()


def test_stock_is_set_at_the_channels_location(shop: Shop) -> None:
    shop.add("A", tracking="variant")
    shop.pull(location_id=2)
    shop.item("A", quantity=8)
    shop.sync(location_id=2)
    ((_, where, change),) = [each for each in shop.effects() if each[0] == "stock.set"]
    assert (where["location_id"], change["quantity"]) == (2, 8)
    assert shop.variant("A")["inventory_level"] == 5 + 8
    shop.pull(location_id=2)
    assert (shop.row("A")["channel_quantity"], shop.row("A")["drift"], shop.waiting()) == (8, False, [])


# Open orders.


@pytest.fixture
def reserving(shop: Shop) -> GetOrders:
    return GetOrders(shop.store, shop.database)


RESERVE: dict[str, Any] = {"sync_listings": {"reserve_open_orders": True}}


def test_units_ordered_since_the_item_was_counted_are_kept_for_their_orders(shop: Shop, reserving: GetOrders) -> None:
    shop.add("A", stock=20)
    shop.add("B", stock=20)
    shop.pull()
    shop.database.run(
        "insert into core.inventory_item (master_sku, quantity, updated_at)"
        " values ('A', 10, now() - interval '1 hour'), ('B', 10, now() + interval '1 hour')"
    )

    def lines(units: int) -> list[dict[str, Any]]:
        return [
            {
                "sku": sku,
                "product_id": shop.product(sku)["id"],
                "variant_id": shop.variant(sku)["id"],
                "quantity": units,
            }
            for sku in ("A", "B")
        ]

    shop.store.place_order(status_id=11, lines=lines(3))
    shop.store.place_order(status_id=5, lines=lines(4))
    shipped = shop.store.place_order(status_id=11, lines=lines(1))
    shop.store.ship_order(shipped["id"])
    reserving(statuses=list(range(15)), created_within_days=30)
    shop.sync(reserve_open_orders=True, safety_stock=1)
    assert (shop.stock("A"), shop.stock("B")) == (10 - 3 - 1 - 1, 10 - 1)
    shop.sync()
    assert (shop.stock("A"), shop.stock("B")) == (10, 10)


def test_an_order_keeps_its_units_until_the_item_is_counted_anew(shop: Shop, reserving: GetOrders) -> None:
    shop.add("A", stock=10)
    shop.pull()
    shop.item("A", quantity=10)
    of = {"sku": "A", "product_id": shop.product("A")["id"], "variant_id": shop.variant("A")["id"]}
    orders = [shop.store.place_order(status_id=11, lines=[{**of, "quantity": 3}])["id"] for _ in range(3)]

    def stock_after_sync() -> int:
        reserving(statuses=list(range(15)), created_within_days=30)
        shop.sync(reserve_open_orders=True)
        return shop.stock("A")

    shop.database.run("update core.inventory_item set updated_at = now() - interval '1 hour'")
    assert stock_after_sync() == 1
    shop.store.ship_order(orders[0])
    shop.store.patch_order(orders[0], status_id=10)
    assert stock_after_sync() == 1
    shop.store.patch_order(orders[1], status_id=5)
    assert stock_after_sync() == 4
    shop.store.refund_order(orders[2])
    assert stock_after_sync() == 7
    shop.item("A", quantity=7)
    shop.database.run("update core.inventory_item set updated_at = now() + interval '1 hour'")
    assert stock_after_sync() == 7


def test_what_orders_keep_is_looked_up_for_the_variants_asked_for_alone(database: Database) -> None:
    for statement in (
        "insert into ops.channel (channel, connection_id, store_hash, rules)"
        " values ('shop', 'c', 'h', '{\"reserve_open_orders\": true}')",
        "insert into core.listing (channel, listing_key) select 'shop', 'L' || n from generate_series(1, 5000) as n",
        "insert into core.listing_variant (channel, master_sku, listing_key, variant_id)"
        " select 'shop', 'S' || n, 'L' || n, n from generate_series(1, 5000) as n",
        "insert into core.inventory_item (master_sku, quantity, updated_at)"
        " select 'S' || n, 9, '2026-01-01' from generate_series(1, 5000) as n",
        "insert into core.sales_order (channel, order_id, status_id, created_at, modified_at, fetched_at)"
        " select 'shop', n, 11, '2026-01-02', '2026-01-02', now() from generate_series(1, 5000) as n",
        "insert into core.order_item (channel, order_id, order_product_id, fulfilment, consignment_id, variant_id,"
        " quantity, quantity_shipped, quantity_refunded)"
        " select 'shop', n, n, 'shipping', 1, n, 2, 0, 0 from generate_series(1, 5000) as n",
        "analyze",
    ):
        database.run(statement)
    database.run("create temp table batch as select 'S' || n as sku from generate_series(11, 60) as n")
    database.run("analyze batch")
    asked = "select w.quantity from batch left join core.wanted as w on w.channel = 'shop' and w.master_sku = batch.sku"
    assert {row["quantity"] for row in database.rows(asked)} == {7}
    explained = "\n".join(row["QUERY PLAN"] for row in database.rows(f"explain {asked}"))
    assert "order_item_by_variant" in explained
    assert "Seq Scan on order_item" not in explained
