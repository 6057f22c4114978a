"""What happens to orders behind the API's back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

ORDERS = "/v2/orders"
PAST = "Wed, 10 Jan 2018 21:05:30 +0000"


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(
        products=30, quota=0, orders=120, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR") or None
    ) as process:
        yield process


@pytest.fixture(autouse=True)
def as_it_began(store: SandboxProcess) -> None:
    store.reset()
    store.admin("violations", method="DELETE")


def seen(store: SandboxProcess, order_id: int) -> Json:
    order: Json = store.get(f"{ORDERS}/{order_id}")
    return order


def just_now(order: Json) -> bool:
    return parsedate_to_datetime(order["date_modified"]).year >= 2024


def everything_as_published(store: SandboxProcess, order_id: int) -> None:
    parts = ("", "/products", "/shipping_addresses", "/consignments", "/fees", "/taxes", "/coupons", "/shipments")
    for part in parts:
        store.request("GET", f"{ORDERS}/{order_id}{part}")
    store.request("GET", f"{ORDERS}?include=consignments.line_items,fees&consignment_structure=object&sort=id:desc")
    store.request("GET", f"/v3/orders/{order_id}/payment_actions/refunds")
    assert store.violations() == []


def test_a_plain_order_has_one_physical_line(store: SandboxProcess) -> None:
    order = store.place_order()
    [consignment] = order["consignments"]["shipping"]
    [line] = consignment["line_items"]
    assert (order["id"], order["status_id"], order["customer_id"]) == (220, 11, 1)
    assert (order["date_created"], order["default_currency_code"]) == (order["date_modified"], "USD")
    assert just_now(order)
    assert (line["type"], line["quantity"], line["order_address_id"]) == ("physical", 1, consignment["id"])
    assert order["total_inc_tax"] == order["subtotal_inc_tax"] == line["total_inc_tax"] == "10.0000"
    assert store.get(f"/v3/catalog/products/{line['product_id']}/variants/{line['variant_id']}")
    assert [each["id"] for each in store.get(f"{ORDERS}?min_id=220")] == [220]
    assert store.effects() == []
    everything_as_published(store, 220)


def test_lines_say_where_they_go(store: SandboxProcess) -> None:
    order = store.place_order(
        lines=[
            {"sku": "A", "quantity": 2, "price_ex_tax": "10.0000", "price_tax": "0.8000"},
            {"sku": "B", "address": 2},
            {"consignment": "pickup"},
            {"consignment": "download"},
            {"consignment": "gift_certificate", "name": "For you"},
        ]
    )
    kinds = order["consignments"]
    assert [[line["sku"] for line in each["line_items"]] for each in kinds["shipping"]] == [["A"], ["B"]]
    assert kinds["pickups"][0]["line_items"][0]["order_pickup_method_id"] == kinds["pickups"][0]["id"]
    assert kinds["downloads"][0]["line_items"][0]["type"] == "digital"
    assert kinds["email"]["gift_certificates"][0]["line_items"][0]["type"] == "giftcertificate"
    assert (order["items_total"], order["shipping_address_count"]) == (6, 2)
    assert (order["total_inc_tax"], order["total_tax"], order["total_ex_tax"]) == ("61.6000", "1.6000", "60.0000")
    everything_as_published(store, order["id"])


def test_what_is_given_wins(store: SandboxProcess) -> None:
    fee = {"id": 1, "type": "custom_fee", "cost_ex_tax": "1.0000", "cost_inc_tax": "1.2500", "cost_tax": "0.2500"}
    order = store.place_order(
        status_id=9, customer_id=0, fees=[fee], shipping_cost_inc_tax="5.0000", discount_amount="2.0000",
        default_currency_code="JPY", date_created=PAST, billing_address=None, total_tax=7,
    )  # fmt: skip
    assert (order["status"], order["customer_id"], order["date_created"]) == ("Awaiting Shipment", 0, PAST)
    assert order["date_modified"] != PAST
    assert (order["total_inc_tax"], order["total_tax"], order["billing_address"]) == ("14.2500", 7, None)
    assert order["store_default_currency_code"] == "USD"


def test_whole_consignments_win_over_lines(store: SandboxProcess) -> None:
    shipping = [{"first_name": "A", "line_items": [{"sku": "RAW", "total_inc_tax": "3.5000", "quantity": 1}]}]
    order = store.place_order(consignments={"shipping": shipping}, lines=[{"sku": "LOST"}])
    [line] = store.get(f"{ORDERS}/{order['id']}/products")
    assert (line["sku"], line["order_id"], order["total_inc_tax"]) == ("RAW", order["id"], "3.5000")
    assert line["order_address_id"] == order["consignments"]["shipping"][0]["id"]


def test_an_order_may_show_up_late(store: SandboxProcess) -> None:
    pages = [each["id"] for each in store.get(f"{ORDERS}?limit=2")]
    late = store.place_order(id=50, date_created=PAST)
    assert pages == [100, 101]
    assert [each["id"] for each in store.get(f"{ORDERS}?limit=2")] == [50, 100]
    assert [each["id"] for each in store.get(f"{ORDERS}?max_date_created=2019-01-01")] == [50]
    assert just_now(late)
    assert store.place_order()["id"] == 220


def test_an_order_can_hold_anything(store: SandboxProcess) -> None:
    store.patch_order(105, date_modified="tomorrow", total_inc_tax=None, status_id="two", fees="none")
    store.patch_order(106, consignments=None, billing_address=[])
    store.patch_order(107, consignments={"shipping": [None, {"line_items": [None, {"id": "x"}]}]}, customer_id=[1])
    listed = store.get(f"{ORDERS}?limit=250&include=consignments.line_items,fees&consignment_structure=object")
    by_id = {each["id"]: each for each in listed}
    assert (by_id[105]["date_modified"], by_id[105]["status_id"], by_id[105]["fees"]) == ("tomorrow", "two", "none")
    assert by_id[106]["consignments"] is None
    assert by_id[107]["customer_id"] == [1]
    for part in ("products", "shipping_addresses", "taxes", "consignments", "shipments"):
        for order_id in (105, 106, 107):
            assert store.request("GET", f"{ORDERS}/{order_id}/{part}").status_code in (200, 204)
    assert len(store.orders()) == 120
    assert store.request("GET", f"{ORDERS}?sort=date_modified:desc&min_total=1").status_code == 200


def test_a_change_touches_the_order_unless_it_says_not_to(store: SandboxProcess) -> None:
    order = store.place_order(date_modified=PAST)
    order_id, line = order["id"], order["consignments"]["shipping"][0]["line_items"][0]
    assert order["date_created"] == PAST
    store.patch_order(order_id, staff_notes="x", touch=False)
    store.patch_line(order_id, line["id"], sku="Y", touch=False)
    store.ship_order(order_id, touch=False)
    store.refund_order(order_id, touch=False)
    assert seen(store, order_id)["date_modified"] == PAST
    assert "touch" not in seen(store, order_id)
    assert just_now(store.patch_order(order_id, staff_notes="z"))
    again = "Thu, 11 Jan 2018 21:05:30 +0000"
    assert store.patch_line(order_id, line["id"], sku="Z", date_modified=again)["sku"] == "Z"
    assert seen(store, order_id)["date_modified"] == again
    store.patch_line(order_id, line["id"], sku=None)
    assert just_now(seen(store, order_id))
    assert store.get(f"{ORDERS}/{order_id}/products/{line['id']}")["sku"] is None


def test_a_deleted_order_is_gone_and_its_refunds_stay(store: SandboxProcess) -> None:
    refund = store.refunds()[0]
    order_id = refund["order_id"]
    store.delete_order(order_id)
    assert store.request("GET", f"{ORDERS}/{order_id}").status_code == 404
    assert store.request("GET", f"{ORDERS}/{order_id}/products").status_code == 404
    assert order_id not in [each["id"] for each in store.get(f"{ORDERS}?limit=250")]
    assert store.get(f"{ORDERS}/count")["count"] == 119
    assert refund in store.refunds()
    assert refund in store.get(f"/v3/orders/{order_id}/payment_actions/refunds")["data"]
    with pytest.raises(ValueError, match="404"):
        store.delete_order(order_id)


def test_a_refund_raises_what_was_refunded(store: SandboxProcess) -> None:
    order = store.place_order(lines=[{"quantity": 3, "price_ex_tax": "12.34"}, {"quantity": 1}])
    order_id = order["id"]
    one, other = order["consignments"]["shipping"][0]["line_items"]
    before = store.refunds()[-1]["id"]
    refund = store.refund_order(order_id, items=[{"item_id": one["id"], "quantity": 1}], reason="broken")
    assert (refund["id"], refund["order_id"], refund["total_amount"]) == (before + 1, order_id, 12.34)
    assert (refund["items"][0]["requested_amount"], refund["reason"]) == (12.34, "broken")
    now = seen(store, order_id)
    assert (now["status_id"], now["payment_status"], now["refunded_amount"]) == (14, "partially refunded", "0.0000")
    line = store.get(f"{ORDERS}/{order_id}/products/{one['id']}")
    assert (line["quantity_refunded"], line["is_refunded"], line["refund_amount"]) == (1, True, "0.0000")
    rest = store.refund_order(order_id, created="2020-01-01T00:00:00+00:00")
    assert [(each["item_id"], each["quantity"]) for each in rest["items"]] == [(one["id"], 2), (other["id"], 1)]
    assert seen(store, order_id)["status_id"] == 4
    by_time = store.get("/v3/orders/payment_actions/refunds?created:max=2020-01-01T00:00:00Z")["data"]
    assert [each["id"] for each in by_time] == [rest["id"]]
    everything_as_published(store, order_id)


def test_a_refund_may_be_of_the_order_as_a_whole(store: SandboxProcess) -> None:
    order_id = store.place_order()["id"]
    item = {"item_type": "ORDER", "item_id": order_id, "requested_amount": 2.5}
    refund = store.refund_order(order_id, items=[item], total_amount=2.5, status_id=10)
    assert (refund["total_amount"], refund["items"][0]["item_type"]) == (2.5, "ORDER")
    assert seen(store, order_id)["status_id"] == 10
    everything_as_published(store, order_id)


def test_shipping_by_hand_goes_part_by_part(store: SandboxProcess) -> None:
    order = store.place_order(lines=[{"quantity": 2}, {"address": 2}, {"consignment": "download"}])
    order_id, (here, there) = order["id"], order["consignments"]["shipping"]
    line = here["line_items"][0]["id"]
    made = store.ship_order(
        order_id,
        order_address_id=here["id"],
        items=[{"order_product_id": line, "quantity": 1}],
        tracking_number="1Z",
        shipping_provider="ups",
    )
    assert (made["tracking_number"], made["shipping_provider_display_name"]) == ("1Z", "UPS")
    now = seen(store, order_id)
    assert (now["status_id"], now["items_shipped"], now["date_shipped"]) == (3, 1, "")
    assert store.get(f"{ORDERS}/{order_id}/products/{line}")["quantity_shipped"] == 1
    assert [each["items_shipped"] for each in store.get(f"{ORDERS}/{order_id}/shipping_addresses")] == [1, 0]
    assert store.ship_order(order_id)["items"][0]["quantity"] == 1
    assert seen(store, order_id)["status_id"] == 3
    last = store.ship_order(order_id, order_address_id=there["id"])
    now = seen(store, order_id)
    assert (now["status_id"], now["items_shipped"], now["date_shipped"]) == (2, 3, last["date_created"])
    assert store.get(f"{ORDERS}/{order_id}/shipments/count") == {"count": 3}
    everything_as_published(store, order_id)


def test_a_renamed_status_shows_on_its_orders(store: SandboxProcess) -> None:
    order_id = next(each["id"] for each in store.get(f"{ORDERS}?status_id=10"))
    assert store.rename_status(10, "Fertig ✓")["system_label"] == "Completed"
    now = seen(store, order_id)
    assert (now["status"], now["custom_status"], now["status_id"]) == ("Fertig ✓", "Fertig ✓", 10)
    assert store.get("/v2/order_statuses/10")["custom_label"] == "Fertig ✓"
    assert store.dump()["order_status"][10]["custom_label"] == "Fertig ✓"


def test_a_fault_may_change_an_order_between_two_pages(store: SandboxProcess) -> None:
    change = {"method": "POST", "path": "orders/100", "body": {"customer_message": "changed"}}
    placed = {"method": "POST", "path": "orders", "body": {"id": 60}}
    store.fault("change", route="/v2/orders", nth=2, changes=[change, placed])
    assert store.get(f"{ORDERS}?limit=1")[0]["customer_message"] != "changed"
    assert [each["id"] for each in store.get(f"{ORDERS}?limit=2")] == [60, 100]
    assert seen(store, 100)["customer_message"] == "changed"


def change_everything(store: SandboxProcess) -> None:
    store.place_order(id=7)
    store.ship_order(store.place_order()["id"])
    store.patch_order(100, status_id=5)
    store.patch_line(101, store.get(f"{ORDERS}/101/products")[0]["id"], quantity=99)
    store.delete_order(102)
    store.refund_order(103)
    store.rename_status(11, "To do")


def test_a_reset_brings_all_back(store: SandboxProcess) -> None:
    began = store.dump()
    listed = store.get(f"{ORDERS}?limit=250")
    for _ in range(2):
        change_everything(store)
        changed = store.dump()
        assert all(changed[each] != began[each] for each in ("order", "refund", "shipment", "order_status"))
        store.reset()
        assert store.dump() == began
        assert store.get(f"{ORDERS}?limit=250") == listed
        assert store.place_order()["id"] == 220
        store.reset()


def test_a_snapshot_keeps_orders_and_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with SandboxProcess(products=10, orders=30, seed=3, state=file) as first:
        change_everything(first)
        first.snapshot()
        kept = first.dump()
        first.delete_order(7)
        first.patch_order(100, status_id=1)
        first.refund_order(105)
        first.reset()
        assert first.dump() == kept
        assert first.stop() == 0
    with SandboxProcess(products=99, orders=5, state=file) as second:
        assert second.dump() == kept
        assert second.place_order()["id"] == 131
