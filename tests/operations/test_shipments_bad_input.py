"""Sync Orders and shipments that nobody can send as they are: each is a problem that says why, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from storekeeper.outcomes import Counts
from tests.operations.shipping_yard import SHIP, Yard

BIGGEST = 2**63 - 1
NOW = datetime(2026, 11, 1, tzinfo=UTC)
MIXED = [{"sku": "GOOD", "quantity": 2}, {"sku": "FILE", "consignment": "download"}]


def beside_a_good_one(yard: Yard, reason: str | None, **settings: Any) -> None:
    """A run with the shipment S-1 and a good one: the good one is sent; so is S-1, or it is refused with a reason."""
    good = yard.order()
    yard.get()
    yard.ship("A-GOOD", good, "SKU-1", tracking_number="GOOD")
    refused = int(reason is not None)
    assert yard.sync(**settings) == Counts(read=2, created=2 - refused, skipped=refused)
    assert yard.numbers(good) == ["GOOD"]
    assert yard.problems() == ({("S-1", reason)} if reason else set())
    assert [row for row in yard.states() if row[0] == "S-1"] == [("S-1", "refused" if reason else "done", reason)]
    unsent = yard.database.rows("select shipment_key, reason from mart.unsent_shipments")
    assert [tuple(row.values()) for row in unsent] == ([("S-1", reason)] if reason else [])


Items = Callable[[Yard, int], list[Any]]


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (lambda *_: [], "shipment_without_lines"),
        (lambda *_: [("GOOD", 0)], "invalid_shipment_line"),
        (lambda *_: [("GOOD", -1)], "invalid_shipment_line"),
        (lambda *_: [("", 1)], "invalid_shipment_line"),
        (lambda *_: [(" \t", 1)], "invalid_shipment_line"),
        (lambda *_: [("GOOD", 1), ("GOOD", -1)], "invalid_shipment_line"),
        (lambda *_: [("NOBODY", 1)], "unknown_order_line"),
        (lambda *_: [("GOOD", 1), ("NOBODY", 1)], "unknown_order_line"),
        (lambda *_: [(1, 1)], "unknown_order_line"),
        (lambda *_: [(BIGGEST, 1)], "unknown_order_line"),
        (lambda yard, _: [(yard.lines(yard.order())[0], 1)], "unknown_order_line"),
        (lambda *_: [("FILE", 1)], "line_not_shipped"),
        (lambda yard, order: [(yard.lines(order)[1], 1)], "line_not_shipped"),
        (lambda *_: [("GOOD", 1), ("FILE", 1)], "line_not_shipped"),
        (lambda *_: [("GOOD", 3)], "over_shipment"),
        (lambda *_: [("GOOD", BIGGEST)], "over_shipment"),
        (lambda *_: [("GOOD", 1), ("good", 2)], "over_shipment"),
        (lambda yard, order: [(yard.lines(order)[0], 2), ("GOOD", 1)], "over_shipment"),
        (lambda yard, order: [(yard.lines(order)[0], 1), ("GOOD", 1)], None),
        (lambda yard, order: [(yard.lines(order)[0], 1), (yard.lines(order)[0], 1)], None),
        (lambda *_: [(" good ", 1), ("GOOD", 1)], None),
    ],
)  # fmt: skip
def test_lines_that_cannot_ship_hold_their_shipment_back(yard: Yard, items: Items, reason: str | None) -> None:
    order = yard.order(lines=MIXED)
    yard.ship("S-1", order, *items(yard, order), tracking_number="N")
    beside_a_good_one(yard, reason)
    assert sum(item["quantity"] for each in yard.shipments(order) for item in each["items"]) == (0 if reason else 2)


def test_quantities_beyond_all_numbers_leave_the_marts_readable(yard: Yard) -> None:
    order = yard.order()
    yard.ship("S-1", order, ("SKU-1", BIGGEST), ("SKU-1", BIGGEST))
    beside_a_good_one(yard, "over_shipment")


@pytest.mark.parametrize("order_id", [1, 99_999_999, BIGGEST])
def test_an_order_that_nobody_knows_is_a_problem(yard: Yard, order_id: int) -> None:
    yard.ship("S-1", order_id, "SKU-1")
    beside_a_good_one(yard, "unknown_order")


@pytest.mark.parametrize("order_id", [0, -7])
def test_an_order_that_cannot_be_is_a_problem(yard: Yard, order_id: int) -> None:
    yard.ship("S-1", order_id, "SKU-1")
    beside_a_good_one(yard, "unknown_order")


@pytest.mark.parametrize(("status_id", "reason"), [
    (0, "order_not_shippable"), (4, "order_not_shippable"), (5, "order_not_shippable"), (6, "order_not_shippable"),
    (1, None), (7, None), (9, None), (11, None), (12, None), (14, None),
])  # fmt: skip
def test_an_order_ships_or_not_by_its_status(yard: Yard, status_id: int, reason: str | None) -> None:
    order = yard.order()
    yard.get()
    yard.store.patch_order(order, status_id=status_id)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    beside_a_good_one(yard, reason)


def test_an_order_cancelled_after_the_last_pull_is_not_shipped(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.store.patch_order(order, status_id=5)
    yard.ship("S-1", order, "SKU-1")
    beside_a_good_one(yard, "order_not_shippable")


def test_an_archived_order_is_not_shipped(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.store.patch_order(order, is_deleted=True)
    yard.ship("S-1", order, "SKU-1")
    beside_a_good_one(yard, "order_not_shippable")


def test_an_order_that_the_store_has_no_more_is_a_problem(yard: Yard) -> None:
    order, good = yard.order(), yard.order()
    yard.get()
    yard.store.delete_order(order)
    yard.ship("S-1", order, "SKU-1")
    yard.ship("S-2", good, "SKU-1")
    assert yard.sync() == Counts(read=2, created=1, failed=1)
    assert yard.problems() == {("S-1", "refused_by_store")}
    assert yard.pushes("S-1") == [("create", "refused")]


def test_an_order_of_another_sales_channel_is_not_shipped(yard: Yard) -> None:
    order = yard.order(channel_id=2)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    beside_a_good_one(yard, "order_of_other_channel", store_channel_id=1)


def test_an_order_that_another_channel_of_the_store_imported_is_not_shipped(yard: Yard) -> None:
    order = yard.order(channel_id=2)
    yard.get(channel="other", store_channel_id=2)
    good = yard.order(channel_id=1)
    yard.get(store_channel_id=1)
    yard.ship("S-1", order, "SKU-1")
    yard.ship("S-2", good, "SKU-1")
    assert yard.sync(store_channel_id=1) == Counts(read=2, created=1, skipped=1)
    assert yard.problems() == {("S-1", "order_of_other_channel")}


def test_a_shipment_of_an_order_that_is_imported_later_is_sent_then(yard: Yard) -> None:
    order = yard.order()
    yard.ship("S-1", order, "SKU-1")
    assert yard.sync() == Counts(read=1, skipped=1)
    assert yard.problems() == {("S-1", "unknown_order")}
    yard.get()
    assert yard.sync() == Counts(read=1, created=1)
    assert yard.problems() == set()


EMOJI = "\N{PACKAGE}"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tracking_number": "9" * 50}, None),
        ({"tracking_number": f" {'9' * 50}\n"}, None),
        ({"tracking_number": "9" * 51}, "value_too_long"),
        ({"tracking_number": EMOJI * 50}, None),
        ({"tracking_number": EMOJI * 51}, "value_too_long"),
        ({"tracking_number": "e\u0301" * 25}, None),
        ({"tracking_number": "e\u0301" * 26}, "value_too_long"),
        ({"tracking_number": "000123"}, None),
        ({"tracking_number": "  "}, None),
        ({"tracking_number": "", "carrier": " ", "shipping_method": "", "tracking_link": "\t"}, None),
        ({"carrier": "Brieftaube"}, "unknown_carrier"),
        ({"carrier": "\N{PACKAGE}"}, "unknown_carrier"),
        ({"carrier": " fEdEx\t"}, None),
        ({"carrier": "Own Van"}, None),
        ({"carrier": "own\u00a0van", "tracking_number": "Ä/?#&= %"}, None),
        ({"tracking_link": "https://example.com/" + "x" * 480}, None),
        ({"tracking_link": "https://example.com/" + "x" * 481}, "value_too_long"),
        ({"tracking_link": "HTTPS://example.com/ü?q=1"}, None),
        ({"tracking_link": "example.com/1"}, "invalid_tracking_link"),
        ({"tracking_link": "ftp://example.com/1"}, "invalid_tracking_link"),
        ({"tracking_link": "javascript:alert(1)//https://"}, "invalid_tracking_link"),
        ({"shipping_method": "Expreß \N{PACKAGE}"}, None),
    ],
)
def test_values_are_checked_before_the_call(yard: Yard, fields: dict[str, str], reason: str | None) -> None:
    order = yard.order()
    yard.get()
    yard.requests()
    yard.ship("S-1", order, "SKU-1", **fields)
    beside_a_good_one(
        yard, reason, carriers={"Own van": {"tracking_link": "https://van.example.com/{tracking_number}"}}
    )
    assert yard.requests()[SHIP] == 1 + (reason is None)
    if reason is None:
        assert yard.numbers(order) == [fields.get("tracking_number", "").strip()]


def test_a_link_that_the_number_makes_too_long_is_a_problem(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", carrier="van", tracking_number=EMOJI * 50)
    beside_a_good_one(
        yard, "value_too_long", carriers={"Van": {"tracking_link": "https://v.example.com/{tracking_number}"}}
    )


@pytest.mark.parametrize("key", ["", " ", "S'1\\\t\n\"%s:x{}", "\N{PACKAGE}ß" * 200])
def test_any_text_is_a_key(yard: Yard, key: str) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship(key, order, "SKU-1", tracking_number="N", carrier="nobody")
    assert yard.sync() == Counts(read=1, skipped=1)
    assert yard.problems() == {(key, "unknown_carrier")}
    yard.set(key, carrier="ups")
    assert yard.sync() == Counts(read=1, created=1)
    assert (yard.problems(), yard.states()) == (set(), [(key, "done", None)])
    yard.requests()
    yard.sync()
    assert yard.requests() == {}


def test_a_sku_on_a_downloaded_and_a_shipped_line_ships_from_the_shipped_one(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A", "consignment": "download", "quantity": 5}, {"sku": "A", "quantity": 2}])
    shown = yard.store.get(f"/v2/orders/{order}/products")
    (physical,) = [line["id"] for line in shown if line["type"] == "physical"]
    yard.ship("S-1", order, ("A", 2))
    beside_a_good_one(yard, None)
    assert [item["order_product_id"] for item in yard.shipments(order)[0]["items"]] == [physical]
    assert yard.status(order) == 2


@pytest.mark.parametrize("consignment", ["pickup", "download", "gift_certificate"])
def test_what_goes_to_no_address_is_not_shipped_and_not_waited_for(yard: Yard, consignment: str) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order(lines=[{"sku": "A", "quantity": 1}, {"sku": "B", "consignment": consignment}])
    yard.ship("S-2", order, "A")
    yard.get()
    yard.sync()
    assert (yard.status(order), yard.problems()) == (2, set())
    yard.ship("S-3", order, (yard.lines(order)[1], 1))
    assert yard.sync() == Counts(read=1, skipped=1)
    assert yard.problems() == {("S-3", "line_not_shipped")}


def test_a_shipment_with_one_bad_line_sends_no_part_of_it_to_any_address(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1, "address": 2}])
    yard.get()
    yard.ship("S-1", order, "A", ("B", 2))
    beside_a_good_one(yard, "over_shipment")
    assert yard.shipments(order) == []


def test_a_line_sku_with_blanks_is_found(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": " A ", "quantity": 1}])
    yard.ship("S-1", order, "A")
    beside_a_good_one(yard, None)


def test_a_problem_closes_when_its_shipment_is_called_off_or_deleted(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    for key in ("S-1", "S-2", "S-3"):
        yard.ship(key, order, "NOBODY")
    yard.sync()
    assert len(yard.problems()) == 3
    yard.set("S-1", cancelled_at=NOW)
    yard.database.run("delete from core.shipment where shipment_key = 'S-2'")
    yard.database.run("update core.shipment_item set master_sku = 'SKU-1' where shipment_key = 'S-3'")
    assert yard.sync() == Counts(read=2, created=1, unchanged=1)
    assert yard.problems() == set()


def test_one_reason_follows_another(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, ("SKU-1", 5), carrier="nobody", tracking_number="9" * 51)
    for reason, mended in (("value_too_long", {"tracking_number": "9"}), ("unknown_carrier", {"carrier": "ups"})):
        assert yard.sync() == Counts(read=1, skipped=1)
        assert yard.problems() == {("S-1", reason)}
        yard.set("S-1", **mended)
    yard.sync()
    assert yard.problems() == {("S-1", "over_shipment")}


def test_a_thousand_bad_ones_do_not_keep_a_good_one_from_going(yard: Yard) -> None:
    order = yard.order(1)
    yard.get()
    yard.database.run(
        "insert into core.shipment (channel, shipment_key, order_id)"
        " select 'shop', 'BAD-' || n, %s - n %% 3 from generate_series(1, 1000) as n",
        order,
    )
    yard.ship("S-1", order, "SKU-1")
    assert yard.sync(max_shipments_per_run=1) == Counts(read=1001, created=1, skipped=1000)
    assert len(yard.problems()) == 1000
