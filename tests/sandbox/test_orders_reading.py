"""Reading orders and what belongs to them, held to BigCommerce's own files where this machine has them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

ORDERS = "/v2/orders"
REFUNDS = "/v3/orders/payment_actions/refunds"
WHOLE = "include=consignments,consignments.line_items,fees&consignment_structure=object"
RFC_2822 = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000")


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(
        products=80, quota=0, orders=300, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR") or None
    ) as process:
        yield process


@pytest.fixture(scope="module")
def dump(store: SandboxProcess) -> dict[str, list[Json]]:
    return store.dump()


@pytest.fixture(autouse=True)
def as_published(store: SandboxProcess) -> Iterator[None]:
    store.reset()
    store.admin("violations", method="DELETE")
    yield
    assert store.violations() == []


def first(orders: list[Json], **wanted: object) -> Json:
    return next(each for each in orders if all(each[name] == value for name, value in wanted.items()))


def lines(order: Json) -> list[Json]:
    kinds = order["consignments"]
    groups = [*kinds["shipping"], *kinds["pickups"], *kinds["downloads"], *kinds["email"]["gift_certificates"]]
    return sorted((line for each in groups for line in each["line_items"]), key=lambda line: int(line["id"]))


def test_every_order_comes_once_over_the_pages(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    seen: list[Json] = []
    for page in range(1, 6):
        seen += store.get(f"{ORDERS}?limit=70&page={page}&{WHOLE}")
    assert seen == dump["order"]
    assert store.request("GET", f"{ORDERS}?limit=70&page=6").status_code == 204


def test_following_ids_leaves_no_gap(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    ids: list[int] = []
    while (answer := store.request("GET", f"{ORDERS}?limit=40&min_id={ids[-1] + 1 if ids else 0}")).status_code == 200:
        ids += [each["id"] for each in answer.json()]
    assert ids == [each["id"] for each in dump["order"]]


def test_a_page_has_50_orders_and_250_at_most(store: SandboxProcess) -> None:
    assert len(store.get(ORDERS)) == 50
    assert len(store.get(f"{ORDERS}?limit=250")) == len(store.get(f"{ORDERS}?limit=1000")) == 250


def test_nothing_is_answered_without_a_body(store: SandboxProcess) -> None:
    answer = store.request("GET", f"{ORDERS}?min_id=100000")
    assert (answer.status_code, answer.content) == (204, b"")


def test_what_is_not_included_is_a_link(store: SandboxProcess) -> None:
    for order in (store.get(f"{ORDERS}?limit=1")[0], store.get(f"{ORDERS}/100")):
        for part in ("products", "coupons", "consignments", "fees"):
            url = f"https://api.bigcommerce.com/stores/sandbox/v2/orders/100/{part}"
            assert order[part] == {"url": url, "resource": f"/orders/100/{part}"}
        assert order["shipping_addresses"]["resource"] == "/orders/100/shippingaddresses"


def test_consignments_need_the_structure_to_be_included(store: SandboxProcess) -> None:
    assert store.get(f"{ORDERS}/100?include=consignments")["consignments"].keys() == {"url", "resource"}
    included = store.get(f"{ORDERS}/100?include=consignments&consignment_structure=object")["consignments"]
    assert included.keys() == {"shipping", "pickups", "downloads", "email"}


def test_lines_are_links_unless_they_are_included(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    order = next(each for each in dump["order"] if each["consignments"]["shipping"])
    path, line = f"{ORDERS}/{order['id']}", order["consignments"]["shipping"][0]["line_items"][0]
    for answer in (
        store.get(f"{path}?include=consignments&consignment_structure=object")["consignments"],
        store.get(f"{path}/consignments"),
    ):
        [link, *_] = answer["shipping"][0]["line_items"]
        assert link["resource"] == f"/orders/{order['id']}/products/{line['id']}"
    whole = store.get(f"{path}?include=consignments.line_items&consignment_structure=object")
    assert whole["consignments"] == order["consignments"]
    assert store.get(f"{path}/consignments?include=consignments.line_items") == order["consignments"]


def test_one_order_is_the_one_of_the_list(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    assert [store.get(f"{ORDERS}/{each['id']}?{WHOLE}") for each in dump["order"][:20]] == dump["order"][:20]


def test_what_belongs_to_an_order_is_what_it_includes(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    shipments = dump["shipment"]
    for order in dump["order"]:
        path = f"{ORDERS}/{order['id']}"
        assert store.get(f"{path}/products?limit=250") == lines(order)
        assert store.get(f"{path}/fees") == {"fees": order["fees"]}
        addresses = store.request("GET", f"{path}/shipping_addresses")
        shipping = order["consignments"]["shipping"]
        if shipping:
            assert [each["id"] for each in addresses.json()] == [each["id"] for each in shipping]
            assert float(addresses.json()[0]["cost_inc_tax"]) == shipping[0]["cost_inc_tax"]
        else:
            assert addresses.status_code == 204
        of_order = [each for each in shipments if each["order_id"] == order["id"]]
        answer = store.request("GET", f"{path}/shipments")
        assert (answer.json() if answer.status_code == 200 else []) == of_order
        assert store.get(f"{path}/shipments/count") == {"count": len(of_order)}
        for part in ("coupons", "messages", "taxes"):
            assert store.request("GET", f"{path}/{part}").status_code in (200, 204)


def test_single_parts_are_those_of_the_lists(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    shipment = dump["shipment"][0]
    path = f"{ORDERS}/{shipment['order_id']}"
    assert store.get(f"{path}/shipments/{shipment['id']}") == shipment
    for part in ("products", "shipping_addresses"):
        [one, *_] = store.get(f"{path}/{part}")
        assert store.get(f"{path}/{part}/{one['id']}") == one
    for part in ("products", "shipping_addresses", "shipments"):
        assert store.request("GET", f"{path}/{part}/1").status_code == 404


def test_taxes_sum_to_that_of_lines_and_costs(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    order = next(each for each in dump["order"] if not each["fees"] and float(each["total_tax"]))
    for query in ("", "?details=true"):
        taxes = store.get(f"{ORDERS}/{order['id']}/taxes{query}")
        assert sum(float(each["line_amount"]) for each in taxes) == pytest.approx(float(order["total_tax"]))


def test_coupons_tell_the_discount(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    order = next(each for each in dump["order"] if float(each["coupon_discount"]))
    [coupon] = store.get(f"{ORDERS}/{order['id']}/coupons")
    assert coupon["discount"] == float(order["coupon_discount"])


def test_messages_can_be_filtered(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    with_message = [
        order["id"]
        for order in dump["order"]
        if store.request("GET", f"{ORDERS}/{order['id']}/messages?status=unread").status_code == 200
    ]
    assert with_message
    assert store.request("GET", f"{ORDERS}/{with_message[0]}/messages?status=read").status_code == 204
    assert store.request("GET", f"{ORDERS}/{with_message[0]}/messages?is_flagged=false").status_code == 200


def test_dates_and_amounts_are_texts(store: SandboxProcess) -> None:
    for order in store.get(f"{ORDERS}?limit=250"):
        assert RFC_2822.fullmatch(order["date_created"])
        assert RFC_2822.fullmatch(order["date_modified"])
        assert order["date_shipped"] == "" or RFC_2822.fullmatch(order["date_shipped"])
        assert re.fullmatch(r"\d+\.\d{4}", order["total_inc_tax"])


def test_orders_are_counted_by_status(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    counted = store.get(f"{ORDERS}/count")
    assert counted["count"] == 300
    statuses = {each["id"]: each["count"] for each in counted["statuses"]}
    assert all(sum(o["status_id"] == number for o in dump["order"]) == count for number, count in statuses.items())
    assert store.get(f"{ORDERS}/count?status_id=2")["count"] == statuses[2]


def test_there_are_fifteen_statuses(store: SandboxProcess) -> None:
    statuses = store.get("/v2/order_statuses")
    assert [each["id"] for each in statuses] == list(range(15))
    assert store.get("/v2/order_statuses/3") == statuses[3]
    assert statuses[3]["system_label"] == "Partially Shipped"
    assert store.request("GET", "/v2/order_statuses/15").status_code == 404


@pytest.mark.parametrize("path", ["", "/products", "/consignments", "/fees", "/shipments", "/shipping_addresses/1"])
def test_what_is_not_there_is_refused_with_an_array(store: SandboxProcess, path: str) -> None:
    answer = store.request("GET", f"{ORDERS}/1{path}")
    assert answer.status_code == 404
    assert answer.json() == [{"status": 404, "message": "The requested resource was not found."}]


def test_refunds_come_by_ascending_id(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    seen, page = [], 1
    while (answer := store.get(f"{REFUNDS}?limit=5&page={page}"))["data"]:
        seen += answer["data"]
        page += 1
    assert seen == dump["refund"]
    assert answer["meta"]["pagination"]["total"] == len(seen) > 10


def test_refunds_are_found_by_order_id_transaction_and_time(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    one, two = dump["refund"][2], dump["refund"][5]

    def found(query: str) -> list[int]:
        return [each["id"] for each in store.get(f"{REFUNDS}?{query}")["data"]]

    assert found(f"id:in={one['id']},{two['id']}") == [one["id"], two["id"]]
    assert one["id"] in found(f"order_id:in={one['order_id']},1")
    assert found(f"transaction_id={two['payments'][0]['transaction_id']}") == [two["id"]]
    since, until = one["created"].replace("+", "%2B"), two["created"].replace("+", "%2B")
    assert found(f"created:min={since}&created:max={until}") == list(range(one["id"], two["id"] + 1))
    assert found("order_id:in=1") == []


def test_a_refund_is_found_by_its_order_and_alone(store: SandboxProcess, dump: dict[str, list[Json]]) -> None:
    refund = dump["refund"][0]
    assert refund in store.get(f"/v3/orders/{refund['order_id']}/payment_actions/refunds")["data"]
    assert store.get(f"{REFUNDS}/{refund['id']}")["data"] == refund
    assert store.request("GET", f"{REFUNDS}/1").status_code == 404
    without = first(dump["order"], status_id=11)
    assert store.get(f"/v3/orders/{without['id']}/payment_actions/refunds")["data"] == []
    assert store.request("GET", "/v3/orders/1/payment_actions/refunds").status_code == 404


def test_refunded_amounts_are_numbers_written_exactly(store: SandboxProcess) -> None:
    text = store.request("GET", f"{REFUNDS}?limit=250").text
    amounts = re.findall(r'"(?:total_amount|total_tax|amount|requested_amount)":([^,}]*)', text)
    assert amounts
    assert all(re.fullmatch(r"\d+(\.\d{1,2})?", each) for each in amounts)


def test_orders_need_their_scope(store: SandboxProcess) -> None:
    for path in (ORDERS, f"{ORDERS}/100/products", "/v2/order_statuses", REFUNDS):
        assert store.request("GET", path, token="sandbox-token-no-orders").status_code == 403
    store.add_token("reader", ["store_v2_orders_read_only"])
    store.add_token("writer", ["store_v2_orders"])
    assert store.request("GET", ORDERS, token="reader").status_code == 200
    assert store.request("GET", REFUNDS, token="writer").status_code == 200
    assert store.request("GET", "/v3/catalog/products", token="sandbox-token-no-orders").status_code == 200
