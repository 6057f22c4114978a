"""Sync Listings: what would be too large a change is stopped before the first call, or waits for a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from storekeeper.operations.summary import summary
from storekeeper.operations.sync_listings import approve
from storekeeper.outcomes import RunStopped
from storekeeper.warehouse.runs import Run
from tests.operations.sync_shop import Shop

EXTRACT, LOAD = ("extract",), ("load",)
BUILT_IN = 2
"""Products that the store has before a test adds its own."""


def zero(shop: Shop, skus: list[str]) -> None:
    shop.database.run("update core.listing_variant set quantity = 0 where master_sku = any(%s)", skus)


def queue(action: str) -> Callable[[Shop, list[str]], None]:
    def queued(shop: Shop, skus: list[str]) -> None:
        for sku in skus:
            shop.edit_listing(sku, queued_action=action)

    return queued


def reprice(shop: Shop, skus: list[str]) -> None:
    shop.database.run("update core.listing_variant set price = 1000 where master_sku = any(%s)", skus)


GUARDS: dict[str, tuple[Callable[[Shop, list[str]], None], str]] = {
    "zeroed": (zero, "max_zeroed_share"),
    "hidden": (queue("hide"), "max_hidden_share"),
    "delisted": (queue("delist"), "max_delisted_share"),
    "held": (reprice, "max_held_share"),
}


def filled(shop: Shop, listings: int) -> list[str]:
    """The shop with so many listings in all; the SKUs of those that the test added."""
    skus = shop.add_many(listings - BUILT_IN, "G")
    shop.pull()
    assert shop.database.value("select count(*) from core.listing") == listings
    return skus


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_lets_its_share_pass_and_stops_the_next_one(shop: Shop, guard: str) -> None:
    make, setting = GUARDS[guard]
    skus = filled(shop, 20)
    share = {setting: 0.15}
    make(shop, skus[:4])
    with pytest.raises(RunStopped) as stopped:
        shop.sync(**share)
    assert setting in str(stopped.value)
    assert shop.writes() == {}
    assert shop.database.value("select count(*) from ops.push") == 0
    queue_back = "update core.listing set queued_action = null where listing_key in"
    shop.database.run(f"{queue_back} (select listing_key from core.listing_variant where master_sku = %s)", skus[3])
    shop.edit(skus[3], quantity=5, price=None)
    shop.sync(**share)
    assert (shop.writes() == {}) == (guard == "held")


@pytest.mark.parametrize("guard", GUARDS)
def test_in_a_shop_of_less_than_twenty_listings_no_share_binds(shop: Shop, guard: str) -> None:
    make, setting = GUARDS[guard]
    skus = filled(shop, 19)
    make(shop, skus)
    shop.sync(**{setting: 0.0})
    if guard == "held":  # held one by one in a shop of any size
        assert shop.problems() == {(sku, "price_held") for sku in skus}
    else:
        assert shop.writes() != {}
        assert shop.waiting() == []


@pytest.mark.parametrize("guard", GUARDS)
def test_a_person_may_let_a_large_change_through(shop: Shop, guard: str) -> None:
    make, setting = GUARDS[guard]
    skus = filled(shop, 20)
    make(shop, skus)
    counts = shop.sync(**{setting: 0.0}, params={"confirm_large_change": True})
    assert counts.updated == len(skus)
    assert (shop.waiting(), shop.problems()) == ([], set())


def test_hiding_by_stock_counts_as_hiding(shop: Shop) -> None:
    skus = filled(shop, 20)
    queue("hide")(shop, skus[:5])
    with pytest.raises(RunStopped, match="max_hidden_share"):
        shop.sync(hide_as="out_of_stock")
    assert shop.writes() == {}


def test_the_worst_ten_are_named(shop: Shop) -> None:
    skus = filled(shop, 24)
    for number, sku in enumerate(skus):
        shop.edit(sku, quantity=100 + number)
    shop.sync()
    zero(shop, skus)
    with pytest.raises(RunStopped) as stopped:
        shop.sync()
    said = str(stopped.value)
    named = [sku for sku in skus if sku in said]
    assert named == skus[-10:]
    assert "from 121 to 0" in said
    assert "confirm_large_change" in said


def test_a_stopped_run_changes_nothing_and_ends_failed(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus)
    before = shop.store.products()
    with pytest.raises(RunStopped):
        shop.sync()
    assert shop.store.products() == before
    assert shop.database.value("select state from mart.runs where operation = 'sync_listings'") == "failed"
    assert len(shop.waiting()) == len(skus)


def statuses(shop: Shop, skus: list[str]) -> set[str | None]:
    rows = shop.database.rows("select reason from mart.sync_status where master_sku = any(%s)", skus)
    return {row["reason"] for row in rows}


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("late", [False, True])
def test_the_marts_say_what_a_guard_holds_back_until_a_run_gets_through(shop: Shop, guard: str, late: bool) -> None:
    make, setting = GUARDS[guard]
    skus = filled(shop, 20)
    shop.edit(skus[9], quantity=8)
    if late:
        shop.sync(run_id="stopped", tasks=EXTRACT)
    make(shop, skus[:5])
    with pytest.raises(RunStopped):
        shop.sync(run_id="stopped", tasks=LOAD if late else (*EXTRACT, *LOAD))
    assert statuses(shop, skus[:5]) == {"price_held" if guard == "held" else "held_by_guard"}
    assert statuses(shop, skus[5:]) == {"waiting", "unlinked"}
    assert len(shop.problems()) == 5
    shop.sync(**{setting: 1.0}, params={"confirm_large_change": True})
    assert shop.problems() == set()


def test_hiding_by_stock_is_held_by_the_listing(shop: Shop) -> None:
    skus = filled(shop, 20)
    queue("hide")(shop, skus[:5])
    with pytest.raises(RunStopped):
        shop.sync(hide_as="out_of_stock")
    assert statuses(shop, skus[:5]) == {"held_by_guard"}
    assert {key for key, _ in shop.problems()} == {shop.listing(sku)["listing_key"] for sku in skus[:5]}


def test_a_stopped_run_closes_no_problem(shop: Shop) -> None:
    skus = filled(shop, 20)
    shop.item(skus[0], price=1000)
    shop.sync()
    shop.item(skus[0], price=10)
    zero(shop, skus[5:])
    with pytest.raises(RunStopped):
        shop.sync()
    assert (skus[0], "price_held") in shop.problems()


def test_a_run_of_prices_leaves_held_stock_a_problem(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus[:5])
    with pytest.raises(RunStopped):
        shop.sync()
    held = {(sku, "held_by_guard") for sku in skus[:5]}
    shop.sync(params={"fields": ["price"]})
    assert shop.problems() == held
    shop.sync(params={"skus": [skus[0]]})
    assert shop.problems() == held - {(skus[0], "held_by_guard")}


def test_a_guard_binds_too_where_the_change_comes_after_the_extraction(shop: Shop) -> None:
    skus = filled(shop, 20)
    shop.edit(skus[0], price=11)
    shop.sync(run_id="late", tasks=EXTRACT)
    zero(shop, skus)
    with pytest.raises(RunStopped, match="max_zeroed_share"):
        shop.sync(run_id="late", tasks=LOAD)
    assert shop.writes() == {}


def test_switching_tracking_on_at_zero_is_bringing_to_zero(shop: Shop) -> None:
    skus = shop.add_many(18, "U", tracking="none", stock=0)
    shop.pull()
    for sku in skus:
        shop.item(sku, quantity=0)
    with pytest.raises(RunStopped, match="max_zeroed_share"):
        shop.sync(manage_inventory_tracking=True)
    assert shop.writes() == {}


# Prices.


@pytest.mark.parametrize(
    ("wanted", "passes"), [("30", True), ("30.01", False), ("3.34", True), ("3.33", False), ("1000000", False)]
)
def test_a_price_may_move_by_the_factor_and_no_further(shop: Shop, wanted: str, passes: bool) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.item("A", price=wanted, quantity=7)
    shop.item("B", price=11)
    counts = shop.sync()
    assert shop.price("A") == (float(wanted) if passes else 10)
    assert shop.problems() == (set() if passes else {("A", "price_held")})
    assert (shop.stock("A"), shop.price("B")) == (7, 11)
    assert counts.failed == 0
    status = shop.database.value("select reason from mart.sync_status where master_sku = 'A'")
    assert status == (None if passes else "price_held")


def test_a_held_price_goes_when_it_is_confirmed_for_its_sku(shop: Shop) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    for sku in ("A", "B"):
        shop.item(sku, price=100)
    shop.sync()
    shop.sync(params={"skus": ["A"], "confirm_large_change": True})
    assert (shop.price("A"), shop.price("B")) == (100, 10)
    assert shop.problems() == {("B", "price_held")}


@pytest.mark.parametrize("wanted", [1000, 0])
def test_a_price_confirmed_for_a_sku_moves_none_of_its_siblings(shop: Shop, wanted: int) -> None:
    shop.add_variants("V1", "V2")
    shop.pull()
    for sku in ("V1", "V2"):
        shop.edit(sku, price=wanted)
    shop.sync(params={"skus": ["V1"], "confirm_large_change": True})
    assert (shop.price("V1"), shop.price("V2")) == (wanted, 10)
    shop.sync()
    assert shop.problems() == {("V2", "price_held")}
    shop.sync(params={"skus": ["V2"], "confirm_large_change": True})
    assert (shop.price("V2"), shop.waiting()) == (wanted, [])


def test_a_narrowed_run_still_sends_the_price_that_all_siblings_want_and_may_have(shop: Shop) -> None:
    shop.add_variants("V1", "V2")
    shop.pull()
    for sku in ("V1", "V2"):
        shop.edit(sku, price=20)
    shop.sync(params={"skus": ["V1"]})
    assert (shop.price("V1"), shop.price("V2")) == (20, 20)
    assert (shop.writes(), shop.variant("V1")["price"]) == ({"products": 1}, None)


def test_a_price_below_the_least_one_is_held(shop: Shop) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.item("A", price="4.99")
    shop.item("B", price=5)
    shop.sync(min_price=5, params={"confirm_large_change": True})
    assert (shop.price("A"), shop.price("B")) == (10, 5)
    assert shop.problems() == {("A", "price_below_minimum")}


def test_a_price_that_drifted_far_is_measured_by_what_was_agreed(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.store.patch_product(shop.product("A")["id"], price=1000)
    shop.pull()
    shop.sync(scope="all")
    assert shop.price("A") == 10


# Dry runs.


def state(shop: Shop) -> dict[str, Any]:
    """Everything in core and ops but runs and pushes."""
    tables = shop.database.rows(
        "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('core', 'ops')"
        " and schemaname || '.' || tablename not in ('ops.run', 'ops.push') order by 1"
    )
    return {each["name"]: shop.database.rows(f"select t::text from {each['name']} as t order by 1") for each in tables}


def test_a_dry_run_sends_nothing_and_changes_nothing_but_its_record(shop: Shop) -> None:
    skus = filled(shop, 30)
    for sku in skus[:5]:
        shop.item(sku, price=11, quantity=0)
    shop.item(skus[5], price=1000)
    shop.edit_listing(skus[6], queued_action="hide")
    shop.edit_listing(skus[7], queued_action="delist")
    shop.edit(skus[8], quantity=-4)
    before, catalog = state(shop), shop.store.products()
    counts = shop.sync(hide_as="unavailable", price_multiplier="1.5", params={"dry_run": True})
    assert state(shop) == before
    assert (shop.writes(), shop.store.products() == catalog) == ({}, True)
    assert {each[2] for each in shop.pushed()} == {"dry_run"}
    assert {each[0] for each in shop.pushed() if each[1] == "set_fields"} == set(skus[:5])
    assert {each[1] for each in shop.pushed()} == {"set_fields", "set_stock", "hide", "delist"}
    assert counts.updated == 8
    assert shop.database.value("select state from mart.runs where operation = 'sync_listings'") == "success"


def test_a_dry_run_of_too_large_a_change_is_green(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus)
    counts = shop.sync(params={"dry_run": True}, large_change="ask")
    assert counts.updated == len(skus)
    assert shop.writes() == {}
    assert shop.problems() == set()
    assert shop.database.value("select count(*) from ops.approval") == 0


def test_no_later_run_sends_what_a_dry_run_planned(shop: Shop) -> None:
    shop.add("A")
    shop.add("B")
    shop.pull()
    shop.edit("A", price=11)
    shop.edit("B", price=12)
    shop.sync(params={"dry_run": True})
    shop.edit("A", price=10)
    shop.edit("B", price=13)
    shop.sync()
    assert (shop.price("A"), shop.price("B")) == (10, 13)
    assert shop.writes() == {"products": 1}
    assert shop.pushed() == [
        ("A", "set_fields", "dry_run"),
        ("B", "set_fields", "dry_run"),
        ("B", "set_fields", "done"),
    ]


def test_a_dry_run_counts_what_cannot_be_sent(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=1000)
    counts = shop.sync(params={"dry_run": True})
    assert (counts.skipped, counts.updated, shop.problems()) == (1, 0, set())


def said(shop: Shop) -> str:
    """What the last sync's row says."""
    query = "select message from mart.runs where operation = 'sync_listings' order by started_at desc limit 1"
    return str(shop.database.value(query))


def test_a_dry_run_says_what_it_would_leave_out_and_why(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    skus = filled(shop, 20)
    for sku in skus[:2]:
        shop.item(sku, price=1000)
    shop.edit(skus[2], quantity=-4)
    with caplog.at_level("WARNING"):
        shop.sync(params={"dry_run": True}, run_id="dry")
    assert said(shop).splitlines()[1:] == [
        "Problems that it would leave: 3",
        f"  price_held                                 2   such as {skus[0]}",
        f"  negative_quantity                          1   such as {skus[2]}",
    ]
    assert f"{skus[0]}: price_held: The price 1000" in caplog.text
    assert shop.database.value("select count(*) from ops.problem") == 0
    shop.sync()
    assert shop.problems() == {(skus[0], "price_held"), (skus[1], "price_held"), (skus[2], "negative_quantity")}


def test_the_summary_of_a_dry_run_speaks_of_what_it_would_leave(shop: Shop) -> None:
    shop.add("A")
    shop.pull()
    shop.item("A", price=1000)
    shop.sync(params={"dry_run": True}, run_id="dry")
    warehouse = shop.database.warehouse()
    try:
        told = summary(
            Run.begin(warehouse, channel="shop", operation="sync_listings", run_id="dry", dry_run=True)
        ).splitlines()
    finally:
        warehouse.close()
    assert told[-2:] == [
        "  Problems that it would leave: 1",
        "    price_held                                 1   such as A",
    ]
    assert not any("open problems" in line for line in told)


@pytest.mark.parametrize(("large_change", "would"), [("stop", "stop"), ("ask", "wait for approval")])
def test_a_dry_run_leaves_word_of_the_guard_that_would_stop_it(shop: Shop, large_change: str, would: str) -> None:
    skus = filled(shop, 20)
    zero(shop, skus)
    shop.sync(params={"dry_run": True}, large_change=large_change)
    assert said(shop).splitlines()[1:] == [
        f"Without the dry run this would {would}: it would bring the stock of 18 of 20 listings to zero"
        " (90%; sync_listings.max_zeroed_share allows 20%)."
    ]
    shop.sync(params={"dry_run": True, "confirm_large_change": True}, large_change=large_change)
    assert "Without" not in said(shop)


# Approval.


def asked(shop: Shop, run_id: str, **settings: Any) -> str | None:
    """What a person is asked in the Airflow UI."""
    from storekeeper.operations import sync_listings
    from storekeeper.operations.step import attempt
    from storekeeper.settings import Channel
    from tests.operations.conftest import store_client

    described = Channel.model_validate({"channel": "shop", "sync_listings": {"verify_stock_sample": 0, **settings}})
    warehouse = shop.database.warehouse()
    try:
        with attempt(
            "extract", warehouse, described, "sync_listings", run_id=run_id, params={},
            open_store=lambda: store_client(shop.store),
        ) as step:  # fmt: skip
            said: str | None = sync_listings.STEPS["extract"](step)["ask"]
            return said
    finally:
        warehouse.close()


def approved(shop: Shop, run_id: str) -> None:
    warehouse = shop.database.warehouse()
    approve(warehouse, "shop", run_id, "jane")
    warehouse.close()


ASK: dict[str, Any] = {"large_change": "ask"}


def test_a_large_change_is_asked_for_and_refused_without_an_answer(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus)
    said = asked(shop, "ask", **ASK)
    assert said is not None
    assert skus[0].replace("-", "") in said.replace("-", "").replace("\\", "")
    with pytest.raises(RunStopped):
        shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert shop.writes() == {}


def test_what_was_approved_is_sent(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus)
    assert asked(shop, "ask", **ASK)
    assert shop.problems() == {(sku, "held_by_guard") for sku in skus}
    approved(shop, "ask")
    counts = shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert counts.updated == len(skus)
    assert (shop.waiting(), shop.problems()) == ([], set())


def test_a_small_change_is_not_asked_for(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus[:1])
    assert asked(shop, "ask", **ASK) is None
    shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert shop.stock(skus[0]) == 0


def test_a_plan_that_grew_after_its_approval_is_refused(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus[:10])
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    zero(shop, skus[:11])
    with pytest.raises(RunStopped, match="plan_grew"):
        shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert shop.writes() == {}


def test_another_change_than_the_approved_one_is_refused(shop: Shop) -> None:
    skus = filled(shop, 20)
    queue("hide")(shop, skus[:10])
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    queue("delist")(shop, skus[:10])
    with pytest.raises(RunStopped, match="plan_grew"):
        shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert len(shop.store.products()) == 20


def test_a_plan_that_shrank_after_its_approval_is_sent(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus[:10])
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    shop.edit(skus[0], quantity=5)
    shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert (shop.stock(skus[0]), shop.stock(skus[1])) == (5, 0)


def test_an_approval_is_for_its_own_run(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus)
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    assert asked(shop, "another", **ASK)
    with pytest.raises(RunStopped):
        shop.sync(run_id="another", tasks=LOAD, **ASK)
    assert shop.writes() == {}


def test_approved_prices_are_sent(shop: Shop) -> None:
    skus = filled(shop, 20)
    for sku in skus[:10]:
        shop.item(sku, price=50)
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    assert shop.problems() == {(sku, "price_held") for sku in skus[:10]}
    shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert {shop.price(sku) for sku in skus[:10]} == {50}
    assert shop.problems() == set()


def test_a_price_other_than_the_approved_one_is_not_sent(shop: Shop) -> None:
    skus = filled(shop, 20)
    for sku in skus[:10]:
        shop.item(sku, price=50)
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    shop.item(skus[0], price="0.01")
    with suppress(RunStopped):
        shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert shop.price(skus[0]) == 10


def test_prices_held_since_a_person_could_be_asked_stop_the_run(shop: Shop) -> None:
    skus = filled(shop, 25)
    shop.edit(skus[0], price=11)
    assert asked(shop, "ask", **ASK) is None
    reprice(shop, skus[1:18])
    for sku in skus[18:]:
        shop.edit(sku, price=25)
    with pytest.raises(RunStopped, match="plan_grew"):
        shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert shop.writes() == {}
    assert shop.problems() == {(sku, "price_held") for sku in skus[1:18]}


SALES: dict[str, Any] = {"fields": ["price", "quantity", "sale_price"], **ASK}


def mark_down(shop: Shop, skus: list[str]) -> None:
    shop.database.run("update core.listing_variant set sale_price = 0.01 where master_sku = any(%s)", skus)


def test_held_sale_prices_count_and_are_asked_about_like_prices(shop: Shop) -> None:
    skus = filled(shop, 20)
    mark_down(shop, skus[:5])
    shop.edit(skus[9], quantity=8)
    with pytest.raises(RunStopped, match="max_held_share"):
        shop.sync(**{**SALES, "large_change": "stop"})
    assert shop.problems() == {(sku, "price_held") for sku in skus[:5]}
    said = asked(shop, "ask", **SALES)
    assert said is not None
    assert "sale price of" in said
    with pytest.raises(RunStopped, match="plan_grew"):
        shop.sync(run_id="ask", tasks=LOAD, **SALES)
    approved(shop, "ask")
    shop.edit(skus[5], sale_price="0.02")
    shop.edit(skus[0], sale_price="0.03")
    shop.sync(run_id="ask", tasks=LOAD, **SALES)
    assert {shop.variant(sku)["sale_price"] for sku in skus[1:5]} == {0.01}
    assert {shop.variant(sku)["sale_price"] for sku in (skus[0], skus[5])} == {None}
    assert shop.problems() == {(skus[0], "price_held"), (skus[5], "price_held")}


def test_a_few_prices_held_since_stop_no_approved_change(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus[:10])
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    reprice(shop, skus[10:12])
    shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert (shop.stock(skus[0]), shop.price(skus[10])) == (0, 10)
    assert shop.problems() == {(sku, "price_held") for sku in skus[10:12]}


def test_an_approval_of_one_variants_stock_covers_no_other_variant(shop: Shop) -> None:
    for number in range(20):
        shop.add_variants(f"V{number}a", f"V{number}b")
    shop.pull()
    zero(shop, [f"V{number}a" for number in range(20)])
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    zero(shop, ["V7b"])
    with pytest.raises(RunStopped, match=r"plan_grew.* 1 more .*'V7b'"):
        shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert shop.writes() == {}
    shop.edit("V7b", quantity=5)
    shop.sync(run_id="ask", tasks=LOAD, **ASK)
    assert (shop.stock("V7a"), shop.stock("V7b")) == (0, 5)


HOSTILE = (
    "![x](https://evil.example/x.png) <script>alert(1)</script> | `a` [ok](javascript:alert(1)) *b* _c_ {{ 7 * 7 }}"
)


def test_what_a_person_is_asked_shows_a_title_as_text_whatever_it_holds(shop: Shop) -> None:
    """Airflow shows it as Markdown: a title may make no link, image, HTML or further cell of it."""
    skus = filled(shop, 20)
    for sku in skus:
        shop.edit_listing(sku, title=f"{HOSTILE}\n\n# {sku}")
    zero(shop, skus)
    said = asked(shop, "ask", **ASK)
    assert said is not None
    rows = [line for line in said.splitlines() if "evil" in line]
    assert rows
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 4
        assert re.findall(r"(?<!\\)[\[\]<>`*_{}#]", row) == []


def test_who_approved_and_when_is_kept(shop: Shop) -> None:
    skus = filled(shop, 20)
    zero(shop, skus)
    assert asked(shop, "ask", **ASK)
    approved(shop, "ask")
    kept = shop.database.rows("select approved_by, approved_at from ops.approval")
    assert len(kept) == len(skus)
    assert {row["approved_by"] for row in kept} == {"jane"}
    assert all(row["approved_at"] for row in kept)
