"""Shipping lines through the API, and moving orders on, held to BigCommerce's own files where this machine has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import pytest
import requests

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

ORDERS = "/v2/orders"
PAST = "Wed, 10 Jan 2018 21:05:30 +0000"


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(
        products=30, quota=0, orders=60, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR") or None
    ) as process:
        yield process


@pytest.fixture(autouse=True)
def as_published(store: SandboxProcess) -> Iterator[None]:
    """What the store answers is as published, also to a request that is not."""
    store.reset()
    store.admin("violations", method="DELETE")
    yield
    assert [each for each in store.violations() if "request body" not in each["violation"]] == []


class Parcels(NamedTuple):
    """An order placed long ago: three and one to one address, one to another, one to be fetched, a download."""

    store: SandboxProcess
    id: int
    here: int
    there: int
    three: int
    one: int
    other: int
    fetched: int
    download: int

    @property
    def path(self) -> str:
        return f"{ORDERS}/{self.id}/shipments"

    def body(self, quantity: int = 1, **further: object) -> Json:
        items = [{"order_product_id": self.three, "quantity": quantity}]
        return {"order_address_id": self.here, "items": items} | further

    def post(self, body: object) -> requests.Response:
        return self.store.request("POST", self.path, json=body)

    def ship(self, quantity: int = 1, **further: object) -> Json:
        answer = self.post(self.body(quantity, **further))
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    def seen(self) -> Json:
        order: Json = self.store.get(f"{ORDERS}/{self.id}")
        return order

    def shipments(self) -> list[Json]:
        answer = self.store.request("GET", self.path)
        return [] if answer.status_code == 204 else list(answer.json())

    def shipped(self) -> dict[int, int]:
        lines = self.store.get(f"{ORDERS}/{self.id}/products")
        return {line["id"]: line["quantity_shipped"] for line in lines if line["quantity_shipped"]}

    def effects(self) -> list[str]:
        return [each["kind"] for each in self.store.effects()]


@pytest.fixture
def order(store: SandboxProcess) -> Parcels:
    lines = [{"quantity": 3}, {}, {"address": 2}, {"consignment": "pickup"}, {"consignment": "download"}]
    placed = store.place_order(lines=lines, date_created=PAST, date_modified=PAST)
    here, there = (each["id"] for each in placed["consignments"]["shipping"])
    ids = [each["id"] for each in store.get(f"{ORDERS}/{placed['id']}/products")]
    return Parcels(store, placed["id"], here, there, *ids)


def is_old(order: Json) -> bool:
    return parsedate_to_datetime(order["date_modified"]).year == 2018


def message(answer: requests.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    [error] = answer.json()
    assert error["status"] == status
    return str(error["message"])


def test_a_shipment_is_answered_whole_and_listed(order: Parcels) -> None:
    given = {
        "tracking_number": "1Z 9/9", "tracking_carrier": "dhl-express", "shipping_provider": "ups",
        "shipping_method": "Ground", "comments": "Grüße 🙏", "merchant_shipping_cost": "1.5",
    }  # fmt: skip
    made = order.ship(2, **given)
    assert made.items() >= (given | {"merchant_shipping_cost": "1.5000", "order_id": order.id}).items()
    assert (made["order_address_id"], made["shipping_provider_display_name"]) == (order.here, "UPS")
    assert made["generated_tracking_link"].endswith("/1Z%209%2F9")
    line = order.store.get(f"{ORDERS}/{order.id}/products/{order.three}")
    assert made["items"] == [{"order_product_id": order.three, "quantity": 2, "product_id": line["product_id"]}]
    assert order.shipments() == [made]
    assert order.store.get(f"{order.path}/{made['id']}") == made


def test_a_plain_shipment_takes_the_shoppers_method_and_no_tracking(order: Parcels) -> None:
    made = order.ship()
    assert made["shipping_method"] == "Free Shipping"
    assert [made[name] for name in ("tracking_number", "tracking_link", "generated_tracking_link")] == [""] * 3


def test_an_own_tracking_link_takes_the_place_of_the_stores(order: Parcels) -> None:
    made = order.ship(tracking_number="1Z", tracking_link="https://carrier.example.com/1Z")
    assert (made["tracking_link"], made["generated_tracking_link"]) == ("https://carrier.example.com/1Z", "")


def test_an_order_is_shipped_once_all_that_goes_to_an_address_is(order: Parcels) -> None:
    order.ship(3)
    seen = order.seen()
    assert (seen["status_id"], seen["items_shipped"], seen["date_shipped"]) == (3, 3, "")
    assert not is_old(seen)
    order.ship(items=[{"order_product_id": order.one, "quantity": 1}])
    last = order.ship(order_address_id=order.there, items=[{"order_product_id": order.other, "quantity": 1}])
    seen = order.seen()
    assert (seen["status_id"], seen["items_shipped"], seen["date_shipped"]) == (2, 5, last["date_created"])
    addresses = order.store.get(f"{ORDERS}/{order.id}/shipping_addresses")
    assert [each["items_shipped"] for each in addresses] == [4, 1]


def test_the_same_call_twice_ships_twice_while_pieces_are_left(order: Parcels) -> None:
    first, second = order.ship(tracking_number="1Z"), order.ship(tracking_number="1Z")
    assert first["id"] != second["id"]
    assert order.shipped() == {order.three: 2}
    order.ship()
    assert "only 0" in message(order.post(order.body()))


def test_a_lost_answer_has_shipped_and_mailed_the_shopper(order: Parcels) -> None:
    order.store.fault("lost_answer", method="POST", times=1)
    with pytest.raises(requests.ConnectionError):
        order.post(order.body())
    assert len(order.shipments()) == 1
    order.ship()
    assert order.effects().count("shopper.emailed") == 2


@pytest.mark.parametrize("status_id", [0, 4, 5, 6, 10])
def test_an_orders_status_keeps_nothing_from_being_shipped(order: Parcels, status_id: int) -> None:
    order.store.patch_order(order.id, status_id=status_id)
    order.ship()
    assert order.seen()["status_id"] == 3


def test_a_store_may_leave_an_order_in_its_status(order: Parcels) -> None:
    order.store.configure(shipments_move_status="never")
    order.ship(3)
    order.ship(items=[{"order_product_id": order.one, "quantity": 1}])
    order.ship(order_address_id=order.there, items=[{"order_product_id": order.other, "quantity": 1}])
    seen = order.seen()
    assert (seen["status_id"], seen["items_shipped"], seen["date_shipped"]) == (11, 5, "")
    by_hand = order.store.place_order()["id"]
    order.store.ship_order(by_hand)
    assert order.store.get(f"{ORDERS}/{by_hand}")["status_id"] == 2


def test_whether_shipments_move_the_status_is_part_of_the_state(store: SandboxProcess) -> None:
    assert store.configure(shipments_move_status="never")["shipments_move_status"] == "never"
    store.reset()
    assert store.admin("config")["shipments_move_status"] == "always"
    with pytest.raises(ValueError, match="422"):
        store.configure(shipments_move_status="sometimes")


@pytest.mark.parametrize(
    ("bad", "told"),
    [({"order_address_id": 1}, "'order_address_id' is invalid: is no shipping address of the order (got 1)"),
     ({"order_address_id": "7"}, "'order_address_id' is invalid: must be of type integer (got \"7\")"),
     ({"order_address_id": None}, "'order_address_id'"), ({"order_address_id": 1.5}, "(got 1.5)"),
     ({"order_address_id": 2**80}, "'order_address_id'"), ({"items": []}, "'items' is invalid: must be at least 1"),
     ({"items": None}, "'items'"), ({"items": {}}, "'items'"), ({"items": [5]}, "'items.0'"),
     ({"tracking_number": "x" * 51}, "'tracking_number' is invalid: must be at most 50"),
     ({"tracking_number": 5}, "'tracking_number' is invalid: must be of type text (got 5)"),
     ({"tracking_number": None}, "'tracking_number'"), ({"tracking_link": "x" * 501}, "'tracking_link'"),
     ({"comments": "x" * 65_536}, "'comments'"), ({"shipping_method": 1}, "'shipping_method'"),
     ({"shipping_provider": "dhl"}, "'shipping_provider' is invalid: must be one of auspost, "),
     ({"shipping_provider": "carrier_"}, "(got \"carrier_\")"), ({"shipping_provider": "carrier_1x"}, "carrier_1x"),
     ({"shipping_provider": "UPS"}, "'shipping_provider'"), ({"shipping_provider": True}, "'shipping_provider'"),
     ({"tracking_carrier": "DHL"}, "'tracking_carrier'"), ({"tracking_carrier": "dhl-"}, "'tracking_carrier'"),
     ({"tracking_carrier": "dhl\n"}, "'tracking_carrier'"), ({"tracking_carrier": []}, "'tracking_carrier'"),
     ({"merchant_shipping_cost": "-1"}, "'merchant_shipping_cost'"),
     ({"merchant_shipping_cost": 1}, "'merchant_shipping_cost'")],
)  # fmt: skip
def test_a_bad_value_is_refused_by_name_and_changes_nothing(order: Parcels, bad: Json, told: str) -> None:
    made = order.store.ship_order(order.id, items=[{"order_product_id": order.one, "quantity": 1}], touch=False)
    assert told in message(order.post(order.body() | bad))
    if "items" not in bad:
        assert told in message(order.store.request("PUT", f"{order.path}/{made['id']}", json=bad))
    assert (order.shipments(), order.effects()) == ([made], [])
    assert is_old(order.seen())


@pytest.mark.parametrize("left_out", ["order_address_id", "items"])
def test_an_address_and_items_are_required(order: Parcels, left_out: str) -> None:
    body = order.body()
    del body[left_out]
    assert message(order.post(body)) == f"The field '{left_out}' is required."


@pytest.mark.parametrize(
    ("line", "quantity", "told"),
    [("three", 4, "'items.0.quantity' is invalid: only 3 of the line are left to ship (got 4)"),
     ("three", 0, "must be at least 1"), ("three", -1, "must be at least 1"), ("three", 1.5, "must be of type integer"),
     ("three", "1", "must be of type integer"), ("three", True, "must be of type integer"),
     ("three", None, "must not be null"), ("other", 1, "does not go to the address"),
     ("fetched", 1, "does not go to the address"), ("download", 1, "is a digital line, which cannot be shipped"),
     ("id", 1, "is no line of the order")],
)  # fmt: skip
def test_a_line_that_cannot_be_shipped_so_is_refused(order: Parcels, line: str, quantity: object, told: str) -> None:
    line_id = getattr(order, line)
    reason = message(order.post(order.body(items=[{"order_product_id": line_id, "quantity": quantity}])))
    assert told in reason
    assert "'items.0." in reason
    assert (order.shipments(), order.effects()) == ([], [])


@pytest.mark.parametrize("item", [{"quantity": 1}, {"order_product_id": 1}])
def test_a_line_and_its_quantity_are_required(order: Parcels, item: Json) -> None:
    assert "is required" in message(order.post(order.body(items=[item])))


def test_a_line_named_twice_counts_in_sum(order: Parcels) -> None:
    piece, two = {"order_product_id": order.three, "quantity": 1}, {"order_product_id": order.three, "quantity": 2}
    assert "'items.1.quantity' is invalid: only 1" in message(order.post(order.body(items=[two, two])))
    order.ship(items=[two, piece])
    assert order.shipped() == {order.three: 3}


@pytest.mark.parametrize("provider", ["", "auspost", "canadapost", "endicia", "usps", "fedex", "royalmail", "ups",
                                      "upsready", "shipperhq", "carrier_12"])  # fmt: skip
def test_every_provider_of_the_service_is_taken(order: Parcels, provider: str) -> None:
    made = order.ship(shipping_provider=provider, tracking_number="x" * 50, comments="x" * 65_535)
    assert made["shipping_provider"] == provider
    assert bool(made["shipping_provider_display_name"]) == (provider not in ("", "carrier_12"))


def test_fields_the_store_does_not_know_are_passed_over(order: Parcels) -> None:
    made = order.ship(colour="blue", id=5, date_created=PAST, generated_tracking_link="https://mine.example.com")
    assert "colour" not in made
    assert (made["id"] != 5, made["date_created"] != PAST, made["generated_tracking_link"]) == (True, True, "")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"null", b"5"])
def test_a_body_that_is_no_object_is_refused(order: Parcels, body: bytes) -> None:
    made = order.ship()
    for method, path in (("POST", order.path), ("PUT", f"{order.path}/{made['id']}"), ("PUT", f"{ORDERS}/{order.id}")):
        assert "JSON" in message(order.store.request(method, path, data=body))


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/1/shipments"), ("PUT", "/1/shipments/1"), ("DELETE", "/1/shipments/1"), ("PUT", "/1"),
     ("PUT", "/100/shipments/999999"), ("DELETE", "/100/shipments/999999")],
)  # fmt: skip
def test_what_is_not_there_is_not_found(store: SandboxProcess, method: str, path: str) -> None:
    assert "not found" in message(
        store.request(method, f"{ORDERS}{path}", json=None if method == "DELETE" else {}), 404
    )


def test_reading_orders_does_not_allow_writing_them(order: Parcels) -> None:
    order.store.add_token("reader", ["store_v2_orders_read_only"])
    order.store.add_token("writer", ["store_v2_orders"])
    one = f"{order.path}/{order.ship()['id']}"
    calls = [("POST", order.path, order.body()), ("PUT", one, {}), ("DELETE", one, None), ("PUT", ORDERS + "/100", {})]
    for method, path, body in calls:
        assert order.store.request(method, path, json=body, token="reader").status_code == 403
    for method, path, body in calls:
        assert order.store.request(method, path, json=body, token="writer").status_code < 300


def test_what_a_shipment_sets_can_be_changed_but_for_its_items(order: Parcels) -> None:
    made = order.ship(tracking_number="1Z", shipping_provider="ups")
    one = f"{order.path}/{made['id']}"
    order.store.patch_order(order.id, date_modified=PAST)
    changes = {"tracking_number": "2Z", "shipping_provider": "fedex", "comments": "late", "items": []}
    changed = order.store.request("PUT", one, json=changes).json()
    follows = {
        "shipping_provider_display_name": "FedEx",
        "generated_tracking_link": made["generated_tracking_link"].replace("1Z", "2Z"),
    }
    assert changed == made | changes | follows | {"items": made["items"]}
    assert order.shipments() == [changed]
    assert not is_old(order.seen())
    linked = order.store.request("PUT", one, json={"tracking_link": "https://carrier.example.com"}).json()
    assert linked["generated_tracking_link"] == ""
    assert order.shipped() == {order.three: 1}


def test_a_shipment_can_go_to_another_address_of_its_order(order: Parcels) -> None:
    made = order.ship()
    consignments = next(each for each in order.store.orders() if each["id"] == order.id)["consignments"]
    consignments["shipping"][1]["city"] = "Elsewhere"
    order.store.patch_order(order.id, consignments=consignments)
    answer = order.store.request("PUT", f"{order.path}/{made['id']}", json={"order_address_id": order.there})
    assert (answer.json()["order_address_id"], answer.json()["shipping_address"]["city"]) == (order.there, "Elsewhere")


def test_a_deleted_shipment_gives_its_pieces_back_and_leaves_the_status(order: Parcels) -> None:
    kept, gone = order.ship(1), order.ship(2)
    order.store.patch_order(order.id, date_modified=PAST, status_id=10)
    answer = order.store.request("DELETE", f"{order.path}/{gone['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert order.shipments() == [kept]
    assert order.shipped() == {order.three: 1}
    seen = order.seen()
    assert (seen["status_id"], seen["items_shipped"], is_old(seen)) == (10, 1, False)
    assert order.store.get(f"{ORDERS}/{order.id}/shipping_addresses")[0]["items_shipped"] == 1
    assert order.store.request("DELETE", f"{order.path}/{gone['id']}").status_code == 404
    order.ship(2)


def test_a_made_up_orders_shipment_can_be_deleted_too(store: SandboxProcess) -> None:
    shipped = next(each for each in store.orders() if each["status_id"] == 2)
    path = f"{ORDERS}/{shipped['id']}/shipments"
    for each in store.get(path):
        assert store.request("DELETE", f"{path}/{each['id']}").status_code == 204
    seen = store.get(f"{ORDERS}/{shipped['id']}")
    assert (seen["items_shipped"], seen["status_id"]) == (0, 2)


@pytest.mark.parametrize("status_id", range(15))
def test_an_order_moves_to_any_status(order: Parcels, status_id: int) -> None:
    answer = order.store.request("PUT", f"{ORDERS}/{order.id}", json={"status_id": status_id})
    assert (answer.status_code, answer.json()) == (200, order.seen())
    assert (answer.json()["status_id"], is_old(answer.json())) == (status_id, False)
    assert bool(answer.json()["date_shipped"]) == (status_id == 2)
    assert order.shipped() == {}
    listed = [each["id"] for each in order.store.get(f"{ORDERS}?status_id={status_id}&limit=250")]
    assert order.id in listed


def test_an_order_that_was_shipped_keeps_the_date(order: Parcels) -> None:
    order.store.patch_order(order.id, date_shipped=PAST)
    assert order.store.request("PUT", f"{ORDERS}/{order.id}", json={"status_id": 2}).json()["date_shipped"] == PAST


def test_notes_and_message_of_an_order_can_be_changed(order: Parcels) -> None:
    notes = {"staff_notes": "ship first", "customer_message": "thank you"}
    answer = order.store.request("PUT", f"{ORDERS}/{order.id}", json=notes | {"external_id": "x", "colour": "blue"})
    assert answer.json().items() >= (notes | {"status_id": 11, "external_id": None}).items()
    assert [each["change"] for each in order.store.effects()] == [notes]


@pytest.mark.parametrize(
    ("bad", "told"),
    [({"status_id": 15}, "'status_id' is invalid: must be at most 14 (got 15)"),
     ({"status_id": -1}, "must be at least 0"), ({"status_id": "2"}, "must be of type integer"),
     ({"status_id": None}, "must not be null"),
     ({"status_id": True}, "must be of type integer"), ({"staff_notes": "x" * 65_536}, "'staff_notes'"),
     ({"customer_message": 5}, "'customer_message'"),
     ({"status_id": 2, "products": []}, "'products' is invalid: cannot be changed here")],
)  # fmt: skip
def test_an_order_that_cannot_be_changed_so_stays_as_it_is(order: Parcels, bad: Json, told: str) -> None:
    before = order.seen()
    assert told in message(order.store.request("PUT", f"{ORDERS}/{order.id}", json=bad))
    assert (order.seen(), order.effects()) == (before, [])


def test_each_write_is_in_the_effects_log_and_a_shipment_mails_the_shopper(order: Parcels) -> None:
    made = order.ship(tracking_number="1Z")
    one = f"{order.path}/{made['id']}"
    order.store.request("PUT", one, json={"tracking_number": "2Z"})
    order.store.request("DELETE", one)
    order.store.request("PUT", f"{ORDERS}/{order.id}", json={"status_id": 5})
    of, items = {"order_id": order.id}, [{"order_product_id": order.three, "quantity": 1}]
    assert [(each["kind"], each["id"], each["change"]) for each in order.store.effects()] == [
        (
            "shipment.created",
            made["id"],
            of | {"order_address_id": order.here, "tracking_number": "1Z", "items": items},
        ),
        ("shopper.emailed", made["id"], of | {"about": "shipment"}),
        ("shipment.updated", made["id"], of | {"tracking_number": "2Z"}),
        ("shipment.deleted", made["id"], of),
        ("order.updated", order.id, {"status_id": 5}),
    ]


def test_shipments_go_with_a_reset(order: Parcels) -> None:
    before = order.store.dump()
    order.store.snapshot()
    made = order.ship()
    order.store.reset()
    assert order.store.dump() == before
    assert order.ship()["id"] == made["id"]
