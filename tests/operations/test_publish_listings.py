"""Publish Listings: what is queued becomes products, each once, as the warehouse says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from storekeeper.outcomes import Counts
from tests.operations.publish_press import Press

CREATE = "POST /v3/catalog/products"
LIST = "GET /v3/catalog/products"
STOCK = "PUT /v3/inventory/adjustments/absolute"


def test_a_simple_product_is_one_call_and_its_stock_another(press: Press) -> None:
    press.draft(
        "LAMP-1",
        {"master_sku": "LAMP-1", "upc": "012345678905", "mpn": "M1", "gtin": "00012345678905", "quantity": 7},
        description="<p>Bright <script>alert(1)</script></p>",
        brand="Lumen",
        condition="Used",
        availability="preorder",
        images=["https://cdn.example.com/a.jpg", "https://cdn.example.com/b.jpg"],
        custom_fields=[{"name": "Material", "value": "Oak"}],
    )
    assert press.publish() == Counts(read=1, created=1)
    requests = press.requests()
    assert requests[CREATE] == 1
    assert requests[STOCK] == 1
    assert LIST not in requests
    product = press.product("LAMP-1")
    expected = {
        "sku": "LAMP-1", "upc": "012345678905", "mpn": "M1", "gtin": "00012345678905", "price": 19.99, "weight": 1.5,
        "description": "<p>Bright <script>alert(1)</script></p>", "condition": "Used", "availability": "preorder",
        "is_visible": True, "inventory_tracking": "product", "inventory_level": 7,
    }  # fmt: skip
    assert {name: product[name] for name in expected} == expected
    assert [(each["name"], each["value"]) for each in product["custom_fields"]] == [("Material", "Oak")]
    assert len(product["images"]) == 2
    listing, variant = press.listing("LAMP-1"), press.variant("LAMP-1")
    assert (listing["product_id"], listing["status"], listing["queued_action"]) == (product["id"], "listed", None)
    assert len(listing["images_sent"]) == 2
    assert (variant["variant_id"], variant["synced_price"], variant["synced_quantity"]) == (
        product["variants"][0]["id"],
        Decimal("19.99"),
        7,
    )
    assert press.problems() == set()
    press.requests()
    assert press.publish() == Counts()
    press.sync()
    assert press.requests() == {}
    press.pull()
    assert (
        press.database.value("select count(*) from core.listing where listing_key = 'LAMP-1' or title = 'LAMP-1'") == 1
    )
    assert press.database.value("select bool_and(in_sync and not drift) from mart.listing_variants")


def test_a_product_with_a_hundred_variants_is_one_write(press: Press) -> None:
    variants = [
        {
            "master_sku": f"V-{number:03d}",
            "price": None if number % 2 else "25.5",
            "quantity": number,
            "weight": "2.25" if number == 3 else None,
            "options": [{"name": "Size", "value": f"S{number}"}, {"name": "Color", "value": "Red"}],
        }
        for number in range(100)
    ]
    fields = [{"name": f"F{number}", "value": "x"} for number in range(20)]
    images = [f"https://cdn.example.com/{number}.jpg" for number in range(5)]
    press.draft("MANY", *variants, custom_fields=fields, images=images)
    assert press.publish().created == 1
    requests = press.requests()
    assert {name: count for name, count in requests.items() if not name.startswith("GET")} == {CREATE: 1, STOCK: 1}
    assert requests[LIST] == 1  # the variants' ids, for up to 250 products at once
    product = press.product("MANY")
    assert len(product["variants"]) == 100
    shown = {each["sku"]: each for each in product["variants"]}
    assert shown["V-000"]["price"] in (None, 25.5)
    prices = {sku: each["price"] if each["price"] is not None else product["price"] for sku, each in shown.items()}
    assert prices == {f"V-{number:03d}": 19.99 if number % 2 else 25.5 for number in range(100)}
    assert [each["price"] for each in shown.values()].count(None) == 50
    assert shown["V-003"]["weight"] == 2.25
    assert {sku: each["inventory_level"] for sku, each in shown.items()} == {f"V-{n:03d}": n for n in range(100)}
    assert press.variant("V-042")["variant_id"] == shown["V-042"]["id"]
    press.requests()
    press.sync()
    assert press.requests() == {}


def test_stock_of_all_products_goes_together(press: Press) -> None:
    for number in range(30):
        press.draft(f"P-{number}", {"master_sku": f"P-{number}", "quantity": 3})
    assert press.publish().created == 30
    requests = press.requests()
    assert (requests[CREATE], requests[STOCK]) == (30, 1)
    assert sum(count for name, count in requests.items() if name.startswith("GET")) <= 2  # tree and categories


def test_what_is_paused_or_not_queued_is_left_alone(press: Press) -> None:
    press.draft("PAUSED", paused=True)
    press.draft("UNQUEUED", queue=None)
    before = press.names()
    assert press.publish() == Counts()
    assert press.requests() == {}
    assert press.names() == before
    assert press.listing("PAUSED")["queued_action"] == "publish"


def test_a_dry_run_shows_the_payload_and_calls_nothing_that_writes(press: Press) -> None:
    press.draft("LAMP-1", {"master_sku": "LAMP-1", "quantity": 7})
    counts = press.publish(params={"dry_run": True})
    assert (counts.read, counts.created) == (1, 1)
    assert all(name.startswith("GET") for name in press.requests())
    row = press.database.row("select * from mart.push_history")
    assert (row["state"], row["action"], row["entity_key"]) == ("dry_run", "create", "LAMP-1")
    assert row["detail"]["to"]["name"] == "LAMP-1"
    assert press.listing("LAMP-1")["queued_action"] == "publish"
    assert press.publish().created == 1


def test_a_sku_that_stands_in_the_store_is_linked_and_not_created_again(press: Press) -> None:
    made = press.store.insert_product(name="Theirs", sku="lamp-1", price=15.0, weight=1, type="physical")
    press.draft("LAMP-1")
    assert press.publish() == Counts(read=1, linked=1)
    assert press.listing("LAMP-1")["product_id"] == made["id"]
    assert (press.listing("LAMP-1")["queued_action"], press.variant("LAMP-1")["synced_price"]) == (None, None)
    assert press.product("Theirs")["price"] == 15.0
    press.sync()
    assert press.product("Theirs")["price"] == 19.99


def test_a_name_that_is_taken_is_a_problem_until_it_is_changed(press: Press) -> None:
    press.store.insert_product(name="Desk Lamp", sku="OTHER", price=5.0, weight=1, type="physical")
    press.draft("LAMP-1", title="desk lamp")
    press.draft("LAMP-2")
    assert press.publish() == Counts(read=2, created=1, failed=1)
    assert press.problems() == {("LAMP-1", "name_taken")}
    press.set("LAMP-1", title="Desk Lamp II")
    assert press.publish() == Counts(read=1, created=1)
    assert press.problems() == set()


@pytest.mark.parametrize("kind", ["lost_answer", "reset"])
def test_a_product_whose_answer_is_lost_is_found_and_adopted(press: Press, kind: str) -> None:
    for number in range(3):
        press.draft(f"P-{number}", {"master_sku": f"P-{number}", "quantity": 2})
    press.store.fault(kind, route="/v3/catalog/products", method="POST", nth=2, times=1)
    assert press.publish() == Counts(read=3, created=3)
    assert sorted(press.created()) == ["P-0", "P-1", "P-2"]
    states = press.database.rows("select entity_key, state from mart.push_history where action = 'create'")
    assert sorted(row["state"] for row in states) in (["adopted", "done", "done"], ["done", "done", "done"])
    assert press.database.value("select bool_and(in_sync) from mart.listing_variants")


def test_categories_are_made_where_the_channel_allows_it(press: Press) -> None:
    press.draft("LAMP-1", categories=["Shop > Lamps > Desk", "shop"])
    press.draft("LAMP-2", categories=["Shop > Lamps"])
    assert press.publish() == Counts(read=2, skipped=2)
    assert press.problems() == {("LAMP-1", "unknown_category"), ("LAMP-2", "unknown_category")}
    press.requests()
    assert press.publish(create_missing_categories=True).created == 2
    assert press.requests()["POST /v3/catalog/trees/categories"] == 2
    assert press.problems() == set()
    assert len(press.product("LAMP-1")["categories"]) == 2


def test_new_products_are_put_on_the_channel_s_own_sales_channel(press: Press) -> None:
    for number in range(3):
        press.draft(f"P-{number}")
    press.publish(store_channel_id=1)
    assert press.requests()["PUT /v3/catalog/products/channel-assignments"] == 1
    assert press.database.value("select count(*) from core.listing where assign_to is not null") == 0
