"""Publish Listings: whatever store, network and warehouse do, each listing becomes one product and nothing is lost."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.outcomes import AccessLost, ClaimLost, Counts, NotNow, Unknown, WarehouseUnavailable
from tests.databases import WarehouseTemplate
from tests.operations.conftest import Import, PublishListings, SyncListings
from tests.operations.edges import at_request, dies
from tests.operations.publish_press import Press
from tests.operations.sync_shop import while_held
from tests.operations.terms import BRIEF, PATIENT

PRODUCTS = "/v3/catalog/products"
STOCK = "/v3/inventory/adjustments/absolute"
ASSIGNMENTS = "/v3/catalog/products/channel-assignments"
CATEGORIES = "/v3/catalog/trees/categories"
SETTINGS: dict[str, Any] = {"create_missing_categories": True, "store_channel_id": 1}
NAMES = ["MANY", "P-0", "P-1", "P-2", "TWO"]


def fill(press: Press) -> None:
    """Five listings: with and without variants, stock, images, attributes, a category that is not there yet."""
    for number in range(3):
        press.draft(f"P-{number}", {"master_sku": f"P-{number}", "quantity": 2 + number}, brand="Lumen")
    press.draft(
        "TWO",
        {"master_sku": "T-1", "quantity": 4, "options": [{"name": "Size", "value": "S"}]},
        {"master_sku": "T-2", "quantity": 5, "price": "25", "options": [{"name": "Size", "value": "M"}]},
        images=["https://cdn.example.com/a.jpg"],
        custom_fields=[{"name": "Material", "value": "Oak"}],
    )
    press.draft("MANY", {"master_sku": "MANY"}, categories=["Shop > Lamps > Desk"])


def publish(press: Press, **options: Any) -> Counts:
    return press.publish(**{"patience": BRIEF, **SETTINGS, **options})


def state(press: Press) -> dict[str, Any]:
    """What store and warehouse have, without the ids and times of one run."""
    paths = {each["category_id"]: each["name"] for each in press.store.dump()["category"]}
    products = {
        each["name"]: {
            "sku": each["sku"],
            "price": each["price"],
            "level": each["inventory_level"],
            "visible": each["is_visible"],
            "brand": bool(each["brand_id"]),
            "categories": sorted(paths[number] for number in each["categories"]),
            "images": len(each["images"]),
            "fields": [(field["name"], field["value"]) for field in each["custom_fields"]],
            "variants": sorted((v["sku"], v["price"], v["inventory_level"]) for v in each["variants"]),
        }
        for each in press.store.products()
        if each["name"] in NAMES
    }
    listings = press.database.rows(
        "select listing_key, status, queued_action, assign_to, product_id is null as unlinked,"
        " jsonb_array_length(images_sent) as images from core.listing where title = any(%s) order by 1",
        NAMES,
    )
    variants = press.database.rows(
        "select listing_key, master_sku, variant_id is null as unlinked, synced_price, synced_quantity, in_doubt"
        " from core.listing_variant join core.listing using (channel, listing_key) where title = any(%s) order by 1, 2",
        NAMES,
    )
    return {"products": products, "listings": listings, "variants": variants, "categories": sorted(paths.values())}


@pytest.fixture(scope="module")
def undisturbed(running_small_store: SandboxProcess, warehouse_template: WarehouseTemplate) -> dict[str, Any]:
    """The end state of a run that nothing disturbs."""
    store = running_small_store
    store.reset()
    store.request("POST", CATEGORIES, json=[{"name": "Shop", "tree_id": 1, "parent_id": 0}])
    with warehouse_template.copied("undisturbed") as database:
        press = Press(
            store, database, PublishListings(store, database), Import(store, database), SyncListings(store, database)
        )
        fill(press)
        assert publish(press) == Counts(read=5, created=5)
        return state(press)


@pytest.fixture
def full(undisturbed: dict[str, Any], press: Press) -> Press:
    fill(press)
    press.store.forget_requests()
    return press


def settled(press: Press, undisturbed: dict[str, Any], **options: Any) -> None:
    """Nothing doubled, nothing missing, and nothing more to do."""
    press.store.clear_faults()
    assert sorted(press.created()) == NAMES
    assert press.problems() == set()
    assert state(press) == undisturbed
    press.requests()
    assert publish(press, **options) == Counts()
    press.sync()
    assert press.requests() == {}
    press.pull()
    assert state(press) == undisturbed
    assert press.database.value("select count(*) from core.listing where title = any(%s)", NAMES) == 5
    assert press.database.value("select count(*) from mart.push_history where state in ('pending', 'sending')") == 0
    assert press.pull().unchanged > 0
    press.requests()
    press.sync()
    assert press.requests() == {}


def until_done(press: Press, tries: int = 30, run_id: str | None = None) -> int:
    """Publish again, as Airflow or the schedule would, until a run ends well."""
    for number in range(tries):
        try:
            publish(press, run_id=run_id) if run_id else publish(press)
        except (Unknown, NotNow):
            continue
        if not press.database.value("select count(*) from core.listing where queued_action = 'publish'"):
            return number
    raise AssertionError("no run ended well")


FAULTS: dict[str, dict[str, Any]] = {
    "429": {"kind": "status", "status": 429, "headers": {"X-Rate-Limit-Time-Reset-Ms": "50"}},
    "503": {"kind": "status", "status": 503},
    "500 after": {"kind": "status", "status": 500, "side": "after"},
    "reset": {"kind": "reset"},
    "lost answer": {"kind": "lost_answer"},
    "truncated": {"kind": "truncate"},
    "garbage": {"kind": "garbage", "side": "after"},
    "maintenance page as success": {"kind": "html", "status": 200, "side": "after"},
}
ROUTES = {
    "create": ("POST", PRODUCTS),
    "stock": ("PUT", STOCK),
    "assign": ("PUT", ASSIGNMENTS),
    "category": ("POST", CATEGORIES),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("fault", FAULTS)
def test_one_call_that_goes_wrong_leaves_no_trace(
    full: Press, undisturbed: dict[str, Any], fault: str, route: str
) -> None:
    method, path = ROUTES[route]
    full.store.fault(**FAULTS[fault], route=path, method=method, times=1)
    until_done(full, tries=3)
    settled(full, undisturbed)


@pytest.mark.parametrize("fault", ["lost answer", "503", "truncated"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_route_that_never_answers_costs_nothing_but_time(
    full: Press, undisturbed: dict[str, Any], fault: str, route: str
) -> None:
    method, path = ROUTES[route]
    full.store.fault(**FAULTS[fault], route=path, method=method)
    for _ in range(2):
        with suppress(Unknown, NotNow):
            publish(full)
    full.store.clear_faults()
    publish(full)
    full.sync()  # what is published is off the queue: its stock is what a sync finds missing
    settled(full, undisturbed)


@pytest.mark.parametrize("seed", range(10))
def test_answers_lost_at_random_double_nothing(full: Press, undisturbed: dict[str, Any], seed: int) -> None:
    drawn = random.Random(seed)
    for nth in sorted(drawn.sample(range(1, 40), 5)):
        kind = drawn.choice(["lost_answer", "lost_answer", "reset", "truncate"])
        full.store.fault(kind, any_request_nth=nth, match={})
    until_done(full)
    settled(full, undisturbed)


def test_a_product_that_look_ups_do_not_find_yet_is_not_made_twice(full: Press, undisturbed: dict[str, Any]) -> None:
    full.store.configure(lookup_delay=0.15)
    full.store.fault("lost_answer", route=PRODUCTS, method="POST", times=2)
    for _ in range(3):
        with suppress(Unknown, NotNow):
            publish(full)
    assert len(set(full.created())) == len(full.created())
    full.store.configure(lookup_delay=0)
    until_done(full, tries=3)
    settled(full, undisturbed)


def test_what_a_207_did_not_save_and_a_later_call_did_is_no_problem(full: Press, undisturbed: dict[str, Any]) -> None:
    full.store.configure(partly_saved={"P-1": "later"})
    publish(full)
    assert state(full) == undisturbed
    full.store.configure(partly_saved={})
    publish(full)
    full.sync()
    assert full.problems() == set()


def test_two_runs_at_once_make_each_product_once(full: Press, undisturbed: dict[str, Any]) -> None:
    full.store.configure(latency_ms=50)
    failed: list[BaseException] = []

    def one(number: int) -> None:
        try:
            publish(full, run_id=f"both-{number}")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    full.store.configure(latency_ms=0)
    assert failed == []
    settled(full, undisturbed)


CHANGES: dict[str, str] = {
    "edited": "update core.listing set price = 21 where listing_key = 'P-1'",
    "paused": "update core.listing set paused = true where listing_key = 'P-1'",
    "unqueued": "update core.listing set queued_action = null where listing_key = 'P-1'",
    "deleted": "delete from core.listing where listing_key = 'P-1'",
    "variant edited": "update core.listing_variant set quantity = 9 where master_sku = 'P-1'",
    "variant added": "insert into core.listing_variant (channel, listing_key, master_sku, options)"
    """ values ('shop', 'TWO', 'T-3', '[{"name": "Size", "value": "L"}]')""",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_between_transform_and_load_counts_as_it_is_then(full: Press, change: str) -> None:
    publish(full, run_id="slow", tasks=("extract", "transform"))
    full.database.run(CHANGES[change])
    publish(full, run_id="slow", tasks=("load",))
    publish(full)
    created = full.created()
    assert len(set(created)) == len(created)
    if change in ("paused", "unqueued", "deleted"):
        assert sorted(created) == [name for name in NAMES if name != "P-1"]
    else:
        assert sorted(created) == NAMES
    if change == "edited":
        assert full.product("P-1")["price"] == 21
    if change == "variant edited":
        assert full.product("P-1")["inventory_level"] == 9
    if change == "variant added":
        assert len(full.product("TWO")["variants"]) == 3
    if change == "paused":
        assert full.listing("P-1")["queued_action"] == "publish"
    assert full.problems() == set()
    full.requests()
    assert publish(full) == Counts()
    full.sync()
    assert full.requests() == {}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_while_the_call_is_under_way_is_not_lost(full: Press, change: str) -> None:
    key = "TWO" if change == "variant added" else "P-1"

    def change_it() -> None:
        assert full.created()[-1] == key
        full.database.run(CHANGES[change])

    with while_held(full.store, change_it, route=PRODUCTS, method="POST", nth=1 + NAMES.index(key)):
        publish(full, patience=PATIENT)
    publish(full)
    full.sync()
    created = full.created()
    assert sorted(created) == NAMES
    if change == "edited":
        assert full.product("P-1")["price"] == 21
    if change == "variant edited":
        assert full.product("P-1")["inventory_level"] == 9
    if change == "variant added":
        told = {key for key, _ in full.problems()} & {"TWO", "T-3"}
        assert told or len(full.product("TWO")["variants"]) == 3
    if change == "deleted":
        assert {reason for _, reason in full.problems()} == {"product_without_listing"}
    if change in ("paused", "unqueued"):
        assert full.listing("P-1")["product_id"] == full.product("P-1")["id"]
        assert full.listing("P-1")["status"] == "listed"
    full.pull()
    assert full.database.value("select count(*) from core.listing where title = any(%s)", NAMES) == 5


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("nth", [4, 6, 9, 10, 11])
@pytest.mark.parametrize("same_run", [False, True])
def test_a_worker_killed_about_its_call_doubles_nothing(
    full: Press, undisturbed: dict[str, Any], nth: int, after: bool, same_run: bool
) -> None:
    with suppress(KeyboardInterrupt), at_request(dies, side="after" if after else "before", nth=nth):
        publish(full, run_id="killed")
    publish(full, run_id="killed" if same_run else "next")
    if not same_run:
        full.sync()  # what is published is off the queue: its stock is what a sync finds missing
    publish(full)
    settled(full, undisturbed)


def test_a_listing_edited_after_a_kill_is_still_found(full: Press) -> None:
    """The look-up uses what the intent recorded, whatever the row says by now."""
    full.store.fault("lost_answer", route=PRODUCTS, method="POST")
    full.store.fault("status", status=503, route=PRODUCTS, method="GET")
    with pytest.raises((Unknown, NotNow)):
        publish(full)
    full.store.clear_faults()
    made, *_ = full.created()  # a look-up that fails holds up no other listing
    full.set(made, title=f"{made} renamed", price="33")
    publish(full)
    full.sync()
    assert sorted(full.created()) == NAMES
    assert full.listing(made)["product_id"] == full.product(made)["id"]
    assert full.product(made)["price"] == 33
    full.pull()
    assert full.listing(made)["title"] == f"{made} renamed"
    assert full.database.value("select count(*) from core.listing where listing_key = 'bc-%%'") == 0


def test_a_wrong_token_keeps_the_queue(full: Press, undisturbed: dict[str, Any]) -> None:
    with pytest.raises(AccessLost):
        publish(full, token="nobody-knows-it")
    full.store.admin("violations", method="DELETE")  # the specification has its 401 of categories as text
    assert {full.listing(key)["queued_action"] for key in NAMES} == {"publish"}
    publish(full)
    settled(full, undisturbed)


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        (["store_v2_products_read_only", "store_inventory"], "store_v2_products"),
        (["store_v2_products", "store_inventory_read_only"], "store_inventory"),
    ],
)
def test_a_token_without_the_scope_names_it(
    full: Press, undisturbed: dict[str, Any], held: list[str], missing: str
) -> None:
    full.store.add_token("narrow", held)
    with pytest.raises(AccessLost, match=missing):
        publish(full, token="narrow")
    full.store.admin("violations", method="DELETE")  # the specification gives its 403 of categories no errors
    writes = [name for name in full.requests() if name.startswith("POST /v3/catalog/products")]
    assert len(writes) <= 5
    if missing == "store_v2_products":
        assert full.created() == []
        assert {full.listing(key)["queued_action"] for key in NAMES} == {"publish"}
    publish(full)
    full.sync()
    settled(full, undisturbed)


def test_a_warehouse_that_goes_away_in_the_middle_loses_nothing(full: Press, undisturbed: dict[str, Any]) -> None:
    def break_off() -> None:
        full.database.run(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )

    with (
        while_held(full.store, break_off, route=PRODUCTS, method="POST", nth=2),
        suppress(WarehouseUnavailable, ClaimLost),
    ):
        publish(full, run_id="broken", patience=PATIENT)
    full.store.clear_faults()
    publish(full, run_id="broken")
    settled(full, undisturbed)
