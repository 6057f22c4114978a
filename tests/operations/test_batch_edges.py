"""Whatever is done in batches is done to each record once, just before, at and after the size of a batch.

Sizes that are small anyway are crossed as they are; a large one is made 3, for it is a size and decides nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from storekeeper.operations import (
    get_orders,
    import_listings,
    order_statuses,
    overwriting,
    product_comparison,
    publication,
    publish_listings,
    shipping,
    sync_orders,
    sync_plan,
    sync_push,
)
from tests.operations.publish_press import CREATE, Press
from tests.operations.shipping_yard import SHIP, STATUS, Yard
from tests.operations.sync_shop import Shop

SIZE = 3
EDGES = [2, 3, 4, 7]
CONFIRMED = {"confirm_large_change": True}
STOCK = "GET /v3/inventory/locations/{location_id}/items"
UPDATE = "PUT /v3/catalog/products"
VARIANTS = "PUT /v3/catalog/variants"
ASSIGN = "PUT /v3/catalog/products/channel-assignments"
MAKE_CATEGORIES = "POST /v3/catalog/trees/categories"

Small = Callable[[Any, str], None]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Small:
    """Makes a size small."""
    return lambda module, name: monkeypatch.setattr(module, name, SIZE)


def batches(count: int, size: int = SIZE) -> int:
    """The fewest batches that hold so many records."""
    return -(-count // size)


def requests(shop: Shop) -> dict[str, int]:
    routes = {name: sum(outcomes.values()) for name, outcomes in shop.store.requests_by_route().items()}
    shop.store.forget_requests()
    return routes


# --- Sync Listings ---


@pytest.mark.parametrize("count", [49, 50, 51, 99, 100, 101])
def test_prices_go_fifty_variants_a_call(shop: Shop, count: int) -> None:
    skus = [f"V-{n}" for n in range(count)]
    shop.add_variants(*skus, own=dict.fromkeys(skus, 10.0))
    shop.pull()
    for n, sku in enumerate(skus):
        shop.item(sku, price=20 + n)
    shop.sync(params=CONFIRMED)
    assert shop.writes() == {"variants": batches(count, 50)}
    assert shop.problems() == set()
    assert [shop.price(sku) for sku in (skus[0], skus[48], skus[-2], skus[-1])] == [20, 68, 18 + count, 19 + count]
    assert shop.waiting() == []


@pytest.mark.parametrize("count", [9, 10, 11, 20, 21])
def test_listings_are_hidden_ten_products_a_call(shop: Shop, count: int) -> None:
    skus = shop.add_many(count)
    shop.pull()
    for sku in skus:
        shop.edit_listing(sku, queued_action="hide")
    shop.sync(params=CONFIRMED)
    assert shop.writes() == {"products": batches(count, 10)}
    assert [shop.product(sku)["is_visible"] for sku in skus] == [False] * count


@pytest.mark.parametrize("call", ["stock", "delist", "products", "showing"])
@pytest.mark.parametrize("count", EDGES)
def test_each_kind_of_call_carries_as_much_as_it_may(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, call: str, count: int
) -> None:
    skus = shop.add_many(count)
    shop.pull()
    if call == "showing":
        for sku in skus:
            shop.edit_listing(sku, queued_action="hide")
        shop.sync(params=CONFIRMED)
        shop.store.forget_requests()
    monkeypatch.setitem(sync_plan.MOST_PER_CALL, call, SIZE)
    queued = {"delist": "delist", "products": "hide", "showing": "unhide"}
    for n, sku in enumerate(skus):
        if call == "stock":
            shop.item(sku, quantity=20 + n)
        else:
            shop.edit_listing(sku, queued_action=queued[call])
    shop.sync(params=CONFIRMED)
    assert sum(shop.writes().values()) == batches(count)
    assert (shop.waiting(), shop.problems()) == ([], set())
    if call == "stock":
        assert [shop.stock(sku) for sku in skus] == [20 + n for n in range(count)]
    elif call == "delist":
        assert {product["sku"] for product in shop.store.products()} & set(skus) == set()
    else:
        assert [shop.product(sku)["is_visible"] for sku in skus] == [call == "showing"] * count


@pytest.mark.parametrize("count", EDGES)
def test_the_stock_that_hiding_takes_is_what_the_store_had_and_is_put_back(
    shop: Shop, small: Small, count: int
) -> None:
    small(sync_push, "MOST_READ_BACK")
    skus = shop.add_many(count, stock=90)
    shop.pull()
    for n, sku in enumerate(skus):
        shop.restock(sku, 10 + n)  # sold meanwhile: the warehouse still believes in 90
        shop.edit_listing(sku, queued_action="hide")
    shop.store.forget_requests()
    shop.sync(hide_as="out_of_stock", params=CONFIRMED)
    assert requests(shop)[STOCK] == batches(count)
    assert [shop.stock(sku) for sku in skus] == [0] * count
    for sku in skus:
        shop.edit_listing(sku, queued_action="unhide")
    shop.sync(hide_as="out_of_stock", params=CONFIRMED)
    assert [shop.stock(sku) for sku in skus] == [10 + n for n in range(count)]


# --- Sync Orders ---


@pytest.mark.parametrize("count", EDGES)
@pytest.mark.parametrize("size", [(shipping, "AT_ONCE"), (sync_orders, "ORDERS_AT_ONCE")], ids=["sent", "planned"])
def test_each_shipment_is_sent_once(yard: Yard, small: Small, size: tuple[Any, str], count: int) -> None:
    small(*size)
    orders = [yard.order(1) for _ in range(count)]
    yard.get()
    for n, order in enumerate(orders):
        yard.ship(f"S-{n}", order, "SKU-1", tracking_number=f"N{n}")
    yard.requests()
    yard.sync()
    assert yard.requests()[SHIP] == count
    assert [yard.numbers(order) for order in orders] == [[f"N{n}"] for n in range(count)]


@pytest.mark.parametrize("refused", EDGES)
def test_each_shipment_that_was_refused_before_is_sent_once_after_the_others(
    yard: Yard, small: Small, refused: int
) -> None:
    small(shipping, "AT_ONCE")
    orders = [yard.order(1) for _ in range(7)]
    yard.get()
    for n, order in enumerate(orders[:refused]):
        yard.ship(f"S-{n}", order, "SKU-1", tracking_number=f"N{n}")
    yard.store.fault("status", status=400, method="POST", route="/v2/orders/{order_id}/shipments", times=refused)
    yard.sync()
    for n, order in enumerate(orders[refused:], refused):
        yard.ship(f"S-{n}", order, "SKU-1", tracking_number=f"N{n}")
    yard.requests()
    yard.sync()
    assert yard.requests()[SHIP] == 7
    assert [yard.numbers(order) for order in orders] == [[f"N{n}"] for n in range(7)]


@pytest.mark.parametrize("fresh_seconds", [5.0, -1.0], ids=["just-read", "read-anew"])
@pytest.mark.parametrize("count", EDGES)
def test_the_status_of_each_order_is_set_once(
    yard: Yard, small: Small, monkeypatch: pytest.MonkeyPatch, count: int, fresh_seconds: float
) -> None:
    small(order_statuses, "AT_ONCE")
    monkeypatch.setattr(order_statuses, "FRESH_SECONDS", fresh_seconds)
    yard.store.configure(shipments_move_status="never")
    orders = [yard.order(1) for _ in range(count)]
    yard.get()
    for n, order in enumerate(orders):
        yard.ship(f"S-{n}", order, "SKU-1")
    yard.requests()
    yard.sync()
    assert yard.requests()[STATUS] == count
    assert [yard.status(order) for order in orders] == [2] * count
    assert [yard.known_status(order) for order in orders] == [2] * count


@pytest.mark.parametrize("count", [24, 25, 26])
def test_the_status_of_each_order_is_set_at_the_true_size_too(yard: Yard, count: int) -> None:
    yard.store.configure(shipments_move_status="never")
    orders = [yard.order(1) for _ in range(count)]
    yard.get()
    for n, order in enumerate(orders):
        yard.ship(f"S-{n}", order, "SKU-1")
    yard.requests()
    yard.sync()
    assert yard.requests()[STATUS] == count
    assert [yard.status(order) for order in orders] == [2] * count


# --- Get Orders ---


@pytest.mark.parametrize("count", EDGES)
def test_each_order_refund_and_detail_is_transformed_once(yard: Yard, small: Small, count: int) -> None:
    small(get_orders, "ORDERS_PER_CHUNK")
    orders = [yard.order(2, coupons=[{"code": f"C{n}", "amount": "1.00"}]) for n in range(count)]
    for order in orders:
        (line,) = yard.lines(order)
        yard.store.refund_order(order, items=[{"item_type": "PRODUCT", "item_id": line, "quantity": 1}])
    counts = yard.get(statuses=list(range(15)), details=["coupons", "taxes", "messages"])
    assert counts.created == count
    assert [row["order_id"] for row in yard.database.rows("select order_id from core.sales_order order by 1")] == orders
    rows = yard.database.rows(
        "select r.order_id, count(*) as rows from core.refund as r inner join core.refund_item as i"
        " on r.channel = i.channel and r.refund_id = i.refund_id group by 1 order by 1"
    )
    assert [(row["order_id"], row["rows"]) for row in rows] == [(order, 1) for order in orders]
    rows = yard.database.rows("select order_id, code from core.order_coupon order by 1")
    assert [(row["order_id"], row["code"]) for row in rows] == [(order, f"C{n}") for n, order in enumerate(orders)]


@pytest.mark.parametrize("page_size", [1, 2, 3, 4])
@pytest.mark.parametrize("count", [2, 3, 4, 6, 7])
def test_each_order_is_read_once_whatever_the_page(yard: Yard, page_size: int, count: int) -> None:
    orders = [yard.order(1) for _ in range(count)]
    assert yard.get(page_size=page_size, created_within_days=30).created == count
    assert [row["order_id"] for row in yard.database.rows("select order_id from core.sales_order order by 1")] == orders


# --- Import Listings ---


@pytest.mark.parametrize("count", EDGES)
def test_each_product_is_transformed_once(shop: Shop, small: Small, count: int) -> None:
    small(import_listings, "PRODUCTS_PER_CHUNK")
    others = sum(len(product["variants"]) for product in shop.store.products())
    skus = shop.add_many(count)
    assert shop.pull().created == others + count
    rows = shop.database.rows("select master_sku from core.listing_variant where master_sku like 'M-%%' order by 1")
    assert [row["master_sku"] for row in rows] == skus


@pytest.mark.parametrize("count", EDGES)
def test_each_product_that_the_store_no_longer_has_is_found_to_be_gone(shop: Shop, count: int) -> None:
    skus = shop.add_many(8)
    shop.pull()
    for sku in skus[:count]:
        shop.store.delete_product(shop.product(sku)["id"])
    shop.pull(page_size=SIZE, readers=1, max_gone_share=1.0, mode="create_and_overwrite")
    rows = shop.database.rows(
        "select status from mart.listing_variants where master_sku like 'M-%%' order by master_sku"
    )
    assert [row["status"] for row in rows] == ["not_listed"] * count + ["listed"] * (8 - count)


# --- Publish Listings ---


@pytest.mark.parametrize("count", EDGES)
def test_each_draft_is_published_once(press: Press, small: Small, count: int) -> None:
    small(publish_listings, "DRAFTS_AT_ONCE")
    keys = [f"L-{n}" for n in range(count)]
    for key in keys:
        press.draft(key)
    press.requests()
    assert press.publish().created == count
    assert press.requests()[CREATE] == count
    assert press.created() == keys


@pytest.mark.parametrize("count", EDGES)
def test_the_variants_of_each_new_product_are_read(press: Press, small: Small, count: int) -> None:
    small(publication, "MOST_PER_PAGE")
    keys = [f"L-{n}" for n in range(count)]
    for key in keys:
        sizes = [{"master_sku": f"{key}-{size}", "options": [{"name": "Size", "value": size}]} for size in ("S", "M")]
        press.draft(key, *sizes)
    assert press.publish().created == count
    shown = {v["sku"]: v["id"] for product in press.store.products() for v in product["variants"]}
    linked = {
        row["master_sku"]: row["variant_id"]
        for row in press.database.rows("select master_sku, variant_id from core.listing_variant")
    }
    assert linked == {sku: shown[sku] for sku in linked}
    assert len(linked) == 2 * count


@pytest.mark.parametrize("count", EDGES)
@pytest.mark.parametrize(
    "sizes",
    [[(overwriting, "MOST_PER_PAGE")], [(product_comparison, "MOST_PER_PAGE")], []],
    ids=["written", "read", "-"],
)
def test_each_listing_is_written_over_once(
    press: Press, small: Small, sizes: list[tuple[Any, str]], count: int
) -> None:
    for size in sizes:
        small(*size)
    keys = [f"L-{n}" for n in range(count)]
    for key in keys:
        press.draft(key)
    press.publish()
    for n, key in enumerate(keys):
        press.set(key, queued_action="overwrite", description=f"<p>{n}</p>")
    press.requests()
    assert press.publish().updated == count
    written_apart = sizes and sizes[0][0] is overwriting
    assert press.requests()[UPDATE] == batches(count, SIZE if written_apart else 10)
    assert [press.product(key)["description"] for key in keys] == [f"<p>{n}</p>" for n in range(count)]


@pytest.mark.parametrize("count", [9, 10, 11])
def test_products_are_written_over_ten_a_call(press: Press, count: int) -> None:
    keys = [f"L-{n}" for n in range(count)]
    for key in keys:
        press.draft(key)
    press.publish()
    for key in keys:
        press.set(key, queued_action="overwrite", description="<p>new</p>")
    press.requests()
    press.publish()
    assert press.requests()[UPDATE] == batches(count, 10)
    assert [press.product(key)["description"] for key in keys] == ["<p>new</p>"] * count


@pytest.mark.parametrize("count", [49, 50, 51])
def test_variants_are_written_over_fifty_a_call(press: Press, count: int) -> None:
    skus = [f"V-{n:02d}" for n in range(count)]
    press.draft("L", *({"master_sku": sku, "options": [{"name": "Size", "value": sku}]} for sku in skus))
    press.publish()
    for n, sku in enumerate(skus):
        press.database.run("update core.listing_variant set upc = %s where master_sku = %s", f"{n:012d}", sku)
    press.set("L", queued_action="overwrite")
    press.requests()
    press.publish()
    assert press.requests()[VARIANTS] == batches(count, 50)
    shown = {v["sku"]: v["upc"] for v in press.product("L")["variants"]}
    assert shown == {sku: f"{n:012d}" for n, sku in enumerate(skus)}


@pytest.mark.parametrize("count", EDGES)
def test_each_product_is_put_on_the_sales_channel(press: Press, small: Small, count: int) -> None:
    small(publish_listings.store_products, "MOST_ASSIGNMENTS")
    for n in range(count):
        press.draft(f"L-{n}")
    press.requests()
    press.publish(store_channel_id=1)
    assert press.requests()[ASSIGN] == batches(count)
    assert press.database.rows("select listing_key from core.listing where assign_to is not null") == []


@pytest.mark.parametrize("count", EDGES)
def test_each_category_that_is_missing_is_made(press: Press, small: Small, count: int) -> None:
    small(publish_listings.store_products, "MOST_CATEGORIES")
    names = [f"C-{n}" for n in range(count)]
    press.draft("L", categories=names)
    press.requests()
    press.publish(create_missing_categories=True)
    assert press.requests()[MAKE_CATEGORIES] == batches(count)
    assert len(press.product("L")["categories"]) == count
