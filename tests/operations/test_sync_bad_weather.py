"""Sync Listings: whatever store, network and warehouse do, the good goes through and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from storekeeper.outcomes import AccessLost, ClaimLost, NotNow, Unknown
from tests.operations.edges import at_request
from tests.operations.sync_shop import Shop, while_held
from tests.operations.terms import PATIENT

VARIANTS = "/v3/catalog/variants"
PRODUCTS = "/v3/catalog/products"
STOCK = "/v3/inventory/adjustments/absolute"
"""What a numeric column of the warehouse may hold, and the store refuses: in the batch and alone."""


def requests(shop: Shop) -> dict[str, dict[str, int]]:
    routes = shop.store.requests_by_route()
    shop.store.forget_requests()
    return routes


# The store refuses single records.


def priced_variants(shop: Shop, count: int) -> list[str]:
    """So many variants with prices of their own, of products of ten."""
    skus = [f"W-{number:03d}" for number in range(count)]
    for begin in range(0, count, 10):
        some = skus[begin : begin + 10]
        shop.add_variants(*some, own=dict.fromkeys(some, 10.0))
    shop.pull()
    return skus


def test_one_bad_record_in_each_batch_does_not_hold_up_the_good(shop: Shop) -> None:
    skus = priced_variants(shop, 100)
    shop.database.run("update core.listing_variant set price = 11, sale_price = 9 where master_sku like 'W-%'")
    bad = {skus[7], skus[66]}
    shop.store.configure(refused_skus=dict.fromkeys(bad, "is locked by the merchant"))
    options = {"fields": ["price", "sale_price"]}
    counts = shop.sync(**options)
    assert (counts.updated, counts.failed) == (98, 2)
    assert {shop.price(sku) for sku in skus if sku not in bad} == {11}
    assert {shop.price(sku) for sku in bad} == {10}
    assert shop.problems() == {(sku, "refused_by_store") for sku in bad}
    message = shop.database.value("select message from mart.problems where entity_key = %s and open", skus[7])
    assert "is locked by the merchant" in message
    assert sum(requests(shop)[f"PUT {VARIANTS}"].values()) <= 2 + 2 * 2 * 6

    # the next run tries them apart, after what is new
    shop.edit(skus[0], price=12)
    counts = shop.sync(**options)
    assert (counts.updated, counts.failed) == (1, 2)
    assert requests(shop)[f"PUT {VARIANTS}"] == {"200": 1, "422": 3}  # the new one; both bad ones, then each alone
    shop.store.configure(refused_skus={})
    shop.sync(**options)
    assert requests(shop)[f"PUT {VARIANTS}"] == {"200": 1}
    assert (shop.problems(), {shop.price(sku) for sku in bad}) == (set(), {11})
    shop.store.admin("violations", method="DELETE")  # what is refused does not obey the specification


def test_stock_that_is_refused_is_named_by_the_store_and_costs_one_more_call(shop: Shop) -> None:
    skus = shop.add_many(30, "S")
    shop.pull()
    for sku in skus:
        shop.item(sku, quantity=8)
    shop.store.patch_product(shop.product(skus[3])["id"], inventory_tracking="none")  # since the import
    counts = shop.sync()
    assert (counts.updated, counts.failed) == (29, 1)
    assert requests(shop)[f"PUT {STOCK}"] == {"422": 1, "200": 1}
    assert shop.problems() == {(skus[3], "refused_by_store")}
    assert "no inventory tracking" in shop.database.value(
        "select message from mart.problems where open and entity_key = %s", skus[3]
    )


def test_a_product_refused_for_its_price_still_gets_its_stock(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit("A", price=11, quantity=8)
    shop.store.fault("status", status=422, body={"status": 422, "title": "no"}, route=PRODUCTS, method="PUT", times=1)
    shop.sync()
    assert (shop.price("A"), shop.stock("A"), shop.problems()) == (10, 8, {("A", "refused_by_store")})
    shop.sync()
    assert (shop.price("A"), shop.problems()) == (11, set())


def test_stock_of_a_sku_whose_price_was_refused_goes_with_the_others(shop: Shop) -> None:
    skus = shop.add_many(4)
    shop.pull()
    shop.edit(skus[0], price=12)
    shop.store.configure(refused_skus={skus[0]: "is locked by the merchant"})
    shop.sync()
    assert shop.problems() == {(skus[0], "refused_by_store")}
    shop.store.configure(refused_skus={})
    for sku in skus:
        shop.edit(sku, quantity=9)
    shop.writes()
    shop.sync()
    assert shop.writes() == {"products": 1, "stock": 1}
    assert shop.waiting() == []


def test_a_refusal_stays_a_problem_while_nobody_has_tried_again(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit("A", price=11)
    shop.store.fault("status", status=422, body={"status": 422, "title": "no"}, route=PRODUCTS, method="PUT", times=1)
    shop.sync()
    shop.sync(params={"fields": ["quantity"]})
    assert shop.problems() == {("A", "refused_by_store")}


# The store has changed meanwhile.


@pytest.mark.parametrize("what", ["price", "stock"])
def test_a_product_that_is_gone_does_not_hold_up_the_rest(shop: Shop, what: str) -> None:
    skus = shop.add_many(12, "G")
    shop.pull()
    for sku in skus:
        shop.item(sku, **({"price": 11} if what == "price" else {"quantity": 8}))
    shop.store.delete_product(shop.product(skus[4])["id"])
    shop.sync()
    seen = shop.price if what == "price" else shop.stock
    assert {seen(sku) for sku in skus if sku != skus[4]} == {11 if what == "price" else 8}
    assert (skus[4], "gone_from_store") in shop.problems()
    row = shop.row(skus[4])
    assert (row["status"], row["product_id"], row["variant_id"]) == ("not_listed", None, None)
    assert requests(shop)[f"GET {PRODUCTS}"] == {"200": 1}
    shop.sync()
    assert requests(shop) == {}
    assert shop.problems() == {(skus[4], "gone_from_store")}


def test_a_variant_that_is_gone_does_not_hold_up_its_siblings(shop: Shop) -> None:
    product_id = shop.add_variants("V1", "V2", "V3")
    shop.pull()
    for number, sku in enumerate(("V1", "V2", "V3")):
        shop.item(sku, price=11 + number, quantity=8)
    shop.store.patch_product(product_id, variants=[v for v in shop.product("V1")["variants"] if v["sku"] != "V2"])
    shop.sync()
    assert [(shop.price(sku), shop.stock(sku)) for sku in ("V1", "V3")] == [(11, 8), (13, 8)]
    assert ("V2", "gone_from_store") in shop.problems()
    assert (shop.row("V2")["variant_id"], shop.row("V1")["status"]) == (None, "listed")
    shop.sync()
    assert shop.problems() == {("V2", "gone_from_store")}


def test_a_run_that_was_taken_over_takes_nothing_for_gone(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=11)
    shop.store.delete_product(shop.product("A")["id"])

    def take_over(_: object) -> None:
        shop.database.run("update ops.claim set epoch = epoch + 1")

    with at_request(take_over, method="GET", path=PRODUCTS), pytest.raises(ClaimLost):
        shop.sync()
    assert shop.row("A")["variant_id"] is not None
    assert shop.problems() == {("A", "refused_by_store")}


def test_what_the_store_denies_and_a_read_still_finds_is_not_taken_for_gone(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=11)
    body = {"status": 404, "title": "not found"}
    shop.store.fault("status", status=404, body=body, route=PRODUCTS, method="PUT", times=1)
    shop.sync()
    assert shop.problems() == {("A", "refused_by_store")}
    assert shop.row("A")["status"] == "listed"
    shop.sync()
    assert (shop.price("A"), shop.problems()) == (11, set())


def test_a_sku_renamed_in_the_store_is_still_the_same_variant(shop: Shop) -> None:
    product_id = shop.add("A")
    shop.pull()
    shop.item("A", price=11, quantity=8)
    variant = shop.product("A")["variants"][0]
    shop.store.patch_product(product_id, sku="RENAMED")
    shop.store.patch_variant(product_id, variant["id"], sku="RENAMED")
    shop.sync()
    assert (shop.price("RENAMED"), shop.stock("RENAMED"), shop.problems()) == (11, 8, set())


# Access.


@pytest.mark.parametrize(
    ("held", "missing", "sent"),
    [
        (["store_v2_products_read_only", "store_inventory"], "store_v2_products", (10, 5)),
        (["store_v2_products", "store_inventory_read_only"], "store_inventory", (11, 5)),
    ],
)
def test_a_token_without_the_scope_stops_the_run_and_names_it(
    shop: Shop, held: list[str], missing: str, sent: tuple[int, int]
) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.item("A", price=11, quantity=8)
    shop.edit_listing("B", queued_action="hide")
    shop.store.add_token("narrow", held)
    shop.writes()
    with pytest.raises(AccessLost, match=missing):
        shop.sync(token="narrow", hide_as="out_of_stock" if sent[0] == 11 else "invisible")
    assert (shop.price("A"), shop.stock("A")) == sent
    assert sum(shop.writes().values()) <= 2  # not tried again
    assert shop.listing("B")["queued_action"] == "hide"
    assert shop.waiting() == ["A", "B"]
    shop.sync()
    assert (shop.price("A"), shop.stock("A"), shop.waiting()) == (11, 8, [])


def test_a_revoked_token_keeps_the_queue(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit_listing("A", queued_action="delist")
    with pytest.raises(AccessLost):
        shop.sync(token="nobody-knows-it")
    assert shop.listing("A")["queued_action"] == "delist"
    assert shop.row("A")["status"] == "listed"


# The network.


@pytest.fixture
def moving(shop: Shop) -> tuple[Shop, list[str]]:
    """Prices of products, prices of variants and stock all wait to be sent."""
    skus = shop.add_many(12, "N")
    shop.add_variants("V1", "V2")
    shop.pull()
    for sku in skus:
        shop.item(sku, price=11, quantity=8)
    shop.item("V1", price=12, quantity=9)
    return shop, skus


def arrived(shop: Shop, skus: list[str]) -> bool:
    return (
        {(shop.price(sku), shop.stock(sku)) for sku in skus} == {(11, 8)}
        and (shop.price("V1"), shop.stock("V1")) == (12, 9)
        and (shop.price("V2"), shop.stock("V2")) == (10, 5)
    )


PASSING: dict[str, dict[str, Any]] = {
    "429 with headers": {"kind": "status", "status": 429, "headers": {"X-Rate-Limit-Time-Reset-Ms": "50"}},
    "429 without": {"kind": "status", "status": 429, "without_rate_headers": True},
}
LOST: dict[str, dict[str, Any]] = {
    "503": {"kind": "status", "status": 503},
    "500 after": {"kind": "status", "status": 500, "side": "after"},
    "reset": {"kind": "reset"},
    "lost answer": {"kind": "lost_answer"},
    "truncated": {"kind": "truncate"},
    "garbage": {"kind": "garbage", "side": "after"},
    "maintenance page": {"kind": "html"},
    "maintenance page as success": {"kind": "html", "status": 200, "side": "after"},
}


@pytest.mark.parametrize("route", [PRODUCTS, VARIANTS, STOCK])
@pytest.mark.parametrize("fault", PASSING)
def test_a_store_that_asks_for_patience_gets_it(moving: tuple[Shop, list[str]], fault: str, route: str) -> None:
    shop, skus = moving
    shop.store.fault(**PASSING[fault], route=route, method="PUT", times=2)
    shop.sync()
    assert arrived(shop, skus)
    made = [each for each in shop.effects() if each[0] in ("product.updated", "variant.updated", "stock.set")]
    assert len(made) == 12 + 1 + 13  # each once
    assert (shop.waiting(), shop.problems()) == ([], set())


@pytest.mark.parametrize("route", [PRODUCTS, VARIANTS, STOCK])
@pytest.mark.parametrize("fault", LOST)
def test_after_an_unknown_fate_what_is_wanted_then_is_sent(
    moving: tuple[Shop, list[str]], fault: str, route: str
) -> None:
    shop, skus = moving
    shop.store.fault(**LOST[fault], route=route, method="PUT", times=1)
    shop.sync()
    assert arrived(shop, skus)
    made = [each for each in shop.effects() if each[0] in ("product.updated", "variant.updated", "stock.set")]
    assert len(made) <= 26 + {PRODUCTS: 10, VARIANTS: 1, STOCK: 13}[route]  # no other batch was sent again
    assert (shop.waiting(), shop.problems()) == ([], set())
    assert "unknown" in {state for *_, state in shop.pushed()}


@pytest.mark.parametrize("fault", ["503", "lost answer"])
def test_a_store_that_never_answers_costs_nothing_but_time(moving: tuple[Shop, list[str]], fault: str) -> None:
    shop, skus = moving
    shop.store.fault(**LOST[fault], route=STOCK, method="PUT")
    with pytest.raises((Unknown, NotNow)):
        shop.sync()
    shop.store.clear_faults()
    for sku in skus:
        shop.item(sku, price=13, quantity=7)
    shop.sync()
    assert {(shop.price(sku), shop.stock(sku)) for sku in skus} == {(13, 7)}
    assert (shop.waiting(), shop.problems()) == ([], set())


def test_a_deletion_whose_answer_is_lost_is_a_delisting(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit_listing("A", queued_action="delist")
    shop.store.fault("lost_answer", route=PRODUCTS, method="DELETE", times=1)
    shop.sync()
    assert (shop.row("A")["status"], shop.problems()) == ("delisted", set())
    shop.pull()
    assert shop.database.value("select count(*) from mart.problems where reason = 'gone_from_store'") == 0


def test_a_store_that_says_it_deleted_and_did_not_is_not_believed(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.edit_listing("A", queued_action="delist")
    shop.store.fault("status", status=204, route=PRODUCTS, method="DELETE")
    with pytest.raises(Unknown):
        shop.sync()
    assert (shop.row("A")["status"], shop.listing("A")["queued_action"]) == ("listed", "delist")


@pytest.mark.parametrize(
    "imported",
    [False, True],
)
def test_a_deletion_lost_for_good_is_found_done_by_the_next_run(shop: Shop, imported: bool) -> None:
    shop.add("A")
    shop.pull()
    shop.edit_listing("A", queued_action="delist")
    shop.store.fault("lost_answer", route=PRODUCTS, method="DELETE")
    with pytest.raises(Unknown):
        shop.sync()
    shop.store.clear_faults()
    if imported:
        shop.pull()
    shop.sync()
    assert shop.row("A")["status"] == "delisted"
    assert shop.listing("A")["queued_action"] is None


# The warehouse.


def test_a_warehouse_that_breaks_off_in_the_middle_loses_nothing(shop: Shop) -> None:
    skus = shop.add_many(40, "D")
    shop.pull()
    for sku in skus:
        shop.item(sku, price=11, quantity=8)

    def break_off() -> None:
        shop.database.run(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )

    with (
        while_held(shop.store, break_off, route=PRODUCTS, method="PUT"),
        pytest.raises(Exception, match=r"(?i)warehouse|claim"),
    ):
        shop.sync(run_id="broken", patience=PATIENT)
    shop.store.clear_faults()
    shop.sync(run_id="broken")
    assert {(shop.price(sku), shop.stock(sku)) for sku in skus} == {(11, 8)}
    assert (shop.waiting(), shop.problems()) == ([], set())


# Stock that is worked off later.


@pytest.mark.parametrize("tracking", ["variant", "product"])
def test_stock_that_the_store_shows_is_confirmed(shop: Shop, tracking: str) -> None:
    shop.add("A", tracking=tracking)
    shop.pull()
    shop.item("A", quantity=8)
    shop.sync(verify_stock_sample=20)
    assert shop.stock("A") == 8
    assert shop.problems() == set()


@pytest.mark.parametrize("tracking", ["variant", "product"])
def test_stock_that_is_worked_off_soon_is_confirmed(shop: Shop, tracking: str) -> None:
    skus = shop.add_many(25, "Y", tracking=tracking)
    shop.pull()
    shop.store.configure(inventory_delay_ms=600)
    for sku in skus:
        shop.item(sku, quantity=8)
    shop.sync(verify_stock_sample=20)
    assert shop.problems() == set()
    assert 2 <= sum(n for route, each in requests(shop).items() if route.startswith("GET") for n in each.values()) <= 4


def test_stock_that_the_store_never_works_off_is_a_problem_until_it_is_seen(shop: Shop) -> None:
    shop.add("A", tracking="variant")
    shop.pull()
    shop.item("A", quantity=8)
    answer = {"transaction_id": "00000001-0000-4000-8000-000000000001"}
    shop.store.fault(
        "status",
        status=200,
        body=answer,
        headers={"Content-Type": "application/json"},
        route=STOCK,
        method="PUT",
        times=1,
    )
    counts = shop.sync(verify_stock_sample=20)
    assert (shop.stock("A"), shop.problems()) == (5, {("A", "stock_not_confirmed")})
    assert counts.updated == 1
    shop.sync()
    assert shop.problems() == {("A", "stock_not_confirmed")}
    shop.pull()
    assert shop.row("A")["drift"]
    shop.sync(params={"scope": "all", "fields": ["quantity"]})
    assert (shop.stock("A"), shop.problems()) == (8, set())
