"""The made-up orders: their amounts agree, they have what real ones have, and they are a function of their plan."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

UNTIL = "2026-03-01T00:00:00+00:00"
COSTS = ("subtotal", "shipping_cost", "handling_cost", "wrapping_cost")


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=120, quota=0, orders=500, orders_until=UNTIL) as process:
        yield process


@pytest.fixture(scope="module")
def dump(store: SandboxProcess) -> dict[str, list[Json]]:
    return store.dump()


@pytest.fixture(scope="module")
def orders(dump: dict[str, list[Json]]) -> list[Json]:
    assert len(dump["order"]) == 500
    return dump["order"]


def consignments(order: Json) -> list[Json]:
    kinds = order["consignments"]
    return [*kinds["shipping"], *kinds["pickups"], *kinds["downloads"], *kinds["email"]["gift_certificates"]]


def lines(order: Json) -> list[Json]:
    return [line for each in consignments(order) for line in each["line_items"]]


def total(records: list[Json], name: str) -> Decimal:
    return sum((Decimal(str(each[name])) for each in records), Decimal(0))


def moment(text: str) -> float:
    return parsedate_to_datetime(text).timestamp()


def test_the_amounts_of_an_order_agree(orders: list[Json]) -> None:
    for order in orders:
        for kind in ("ex_tax", "inc_tax", "tax"):
            assert Decimal(order[f"subtotal_{kind}"]) == total(lines(order), f"total_{kind}")
            assert Decimal(order[f"shipping_cost_{kind}"]) == total(order["consignments"]["shipping"], f"cost_{kind}")
        costs = sum(Decimal(order[f"{part}_inc_tax"]) for part in COSTS) + total(order["fees"], "cost_inc_tax")
        discounts = Decimal(order["discount_amount"]) + Decimal(order["coupon_discount"])
        assert Decimal(order["total_inc_tax"]) == costs - discounts > 0
        assert Decimal(order["total_inc_tax"]) == Decimal(order["total_ex_tax"]) + Decimal(order["total_tax"])
        assert order["refunded_amount"] == "0.0000"


def test_the_amounts_of_a_line_agree(orders: list[Json]) -> None:
    for line in (line for order in orders for line in lines(order)):
        for kind in ("ex_tax", "inc_tax", "tax"):
            assert Decimal(line[f"total_{kind}"]) == Decimal(line[f"price_{kind}"]) * line["quantity"]
        taken_off = total(line["applied_discounts"], "amount")
        assert Decimal(line["discounted_total_inc_tax"]) == Decimal(line["total_inc_tax"]) - taken_off
        assert line["refund_amount"] == "0.0000"


def test_discounts_are_spread_over_the_lines(orders: list[Json]) -> None:
    discounted = [each for each in orders if each["coupon_discount"] != "0.0000" or each["discount_amount"] != "0.0000"]
    assert discounted
    for order in discounted:
        spread = [discount for line in lines(order) for discount in line["applied_discounts"]]
        assert total(spread, "amount") == Decimal(order["coupon_discount"]) + Decimal(order["discount_amount"])


def test_numbers_of_items_agree(orders: list[Json], dump: dict[str, list[Json]]) -> None:
    sent: dict[int, int] = {}
    for shipment in dump["shipment"]:
        for item in shipment["items"]:
            sent[item["order_product_id"]] = sent.get(item["order_product_id"], 0) + item["quantity"]
    for order in orders:
        assert order["items_total"] == sum(line["quantity"] for line in lines(order))
        assert order["items_shipped"] == sum(line["quantity_shipped"] for line in lines(order))
        assert all(line["quantity_shipped"] == sent.get(line["id"], 0) for line in lines(order))
        for each in order["consignments"]["shipping"]:
            assert each["items_total"] == sum(line["quantity"] for line in each["line_items"])
            assert each["items_shipped"] == sum(line["quantity_shipped"] for line in each["line_items"])


def test_a_status_says_how_much_was_shipped(orders: list[Json]) -> None:
    for order in orders:
        to_ship = sum(each["items_total"] for each in order["consignments"]["shipping"])
        if order["status_id"] in (2, 10) and to_ship:
            assert order["items_shipped"] == to_ship
            assert moment(order["date_shipped"]) >= moment(order["date_created"])
        elif order["status_id"] == 3:
            assert 0 < order["items_shipped"] < to_ship
            assert order["date_shipped"] == ""
        else:
            assert (order["items_shipped"], order["date_shipped"]) == (0, "")


def test_refunds_agree_with_lines_and_status(orders: list[Json], dump: dict[str, list[Json]]) -> None:
    back: dict[int, int] = {}
    for refund in dump["refund"]:
        assert refund["total_amount"] == sum(each["amount"] for each in refund["payments"])
        for item in refund["items"]:
            back[item["item_id"]] = back.get(item["item_id"], 0) + item["quantity"]
    of_orders = {refund["order_id"] for refund in dump["refund"]}
    assert [each["id"] for each in dump["refund"]] == sorted({each["id"] for each in dump["refund"]})
    assert [each["created"] for each in dump["refund"]] == sorted(each["created"] for each in dump["refund"])
    for order in orders:
        assert (order["status_id"] in (4, 14)) == (order["id"] in of_orders)
        left = 0
        for line in lines(order):
            assert line["quantity_refunded"] == back.get(line["id"], 0)
            assert line["is_refunded"] == (line["quantity_refunded"] > 0)
            left += line["quantity"] - line["quantity_refunded"]
        assert order["status_id"] != 4 or left == 0
        assert order["status_id"] != 14 or left > 0


def test_ids_ascend_with_time(orders: list[Json]) -> None:
    assert [each["id"] for each in orders] == list(range(100, 600))
    created = [moment(each["date_created"]) for each in orders]
    assert created == sorted(created)
    end = parsedate_to_datetime("Sun, 01 Mar 2026 00:00:00 +0000").timestamp()
    assert end - 400 * 86_400 <= created[0]
    assert all(moment(each["date_created"]) <= moment(each["date_modified"]) <= end for each in orders)
    ids = [line["id"] for order in orders for line in lines(order)]
    assert len(ids) == len(set(ids))


def test_lines_are_of_the_catalog_where_they_name_a_product(orders: list[Json], dump: dict[str, list[Json]]) -> None:
    known = {each["id"]: (product, each) for product in dump["product"] for each in product["variants"]}
    of_catalog = [line for order in orders for line in lines(order) if line["product_id"]]
    assert of_catalog
    for line in of_catalog:
        product, variant = known[line["variant_id"]]
        assert (line["product_id"], line["name"], line["type"]) == (product["id"], product["name"], product["type"])
        assert (line["sku"], line["upc"]) == (variant["sku"], variant["upc"])
        chosen = {(value["option_id"], str(value["id"]), value["label"]) for value in variant["option_values"]}
        of_line = {(each["option_id"], each["value"], each["display_value"]) for each in line["product_options"]}
        assert chosen <= of_line


FOUND: dict[str, Any] = {
    "every status": lambda found: {each["status_id"] for each in found} == set(range(15)),
    "guests": lambda found: any(each["customer_id"] == 0 for each in found),
    "several addresses": lambda found: any(len(each["consignments"]["shipping"]) > 1 for each in found),
    "pickups": lambda found: any(each["consignments"]["pickups"] for each in found),
    "pickup and shipping": lambda found: any(
        each["consignments"]["pickups"] and each["consignments"]["shipping"] for each in found
    ),
    "downloads": lambda found: any(each["consignments"]["downloads"] for each in found),
    "gift certificates": lambda found: any(each["consignments"]["email"]["gift_certificates"] for each in found),
    "digital orders": lambda found: any(each["order_is_digital"] for each in found),
    "coupons": lambda found: any(each["coupon_discount"] != "0.0000" for each in found),
    "manual discounts": lambda found: any(each["discount_amount"] != "0.0000" for each in found),
    "fees": lambda found: any(each["fees"] for each in found),
    "gift wrapping": lambda found: any(each["wrapping_cost_inc_tax"] != "0.0000" for each in found),
    "custom products": lambda found: any(
        line["product_id"] == 0 and line["variant_id"] is None and line["type"] == "physical"
        for each in found
        for line in lines(each)
    ),
    "options and modifiers": lambda found: (
        {option["type"] for each in found for line in lines(each) for option in line["product_options"]}
        >= {"Multiple choice", "Text field", "Checkbox", "Date field", "File Upload"}
    ),
    "currencies": lambda found: {each["default_currency_code"] for each in found} == {"USD", "EUR", "JPY"},
    "no fractions of yen": lambda found: all(
        each["total_inc_tax"].endswith(".0000") for each in found if each["default_currency_code"] == "JPY"
    ),
    "deleted orders": lambda found: any(each["is_deleted"] for each in found),
    "names in many scripts": lambda found: all(
        any(letter in each["billing_address"]["first_name"] for each in found) for letter in "é美ü🎈"
    ),
}


@pytest.mark.parametrize("what", FOUND)
def test_there_are(what: str, orders: list[Json]) -> None:
    assert FOUND[what](orders)


def test_most_are_in_the_stores_currency(orders: list[Json]) -> None:
    assert {each["store_default_currency_code"] for each in orders} == {"USD"}
    assert sum(each["default_currency_code"] == "USD" for each in orders) == 450


def test_personal_values_are_known_by_their_look(orders: list[Json]) -> None:
    for order in orders:
        billing = order["billing_address"]
        local, _, domain = billing["email"].partition("@")
        assert local.startswith("shopper-")
        assert domain in ("example.com", "example.net")
        marked = (billing["first_name"], billing["last_name"], billing["email"])
        for text in (*marked, order["customer_message"], order["staff_notes"]):
            assert "shopper" in text.lower()
        assert billing["street_1"]
        assert billing["phone"].startswith("555-01")
        assert order["ip_address"].startswith("203.0.113.")
        assert billing["form_fields"]


def test_the_links_of_an_order_lead_somewhere(store: SandboxProcess) -> None:
    order = store.get("/v2/orders/100")
    for name in ("products", "shipping_addresses", "coupons", "consignments", "fees"):
        path = order[name]["url"].removeprefix("https://api.bigcommerce.com/stores/sandbox")
        assert store.request("GET", path).status_code in (200, 204)


def test_the_same_plan_gives_the_same_orders(orders: list[Json]) -> None:
    options: dict[str, Any] = {"products": 120, "orders": 500, "orders_until": UNTIL}
    with SandboxProcess(**options) as same, SandboxProcess(**options, seed=8) as other:
        assert same.orders() == orders
        assert other.orders() != orders


def test_clean_orders_are_plain() -> None:
    with SandboxProcess(products=20, orders=100, clean=True, order_lines=2) as store:
        dump = store.dump()
        assert dump["refund"] == []
        for order in dump["order"]:
            assert order["customer_id"] > 0
            assert len(order["consignments"]["shipping"]) == len(consignments(order)) == 1
            assert order["default_currency_code"] == "USD"
            assert (order["fees"], order["is_deleted"], len(lines(order))) == ([], False, 2)
            assert all(line["product_id"] for line in lines(order))


def test_orders_have_as_many_lines_as_said() -> None:
    with SandboxProcess(products=20, orders=120, order_lines=4, orders_days=3, orders_until=UNTIL) as store:
        orders = store.orders()
        assert {len(lines(each)) for each in orders} == {4}
        assert moment(orders[-1]["date_created"]) - moment(orders[0]["date_created"]) < 3 * 86_400


def test_without_being_told_there_are_no_orders() -> None:
    with SandboxProcess(products=5) as store:
        dump = store.dump()
        assert [dump[each] for each in ("order", "refund", "shipment", "order_status")] == [[], [], [], []]
        assert store.request("GET", "/v2/orders").status_code == 204
