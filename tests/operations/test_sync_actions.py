"""Sync Listings: hiding, showing again, delisting and pausing, and what an import between them changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.sync_shop import Shop, while_held
from tests.operations.terms import PATIENT

HIDDEN = {
    "invisible": {"is_visible": False, "availability": "available", "inventory_level": 5},
    "unavailable": {"is_visible": True, "availability": "disabled", "inventory_level": 5},
    "out_of_stock": {"is_visible": True, "availability": "available", "inventory_level": 0},
}
SHOWN = {"is_visible": True, "availability": "available", "inventory_level": 5}
MODES = ["create_only", "create_and_overwrite"]


def looks(shop: Shop, sku: str) -> dict[str, Any]:
    product = shop.product(sku)
    return {name: product[name] for name in SHOWN}


@pytest.fixture(params=["simple", "variants"])
def listed(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """A listing ``A`` of one variant, tracked by product, or of two, tracked by variant; it has 5 units."""
    if request.param == "simple":
        shop.add("A")
    else:
        product_id = shop.add_variants("A", "A2", stock=2)
        shop.store.patch_variant(product_id, shop.variant("A2")["id"], inventory_level=3)
        shop.store.patch_product(product_id, inventory_level=5)
    shop.add("B")
    shop.pull()
    return shop


@pytest.mark.parametrize("hide_as", HIDDEN)
def test_a_listing_is_hidden_and_shown_again_and_nothing_else_changes(listed: Shop, hide_as: str) -> None:
    shop = listed
    before = looks(shop, "B")
    shop.edit_listing("A", queued_action="hide")
    assert shop.row("A")["in_sync"] is False
    shop.sync(hide_as=hide_as)
    assert looks(shop, "A") == HIDDEN[hide_as]
    assert (shop.row("A")["status"], shop.listing("A")["queued_action"], shop.waiting()) == ("hidden", None, [])
    shop.sync(hide_as=hide_as)
    shop.edit_listing("A", queued_action="unhide")
    shop.sync(hide_as="invisible")  # another way by now: unhiding undoes the way it was hidden
    assert looks(shop, "A") == SHOWN
    assert (shop.row("A")["status"], shop.listing("A")["queued_action"], shop.waiting()) == ("listed", None, [])
    assert looks(shop, "B") == before
    assert shop.problems() == set()


def test_the_history_tells_what_a_listing_was_before(shop: Shop) -> None:
    shop.add("A", availability="preorder")
    shop.pull()
    for action, hide_as in (
        ("hide", "unavailable"),
        ("unhide", "unavailable"),
        ("hide", "invisible"),
        ("unhide", "invisible"),
        ("hide", "out_of_stock"),
        ("unhide", "out_of_stock"),
        ("delist", "invisible"),
    ):
        shop.edit_listing("A", queued_action=action)
        shop.sync(hide_as=hide_as)
    told = shop.database.rows(
        "select action, detail -> 'from' as former from mart.push_history"
        " where entity = 'listing' and action in ('hide', 'unhide', 'delist') order by settled_at"
    )
    shown = {"status": "listed", "is_visible": True, "availability": "preorder"}
    assert [(row["action"], row["former"]) for row in told] == [
        ("hide", shown),
        ("unhide", {"status": "hidden", "is_visible": True, "availability": "disabled"}),
        ("hide", shown),
        ("unhide", {"status": "hidden", "is_visible": False, "availability": "preorder"}),
        ("hide", {"status": "listed"}),
        ("unhide", {"status": "hidden"}),
        ("delist", shown),
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hide_as", HIDDEN)
def test_imports_in_between_change_nothing(listed: Shop, hide_as: str, mode: str) -> None:
    shop = listed
    rules = {"sync_listings": {"hide_as": hide_as}}
    shop.edit_listing("A", queued_action="hide")
    shop.pull(mode=mode, **rules)
    assert shop.listing("A")["queued_action"] == "hide"
    shop.sync(hide_as=hide_as)
    shop.pull(mode=mode, **rules)
    assert (shop.row("A")["status"], shop.waiting()) == ("hidden", [])
    assert shop.sync(hide_as=hide_as).updated == 0
    shop.pull(mode=mode, **rules)
    shop.edit_listing("A", queued_action="unhide")
    shop.pull(mode=mode, **rules)
    shop.sync(hide_as=hide_as)
    shop.pull(mode=mode, **rules)
    assert looks(shop, "A") == SHOWN
    assert (shop.row("A")["status"], shop.waiting(), shop.problems()) == ("listed", [], set())


@pytest.mark.parametrize("hide_as", HIDDEN)
def test_an_inventory_that_moves_while_a_listing_is_hidden_shows_when_it_is_shown(shop: Shop, hide_as: str) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=10, quantity=5)
    shop.edit_listing("A", queued_action="hide")
    shop.sync(hide_as=hide_as)
    shop.item("A", price=11, quantity=9)
    shop.sync(hide_as=hide_as)
    assert shop.price("A") == 11
    assert shop.stock("A") == (0 if hide_as == "out_of_stock" else 9)
    assert shop.row("A")["status"] == "hidden"
    shop.edit_listing("A", queued_action="unhide")
    shop.sync(hide_as=hide_as)
    assert (shop.stock("A"), shop.row("A")["status"], shop.waiting()) == (9, "listed", [])


def test_a_preorder_that_was_unavailable_for_a_while_is_a_preorder_again(shop: Shop) -> None:
    shop.add("A", availability="preorder")
    shop.pull()
    shop.edit_listing("A", queued_action="hide")
    shop.sync(hide_as="unavailable")
    shop.edit_listing("A", queued_action="unhide")
    shop.sync(hide_as="unavailable")
    assert shop.product("A")["availability"] == "preorder"


def test_what_the_staff_made_invisible_meanwhile_stays_so(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit_listing("A", queued_action="hide")
    shop.sync(hide_as="unavailable")
    shop.store.patch_product(shop.product("A")["id"], is_visible=False)
    shop.pull()
    shop.edit_listing("A", queued_action="unhide")
    shop.sync(hide_as="unavailable")
    assert looks(shop, "A") == SHOWN | {"is_visible": False}
    assert shop.row("A")["status"] == "hidden"


def test_a_product_that_the_staff_made_invisible_can_be_shown(shop: Shop) -> None:
    shop.add("A", is_visible=False)
    shop.pull()
    assert shop.row("A")["status"] == "hidden"
    shop.edit_listing("A", queued_action="unhide")
    shop.sync()
    assert (looks(shop, "A"), shop.row("A")["status"]) == (SHOWN, "listed")


def test_hiding_by_stock_needs_stock_that_is_managed(shop: Shop) -> None:
    shop.add("A", tracking="none")
    shop.pull()
    shop.edit_listing("A", queued_action="hide")
    shop.sync(hide_as="out_of_stock")
    assert shop.row("A")["status"] == "listed"
    assert {reason for _, reason in shop.problems()} == {"inventory_not_tracked"}


def test_a_listing_that_cannot_be_hidden_by_its_stock_keeps_its_stock(shop: Shop) -> None:
    shop.add_variants("A", "A2", stock=4)
    shop.pull()
    shop.edit("A2", quantity=None)
    shop.edit_listing("A", queued_action="hide")
    shop.sync(hide_as="out_of_stock")
    assert {reason for _, reason in shop.problems()} == {"inventory_not_tracked"}
    assert shop.stock("A") == 4  # neither hidden nor half of it sold out


@pytest.mark.parametrize(
    "mode",
    [
        "create_only",
        "create_and_overwrite",
    ],
)
def test_a_hiding_by_stock_that_got_halfway_forgets_no_quantity(shop: Shop, mode: str) -> None:
    shop.add_variants("A", "A2", stock=4)
    shop.pull()
    shop.edit_listing("A", queued_action="hide")
    route = "/v3/inventory/adjustments/absolute"
    refusal = {"status": 422, "title": f"[Item with variant_id {shop.variant('A2')['id']} is locked]"}
    shop.store.fault("status", status=422, body=refusal, route=route, method="PUT", times=1)
    shop.sync(hide_as="out_of_stock")
    assert (shop.stock("A"), shop.stock("A2"), shop.row("A")["status"]) == (0, 4, "listed")
    shop.pull(mode=mode, sync_listings={"hide_as": "out_of_stock"})
    shop.sync(hide_as="out_of_stock")
    assert (shop.stock("A"), shop.stock("A2"), shop.row("A")["status"]) == (0, 0, "hidden")
    shop.edit_listing("A", queued_action="unhide")
    shop.sync(hide_as="out_of_stock")
    assert (shop.stock("A"), shop.stock("A2"), shop.row("A")["status"]) == (4, 4, "listed")


@pytest.mark.parametrize("mode", MODES)
def test_a_hiding_by_stock_whose_answer_is_lost_forgets_no_quantity(shop: Shop, mode: str) -> None:
    shop.add("A")
    shop.pull()
    shop.edit_listing("A", queued_action="hide")
    route = "/v3/inventory/adjustments/absolute"
    shop.store.fault("lost_answer", route=route, method="PUT", times=3)
    with pytest.raises(Exception, match="connection broke"):
        shop.sync(hide_as="out_of_stock")
    assert shop.stock("A") == 0
    shop.pull(mode=mode, sync_listings={"hide_as": "out_of_stock"})
    shop.sync(hide_as="out_of_stock")
    shop.edit_listing("A", queued_action="unhide")
    shop.sync(hide_as="out_of_stock")
    assert (shop.stock("A"), shop.row("A")["status"]) == (5, "listed")


def test_stock_reaches_a_listing_hidden_by_stock_though_fields_leave_it_out(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit_listing("A", queued_action="hide")
    shop.sync(hide_as="out_of_stock", fields=["price"])
    assert (shop.stock("A"), shop.row("A")["status"]) == (0, "hidden")
    shop.edit_listing("A", queued_action="unhide")
    shop.sync(hide_as="out_of_stock", fields=["price"])
    assert (shop.stock("A"), shop.row("A")["status"]) == (5, "listed")


@pytest.mark.parametrize("hide_as", HIDDEN)
def test_a_hidden_listing_still_gets_prices(listed: Shop, hide_as: str) -> None:
    shop = listed
    shop.edit_listing("A", queued_action="hide")
    shop.sync(hide_as=hide_as)
    shop.edit("A", price=11)
    shop.sync(hide_as=hide_as)
    assert shop.price("A") == 11
    assert looks(shop, "A") == HIDDEN[hide_as]


# Delisting.


def test_a_delisted_product_is_gone_from_the_store_and_stays_in_the_warehouse(listed: Shop) -> None:
    shop = listed
    shop.edit("A", price=11)
    shop.edit_listing("A", queued_action="delist")
    shop.sync()
    with pytest.raises(LookupError):
        shop.product("A")
    assert shop.writes() == {"deletes": 1}  # a price that is about to go with the product is not sent
    row = shop.row("A")
    assert (row["status"], row["product_id"], row["variant_id"]) == ("delisted", None, None)
    assert shop.listing("A")["queued_action"] is None
    shop.pull()
    assert shop.database.value("select count(*) from mart.problems where reason = 'gone_from_store'") == 0
    assert shop.row("A")["status"] == "delisted"
    shop.writes()
    assert shop.sync().updated == 0
    assert shop.writes() == {}
    assert shop.database.value("select reason from mart.sync_status where master_sku = 'A'") == "delisted"


def test_two_hundred_and_fifty_products_are_deleted_in_one_call(shop: Shop) -> None:
    shop.add_many(251, "D")
    shop.pull()
    shop.database.run("update core.listing set queued_action = 'delist' where title like 'Product%'")
    shop.sync(params={"confirm_large_change": True})
    assert shop.writes() == {"deletes": 2}
    assert len(shop.store.products()) == 2


def test_delisting_what_is_not_in_the_store_is_a_problem(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit_listing("A", queued_action="delist")
    shop.sync()
    shop.edit_listing("A", queued_action="hide")
    shop.sync()
    assert {reason for _, reason in shop.problems()} == {"not_in_store"}
    assert shop.row("A")["status"] == "delisted"


def test_a_product_made_anew_after_a_delisting_is_listed_again(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=12, quantity=7)
    shop.edit_listing("A", queued_action="delist")
    shop.sync()
    shop.add("A", price=10, stock=1)
    shop.pull()
    assert shop.row("A")["status"] == "listed"
    shop.sync()
    assert (shop.price("A"), shop.stock("A")) == (12, 7)


# Pausing.


@pytest.mark.parametrize("action", ["hide", "unhide", "delist", None])
@pytest.mark.parametrize("hide_as", HIDDEN)
def test_paused_freezes_everything_and_unpausing_lets_it_go(shop: Shop, hide_as: str, action: str | None) -> None:
    shop.add("A", is_visible=action != "unhide")
    shop.pull()
    before = shop.store.products()
    shop.item("A", price=12, quantity=7)
    shop.edit_listing("A", queued_action=action, paused=True)
    counts = shop.sync(hide_as=hide_as, params={"scope": "all", "fields": ["price", "quantity"]})
    assert (shop.writes(), shop.store.products() == before, counts.updated) == ({}, True, 0)
    assert shop.listing("A")["queued_action"] == action
    assert shop.database.value("select reason from mart.sync_status where master_sku = 'A'") == "paused"
    shop.restock("A", 4)
    shop.pull()  # observations still come in
    assert shop.row("A")["paused"]
    shop.edit_listing("A", paused=False)
    shop.sync(hide_as=hide_as)
    if action == "delist":
        assert len(shop.store.products()) == len(before) - 1
        return
    assert shop.price("A") == 12
    assert shop.stock("A") == (0 if action == "hide" and hide_as == "out_of_stock" else 7)
    assert shop.row("A")["status"] == ("hidden" if action == "hide" else "listed")
    assert shop.waiting() == []


def test_a_listing_paused_while_a_run_is_under_way_gets_no_later_call(shop: Shop) -> None:
    skus = shop.add_many(60, "P")
    shop.pull()
    shop.database.run("update core.listing_variant set price = 11 where master_sku like 'P-%'")

    def pause() -> None:
        shop.edit_listing(skus[-1], paused=True)

    with while_held(shop.store, pause, route="/v3/catalog/products", method="PUT"):
        shop.sync(patience=PATIENT)
    assert shop.price(skus[0]) == 11
    assert shop.price(skus[-1]) == 10
    assert shop.waiting() == [skus[-1]]


def test_a_problem_of_a_listing_that_is_paused_stays_open(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=1000)
    shop.sync()
    assert shop.problems() == {("A", "price_held")}
    shop.edit_listing("A", paused=True)
    shop.sync()
    assert shop.problems() == {("A", "price_held")}
