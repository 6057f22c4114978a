"""Sync Listings: what nobody knows for certain is never taken for granted, and no sale is undone by guessing."""

from __future__ import annotations

from typing import Any

import pytest
from requests import PreparedRequest, Response

from storekeeper.outcomes import AccessLost, RunStopped, Unknown
from tests.operations.edges import answer, at_request, body_of, dies
from tests.operations.sync_shop import Shop, meanwhile

PRODUCTS = "/v3/catalog/products"
STOCK = "/v3/inventory/adjustments/absolute"
BY_STOCK: dict[str, Any] = {"hide_as": "out_of_stock"}


@pytest.fixture
def agreed(shop: Shop) -> Shop:
    """A product ``A`` on which the warehouse's inventory and the store agree: 10 for each of 5 units."""
    shop.add("A", price=10, stock=5)
    shop.pull()
    shop.item("A", price=10, quantity=5)
    shop.sync()
    return shop


@pytest.mark.parametrize(("route", "price", "quantity"), [(PRODUCTS, 12, 5), (STOCK, 10, 500)])
def test_a_change_whose_answer_is_lost_and_that_is_taken_back_does_not_stay(
    agreed: Shop, route: str, price: int, quantity: int
) -> None:
    agreed.item("A", price=price, quantity=quantity)
    agreed.store.fault("lost_answer", route=route, method="PUT", times=10)
    with pytest.raises(Unknown):
        agreed.sync()
    agreed.store.clear_faults()
    assert (agreed.price("A"), agreed.stock("A")) == (price, quantity)
    agreed.item("A", price=10, quantity=5)
    assert not agreed.row("A")["in_sync"]
    agreed.sync()
    assert (agreed.price("A"), agreed.stock("A")) == (10, 5)
    assert agreed.row("A")["in_sync"]
    agreed.writes()
    agreed.sync()
    assert agreed.writes() == {}


def test_a_change_that_was_sent_by_a_killed_run_and_is_taken_back_does_not_stay(agreed: Shop) -> None:
    agreed.item("A", price=10, quantity=50)
    with at_request(dies, method="PUT", path=STOCK, side="after"), pytest.raises(KeyboardInterrupt):
        agreed.sync()
    assert agreed.stock("A") == 50
    agreed.item("A", price=10, quantity=5)
    agreed.sync()
    assert agreed.stock("A") == 5


def test_an_own_quantity_in_doubt_does_not_follow_the_store(shop: Shop) -> None:
    shop.add("A", stock=5)
    shop.pull()
    shop.edit("A", quantity=500)
    shop.store.fault("lost_answer", route=STOCK, method="PUT", times=10)
    with pytest.raises(Unknown):
        shop.sync()
    shop.store.clear_faults()
    shop.edit("A", quantity=5)
    shop.pull()
    assert shop.row("A")["quantity"] == 5
    shop.sync()
    assert shop.stock("A") == 5


def test_what_the_store_refused_is_not_in_doubt(agreed: Shop) -> None:
    agreed.item("A", price=12, quantity=5)
    agreed.store.configure(refused_skus={"A": "is locked"})
    agreed.sync()
    agreed.item("A", price=10, quantity=5)
    agreed.store.configure(refused_skus={})
    agreed.writes()
    agreed.sync()
    assert agreed.writes() == {}


def test_a_hundred_refused_prices_hold_up_nothing_else(shop: Shop) -> None:
    bad = shop.add_many(130, "B")
    shop.add("G", stock=5)
    shop.add("H")
    shop.pull()
    shop.edit("G", quantity=8)
    shop.edit_listing("H", queued_action="hide")
    for sku in bad:
        shop.edit(sku, price=12)
    shop.store.configure(refused_skus=dict.fromkeys(bad, "is locked"))
    shop.sync()
    assert shop.stock("G") == 8
    assert not shop.product("H")["is_visible"]
    run = shop.database.row("select state, message from mart.runs where operation = 'sync_listings'")
    assert run["state"] == "failed"
    assert "refused 100 records one after the other" in run["message"]
    assert 100 <= len(shop.problems()) < 130


def test_refusals_here_and_there_never_make_a_run_give_up(shop: Shop) -> None:
    skus = [f"W-{number:03d}" for number in range(330)]
    for begin in range(0, 330, 110):
        some = skus[begin : begin + 110]
        shop.add_variants(*some, own=dict.fromkeys(some, 10.0))
    shop.pull()
    shop.database.run("update core.listing_variant set price = 11 where master_sku like 'W-%'")
    bad = skus[::3]
    shop.store.configure(refused_skus=dict.fromkeys(bad, "is locked"))
    shop.sync()
    assert sorted(key for key, _ in shop.problems()) == sorted(bad)
    assert {shop.price(sku) for sku in skus[1:4]} == {11, 10}


def test_shown_again_a_listing_has_the_units_that_it_had_when_its_stock_hid_it(agreed: Shop) -> None:
    agreed.restock("A", 2)
    agreed.edit_listing("A", queued_action="hide")
    agreed.sync(**BY_STOCK)
    assert agreed.stock("A") == 0
    agreed.pull(sync_listings=BY_STOCK)
    agreed.edit_listing("A", queued_action="unhide")
    agreed.sync(**BY_STOCK)
    assert agreed.stock("A") == 2
    agreed.pull(sync_listings=BY_STOCK)
    agreed.writes()
    agreed.sync(**BY_STOCK)
    assert agreed.writes() == {}


def test_shown_again_a_listing_has_what_was_newly_wanted_meanwhile(agreed: Shop) -> None:
    agreed.restock("A", 2)
    agreed.edit_listing("A", queued_action="hide")
    agreed.sync(**BY_STOCK)
    agreed.item("A", price=10, quantity=7)
    agreed.edit_listing("A", queued_action="unhide")
    agreed.sync(**BY_STOCK)
    assert agreed.stock("A") == 7


def test_a_hiding_whose_answer_is_lost_remembers_what_the_store_had_before(agreed: Shop) -> None:
    agreed.restock("A", 2)
    agreed.edit_listing("A", queued_action="hide")
    agreed.store.fault("lost_answer", route=STOCK, method="PUT", times=1)
    agreed.sync(**BY_STOCK)
    agreed.edit_listing("A", queued_action="unhide")
    agreed.sync(**BY_STOCK)
    assert agreed.stock("A") == 2


def test_hiding_by_stock_takes_units_away_that_only_the_store_knows_of(shop: Shop) -> None:
    shop.add("A", stock=5)
    shop.item("A", quantity=0)
    shop.pull()
    shop.sync(**BY_STOCK)
    shop.restock("A", 7)
    shop.pull(sync_listings=BY_STOCK)
    shop.edit_listing("A", queued_action="hide")
    shop.sync(**BY_STOCK)
    assert (shop.listing("A")["status"], shop.stock("A")) == ("hidden", 0)


def test_putting_zeros_back_is_a_large_change_too(shop: Shop) -> None:
    skus = shop.add_many(25, stock=5)
    for sku in skus:
        shop.item(sku, quantity=0)
    shop.pull()
    shop.sync(params={"confirm_large_change": True})
    for sku in skus:
        shop.restock(sku, 9)
    shop.pull()
    with pytest.raises(RunStopped, match="stock of 25 of"):
        shop.sync(params={"scope": "all", "fields": ["quantity"]})
    assert shop.stock(skus[0]) == 9


def test_a_change_saved_in_part_is_looked_up(shop: Shop) -> None:
    shop.add("A", price=10)
    shop.pull()
    shop.edit("A", price=12)
    body = {"status": 207, "title": "partial", "errors": {"price": "not saved"}, "data": [], "meta": {}}
    shop.store.fault("status", status=207, body=body, route=PRODUCTS, method="PUT")
    counts = shop.sync()
    shop.store.clear_faults()
    shop.store.admin("violations", method="DELETE")
    assert (counts.updated, counts.failed) == (0, 1)
    assert shop.problems() == {("A", "refused_by_store")}
    shop.sync()
    assert shop.price("A") == 12
    assert shop.problems() == set()


def test_a_simple_product_is_not_off_sale_between_its_tracking_and_its_stock(shop: Shop) -> None:
    skus = shop.add_many(12, stock=0, tracking="none")
    shop.pull()
    for sku in skus:
        shop.item(sku, quantity=10)
    shop.store.add_token("half", ["store_v2_products"])
    with pytest.raises(AccessLost):
        shop.sync(token="half", manage_inventory_tracking=True)
    assert {(shop.product(sku)["inventory_tracking"], shop.product(sku)["inventory_level"]) for sku in skus} <= {
        ("none", 0),
        ("product", 10),
    }


def test_tracking_is_not_switched_on_for_a_sibling_that_would_be_off_sale(shop: Shop) -> None:
    shop.add_variants("V1", "V2", stock=0, inventory_tracking="none")
    shop.pull()
    shop.item("V1", quantity=5)
    shop.item("V2", quantity=3_000_000_000)
    shop.sync(manage_inventory_tracking=True)
    assert shop.product("V1")["inventory_tracking"] == "none"


def test_what_is_paused_while_a_call_waits_for_the_quota_is_not_sent(shop: Shop) -> None:
    shop.add("A", price=10)
    shop.add("B", price=10)
    shop.pull()
    shop.edit("A", price=12)
    shop.edit("B", price=12)
    throttled = {"X-Rate-Limit-Time-Reset-Ms": "500"}
    shop.store.fault("status", status=429, headers=throttled, route=PRODUCTS, method="PUT", nth=1)

    def pause() -> None:
        shop.store.wait_until_struck()
        shop.edit_listing("A", paused=True)

    with meanwhile(pause):
        shop.sync()
    assert (shop.price("A"), shop.price("B")) == (10, 12)


def test_a_400_is_the_record_s_own_where_it_is_alone(shop: Shop) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.edit("A", price=11)
    shop.edit("B", quantity=8)
    shop.store.fault("status", status=400, route=PRODUCTS, method="PUT")
    shop.sync()
    shop.store.clear_faults()
    shop.store.admin("violations", method="DELETE")
    assert shop.stock("B") == 8
    assert shop.problems() == {("A", "refused_by_store")}


def test_a_refused_price_does_not_keep_its_product_from_being_hidden(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit("A", price=12)
    shop.edit_listing("A", queued_action="hide")

    def refuse_prices(request: PreparedRequest) -> Response | None:
        return answer(request, 422) if any("price" in change for change in body_of(request)) else None

    with at_request(refuse_prices, method="PUT", path="/v3/catalog/products"):
        shop.sync()
    assert not shop.product("A")["is_visible"]
    assert shop.problems() == {("A", "refused_by_store")}


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("hide", "listed", "hidden"),
        ("unhide", "hidden", "listed"),
        ("delist", "listed", "delisted"),
    ],
)
def test_what_an_import_read_before_an_action_was_done_does_not_undo_it(
    shop: Shop, action: str, before: str, after: str
) -> None:
    shop.add("A")
    shop.pull()
    if before == "hidden":
        shop.edit_listing("A", queued_action="hide")
        shop.sync()
        shop.pull()
    shop.store.patch_product(shop.product("A")["id"], description="changed")
    shop.pull(run_id="slow", tasks=("extract", "transform"))
    shop.edit_listing("A", queued_action=action)
    shop.sync()
    shop.pull(run_id="slow", tasks=("load",))
    assert shop.listing("A")["status"] == after
    shop.pull()
    assert shop.listing("A")["status"] == after
