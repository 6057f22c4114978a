"""Sync Orders where answers are lost: each shipment once in the store, and where nobody can tell, a person says."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from storekeeper.outcomes import Counts, NotNow, RunStopped, SettingsError, Unknown
from tests.operations.shipping_yard import SHIP, SHIPMENTS, Yard
from tests.operations.terms import HASTY

ROUTE = "/v2/orders/{order_id}/shipments"
LOST = ["lost_answer", "reset", "502", "500", "truncate", "garbage", "html", "timeout"]
ALWAYS_TAKE_EFFECT = ("lost_answer", "truncate")


def lose(yard: Yard, how: str, side: str = "after", method: str = "POST", route: str = ROUTE, **when: Any) -> None:
    """Answers are lost, each on the given side of its call's effect."""
    where = {"method": method, "route": route, "side": side, **when}
    if how.isdigit():
        yard.store.fault("status", status=int(how), **where)
    elif how == "timeout":
        yard.store.fault("slow", seconds=0.45, **where)  # longer than HASTY waits for an answer
    elif how in ALWAYS_TAKE_EFFECT:
        yard.store.fault(how, **{name: value for name, value in where.items() if name != "side"})
    else:
        yard.store.fault(how, **where)


def sync_until_known(yard: Yard, **settings: Any) -> None:
    """Attempts as Airflow would make them, until nothing is unknown."""
    for _ in range(6):
        try:
            yard.sync(**HASTY, **settings)
        except (Unknown, NotNow):
            continue
        return
    raise AssertionError("it stays unknown")


def in_doubt(yard: Yard, side: str, **settings: Any) -> None:
    """A run whose call loses its answer, on the given side of its effect, and that cannot look."""
    lose(yard, "reset", side)
    lose(yard, "502", method="GET")
    with pytest.raises((Unknown, NotNow)):
        yard.sync(**HASTY, **settings)
    yard.store.clear_faults()


def quiet(yard: Yard) -> None:
    """One more run does nothing, and no call is open."""
    yard.requests()
    assert yard.sync() == Counts()
    assert yard.requests() == {}
    assert yard.database.value("select count(*) from ops.push where state in ('pending', 'sending', 'unknown')") == 0


def once(yard: Yard, order: int, *numbers: str) -> None:
    assert sorted(yard.numbers(order)) == sorted(numbers)
    assert yard.emails() == len(numbers)


@pytest.mark.parametrize("number", ["1Z999", None])
@pytest.mark.parametrize(
    ("how", "side"),
    [(how, side) for how in LOST for side in ("before", "after") if side == "after" or how not in ALWAYS_TAKE_EFFECT],
)
def test_a_lost_answer_makes_one_shipment(yard: Yard, how: str, side: str, number: str | None) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number=number)
    lose(yard, how, side, times=1)
    sync_until_known(yard)
    once(yard, order, number or "")
    assert yard.problems() == set()
    assert (yard.status(order), yard.known_status(order)) == (3, 3)
    quiet(yard)


@pytest.mark.parametrize("number", ["1Z999", None])
@pytest.mark.parametrize("side", ["before", "after"])
def test_answers_lost_at_call_and_at_look_make_one_shipment(yard: Yard, side: str, number: str | None) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number=number)
    lose(yard, "reset", side, times=2)
    lose(yard, "502", method="GET", times=5)
    sync_until_known(yard)
    once(yard, order, number or "")
    assert yard.problems() == set()
    quiet(yard)


@pytest.mark.parametrize("number", ["1Z999", None])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_run_that_ends_in_doubt_is_finished_by_the_next(yard: Yard, side: str, number: str | None) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number=number)
    in_doubt(yard, side)
    assert yard.states()[0][1] in ("sending", "unknown")
    assert yard.database.value("select count(*) from mart.unsent_shipments") == 1
    assert yard.sync() == Counts(read=1, created=1)
    once(yard, order, number or "")
    assert yard.states() == [("S-1", "adopted" if side == "after" else "done", None)]
    assert yard.problems() == set()
    quiet(yard)


@pytest.mark.parametrize("numbers", [(None, None), ("N", "N"), ("N1", "N2"), (None, "N2"), ("N1", None)])
@pytest.mark.parametrize(("kind", "sides"), [("same run", "after"), ("same run", "before"), ("each", "after")])
def test_two_parcels_with_the_same_lines_are_two(
    yard: Yard, kind: str, sides: str, numbers: tuple[str | None, ...]
) -> None:
    order = yard.order(2)
    yard.get()
    for key, number in zip(("S-1", "S-2"), numbers, strict=True):
        yard.ship(key, order, "SKU-1", tracking_number=number)
    lose(yard, "reset", sides, times=1 if kind == "same run" else 2)
    sync_until_known(yard)
    once(yard, order, *(number or "" for number in numbers))
    assert {state for _, state, _ in yard.states()} <= {"done", "adopted"}
    assert (yard.status(order), yard.problems()) == (2, set())
    quiet(yard)


def test_an_address_whose_answer_was_lost_is_not_sent_again_and_the_other_is(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 1, "address": 2}])
    yard.get()
    yard.ship("S-1", order, ("A", 2))
    lose(yard, "reset", "after", times=2)
    sync_until_known(yard)
    once(yard, order, "", "")
    assert len({each["order_address_id"] for each in yard.shipments(order)}) == 2
    quiet(yard)


@pytest.mark.parametrize("edited", ["NEW", None])
@pytest.mark.parametrize("sent", ["OLD", None])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_tracking_number_edited_in_doubt_makes_no_second_shipment(
    yard: Yard, side: str, sent: str | None, edited: str | None
) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number=sent)
    in_doubt(yard, side)
    yard.set("S-1", tracking_number=edited)
    sync_until_known(yard)
    once(yard, order, edited or "")
    assert yard.problems() == set()
    quiet(yard)


def test_lines_edited_in_doubt_make_no_second_shipment(yard: Yard) -> None:
    order = yard.order(5)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    in_doubt(yard, "after")
    yard.database.run("update core.shipment_item set quantity = 3")
    sync_until_known(yard)
    once(yard, order, "N")
    assert yard.problems() == {("S-1", "shipment_changed")}
    yard.database.run("update core.shipment_item set quantity = 1")
    yard.sync()
    assert yard.problems() == set()
    quiet(yard)


def test_lines_edited_after_a_call_without_effect_are_sent_as_they_are_now(yard: Yard) -> None:
    order = yard.order(5)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    in_doubt(yard, "before")
    yard.database.run("update core.shipment_item set quantity = 3")
    sync_until_known(yard)
    once(yard, order, "N")
    assert yard.shipments(order)[0]["items"][0]["quantity"] == 3
    quiet(yard)


def test_an_order_edited_in_doubt_makes_no_second_shipment(yard: Yard) -> None:
    wrong, right = yard.order(1), yard.order(1)
    yard.get()
    yard.ship("S-1", wrong, "SKU-1", tracking_number="N")
    in_doubt(yard, "after")
    yard.set("S-1", order_id=right)
    sync_until_known(yard)
    assert yard.emails() == 1
    assert {reason for _, reason in yard.problems()} == {"shipment_changed"}


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_shipment_cancelled_in_doubt_ends_as_the_channel_has_it(yard: Yard, side: str, allowed: bool) -> None:
    order = yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    in_doubt(yard, side)
    yard.set("S-1", cancelled_at=datetime(2026, 11, 1, tzinfo=UTC))
    sync_until_known(yard, delete_cancelled=allowed)
    stays = side == "after" and not allowed
    assert yard.numbers(order) == (["N"] if stays else [])
    assert yard.emails() == (1 if side == "after" else 0)
    assert yard.problems() == ({("S-1", "cancelled_after_sending")} if stays else set())


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_shipment_deleted_from_the_warehouse_in_doubt_is_not_sent_again(yard: Yard, side: str) -> None:
    order = yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    in_doubt(yard, side)
    yard.database.run("delete from core.shipment")
    sync_until_known(yard)
    assert yard.emails() == (1 if side == "after" else 0)
    assert yard.problems() == set()
    quiet(yard)


def test_a_shipment_written_anew_under_the_key_of_one_in_doubt_is_not_sent_twice(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    in_doubt(yard, "after")
    yard.database.run("delete from core.shipment")
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    sync_until_known(yard)
    once(yard, order, "N")
    quiet(yard)


def by_hand(yard: Yard, order: int, units: int = 1, **fields: Any) -> None:
    (line,) = yard.lines(order)
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": units}], **fields)


def undecided(yard: Yard, side: str = "after", units: int = 4) -> int:
    """An order with shipment S-1 of one unit, of which nobody can say whether it is the one in the store."""
    order = yard.order(units)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    in_doubt(yard, side)
    by_hand(yard, order)
    if side == "before":
        by_hand(yard, order)
    yard.sync()
    assert yard.problems() == {("S-1", "undecided")}
    assert yard.states()[-1 if yard.states()[0][0] is None else 0] == ("S-1", "unknown", "undecided")
    return order


@pytest.mark.parametrize("side", ["before", "after"])
def test_look_alikes_leave_a_problem_and_nothing_is_sent(yard: Yard, side: str) -> None:
    order = undecided(yard, side)
    mails = yard.emails()
    for _ in range(2):
        yard.sync()
    assert (yard.emails(), len(yard.shipments(order))) == (mails, 2)
    assert yard.problems() == {("S-1", "undecided")}


def test_other_orders_and_parcels_go_on_beside_one_in_doubt(yard: Yard) -> None:
    order = undecided(yard)
    other = yard.order()
    yard.get()
    yard.ship("S-2", other, "SKU-1")
    yard.ship("S-3", order, "SKU-1", tracking_number="THREE")
    counts = yard.sync()
    assert (counts.created, counts.read) == (2, 3)
    assert len(yard.shipments(other)) == 1
    assert "THREE" in yard.numbers(order)


def test_a_person_says_that_it_was_sent(yard: Yard) -> None:
    order = undecided(yard)
    mails = yard.emails()
    yard.sync(params={"settle": [{"key": "S-1", "as": "sent"}]})
    assert (yard.emails(), yard.problems()) == (mails, set())
    assert ("S-1", "adopted", None) in yard.states()
    assert len(yard.shipments(order)) == 2
    quiet(yard)


def test_a_person_says_that_it_was_not_sent(yard: Yard) -> None:
    order = undecided(yard, "before")
    yard.sync(params={"settle": [{"key": "S-1", "as": "not_sent"}]})
    assert (yard.emails(), yard.problems()) == (1, set())
    assert ("S-1", "done", None) in yard.states()
    assert len(yard.shipments(order)) == 3
    quiet(yard)


def test_what_a_person_said_was_sent_counts_once_towards_what_is_open(yard: Yard) -> None:
    order = undecided(yard, units=4)
    yard.sync(params={"settle": [{"key": "S-1", "as": "sent"}]})
    yard.ship("S-2", order, ("SKU-1", 2), tracking_number="REST")
    yard.sync()
    assert yard.problems() == set()
    assert "REST" in yard.numbers(order)
    assert yard.status(order) == 2


def test_a_tracking_number_for_what_a_person_said_was_sent_is_not_passed_over_in_silence(yard: Yard) -> None:
    order = undecided(yard)
    yard.sync(params={"settle": [{"key": "S-1", "as": "sent"}]})
    yard.set("S-1", tracking_number="LATE")
    yard.sync()
    assert "LATE" in yard.numbers(order) or yard.problems()


def test_who_settled_and_when_is_kept(yard: Yard) -> None:
    undecided(yard)
    yard.sync(params={"settle": [{"key": "S-1", "as": "sent"}]})
    row = yard.database.row(
        "select detail, settled_at from mart.push_history where entity_key = 'S-1' and state = 'adopted'"
    )
    assert "settled as sent by" in str(row["detail"])
    assert row["settled_at"] is not None


@pytest.mark.parametrize(
    "settle",
    [
        "S-1", 5, {"key": "S-1", "as": "sent"}, ["S-1"],
        [{"key": "S-1"}], [{"key": "S-1", "as": "maybe"}],
        [{"key": "S-1", "as": True}], [{"key": 1, "as": "sent"}], [{"key": "S-1", "as": "sent", "by": "me"}],
        [{"key": "S-1", "as": "sent"}, {"key": "S-1", "as": "not_sent"}], [{"key": "S-1", "as": ["sent"]}],
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_stops_the_run(yard: Yard, settle: Any) -> None:
    undecided(yard)
    mails = yard.emails()
    with pytest.raises(SettingsError, match="settle"):
        yard.sync(params={"settle": settle})
    assert yard.emails() == mails
    assert yard.problems() == {("S-1", "undecided")}


def test_an_answer_about_a_shipment_that_is_not_in_doubt_stops_the_run_and_settles_none(yard: Yard) -> None:
    undecided(yard)
    with pytest.raises(RunStopped, match="'S-2' is not in doubt"):
        yard.sync(params={"settle": [{"key": "S-1", "as": "sent"}, {"key": "S-2", "as": "sent"}]})
    assert yard.problems() == {("S-1", "undecided")}


def test_a_dry_run_settles_nothing(yard: Yard) -> None:
    undecided(yard)
    yard.sync(params={"dry_run": True, "settle": [{"key": "S-1", "as": "not_sent"}]})
    assert yard.problems() == {("S-1", "undecided")}
    assert yard.pushes("S-1")[0] == ("create", "unknown")


def test_a_stranger_with_another_number_is_not_taken_for_ours(yard: Yard) -> None:
    order = yard.order(3)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="MINE")
    in_doubt(yard, "before")
    by_hand(yard, order, tracking_number="THEIRS")
    with suppress(Unknown):
        yard.sync(**HASTY)
    assert [row for row in yard.states() if row[1] == "adopted"] == []
    assert yard.numbers(order).count("MINE") <= 1


def test_one_whose_number_somebody_changed_in_the_store_meanwhile_is_not_sent_again(yard: Yard) -> None:
    order = yard.order(3)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="MINE")
    in_doubt(yard, "after")
    made = yard.shipments(order)[0]["id"]
    yard.store.request("PUT", f"/v2/orders/{order}/shipments/{made}", json={"tracking_number": "BETTER"})
    yard.sync()
    assert len(yard.shipments(order)) == 1
    assert yard.emails() == 1


def test_a_shipment_by_hand_of_other_units_is_no_look_alike(yard: Yard) -> None:
    order = yard.order(5)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    in_doubt(yard, "before")
    by_hand(yard, order, 2)
    assert yard.sync().created == 1
    assert yard.problems() == set()
    assert sorted(item["quantity"] for each in yard.shipments(order) for item in each["items"]) == [1, 2]


def test_a_shipment_made_by_hand_before_the_call_is_not_taken_for_it(yard: Yard) -> None:
    order = yard.order(3)
    yard.get()
    by_hand(yard, order)
    yard.ship("S-1", order, "SKU-1")
    lose(yard, "reset", "before", times=1)
    sync_until_known(yard)
    assert len(yard.shipments(order)) == 2
    assert yard.emails() == 1
    quiet(yard)


def test_what_somebody_deleted_in_the_store_while_in_doubt_is_known(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    in_doubt(yard, "after")
    yard.store.request("DELETE", f"/v2/orders/{order}/shipments/{yard.shipments(order)[0]['id']}")
    sync_until_known(yard)
    assert len(yard.shipments(order)) <= 1


def test_the_store_is_asked_no_more_than_once_for_each_lost_answer(yard: Yard) -> None:
    orders = [yard.order(1) for _ in range(6)]
    yard.get()
    for place, order in enumerate(orders):
        yard.ship(f"S-{place}", order, "SKU-1", tracking_number=f"N{place}")
    lose(yard, "reset", "after", nth=3)
    yard.requests()
    sync_until_known(yard)
    asked = yard.requests()
    assert (asked[SHIP], asked[SHIPMENTS]) == (6, 1)


def test_answers_lost_at_random_double_none_and_lose_none(yard: Yard) -> None:
    draw = random.Random(15)
    orders = [yard.order(2, 1) for _ in range(20)]
    yard.get()
    for place, order in enumerate(orders):
        yard.ship(f"S-{place}-A", order, "SKU-1", tracking_number=draw.choice([None, f"N{place}"]))
        yard.ship(f"S-{place}-B", order, "SKU-1", "SKU-2", tracking_number=draw.choice([None, f"N{place}"]))
    for nth in sorted(draw.sample(range(1, 41), 12)):
        lose(yard, draw.choice(["reset", "502", "truncate"]), draw.choice(["before", "after"]), nth=nth)
    sync_until_known(yard)
    yard.store.clear_faults()
    assert yard.emails() == 40
    assert [len(yard.shipments(order)) for order in orders] == [2] * 20
    assert {yard.status(order) for order in orders} == {2}
    assert yard.problems() == set()
    quiet(yard)


def test_a_store_that_answers_nothing_ends_the_run_and_nothing_is_doubled(yard: Yard) -> None:
    orders = [yard.order(1) for _ in range(8)]
    yard.get()
    for place, order in enumerate(orders):
        yard.ship(f"S-{place}", order, "SKU-1")
    in_doubt(yard, "after")
    sync_until_known(yard)
    assert yard.emails() == 8
    assert {yard.status(order) for order in orders} == {2}
    quiet(yard)


@pytest.mark.parametrize("mode", ["always", "never"])
def test_the_status_follows_what_was_found_by_a_later_run(yard: Yard, mode: str) -> None:
    yard.store.configure(shipments_move_status=mode)
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    in_doubt(yard, "after")
    yard.sync()
    assert (yard.states(), yard.status(order), yard.known_status(order)) == ([("S-1", "adopted", None)], 2, 2)


def test_a_look_alike_made_long_after_the_call_is_not_taken_for_it(yard: Yard) -> None:
    order = yard.order(4)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    in_doubt(yard, "before")
    yard.store.configure(clock_offset_seconds=7200)
    by_hand(yard, order)
    yard.sync()
    yard.store.configure(clock_offset_seconds=0)
    assert len(yard.shipments(order)) == 2 or yard.problems() == {("S-1", "undecided")}


@pytest.mark.parametrize("number", ["N", None])
def test_a_shipment_is_found_among_more_than_a_page_of_them(yard: Yard, number: str | None) -> None:
    order = yard.order(300)
    yard.get()
    for _ in range(251):
        by_hand(yard, order)
    yard.ship("S-1", order, "SKU-1", tracking_number=number)
    lose(yard, "reset", "after", times=1)
    sync_until_known(yard)
    assert yard.problems() == set()
    assert yard.emails() == 1
    assert ("S-1", "adopted", None) in yard.states()
    quiet(yard)


@pytest.mark.parametrize("number", ["N", None])
@pytest.mark.parametrize(
    "answer",
    [
        "500",
        "503",
        "504",
        "520",
        "529",
        pytest.param("408"),
    ],
)
def test_whatever_stands_before_the_store_answers_after_the_effect_makes_no_second(
    yard: Yard, answer: str, number: str | None
) -> None:
    order = yard.order(3)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number=number)
    lose(yard, answer, "after", times=1)
    for _ in range(2):
        sync_until_known(yard)
    once(yard, order, number or "")


def test_the_status_follows_what_was_found_in_the_same_run(yard: Yard) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    lose(yard, "reset", "after", times=1)
    yard.sync(**HASTY)
    assert (yard.status(order), yard.known_status(order)) == (2, 2)


def test_a_shipment_in_doubt_that_was_called_off_and_not_sent_is_not_sent(yard: Yard) -> None:
    order = undecided(yard, "before")
    yard.set("S-1", cancelled_at=datetime(2026, 11, 1, tzinfo=UTC))
    yard.sync(params={"settle": [{"key": "S-1", "as": "not_sent"}]})
    assert (len(yard.shipments(order)), yard.emails(), yard.problems()) == (2, 0, set())


def test_what_a_person_said_was_sent_and_nobody_can_name_is_not_deleted(yard: Yard) -> None:
    order = undecided(yard)
    yard.store.delete_order(order)
    yard.sync(params={"settle": [{"key": "S-1", "as": "sent"}]})
    yard.set("S-1", cancelled_at=datetime(2026, 11, 1, tzinfo=UTC))
    yard.sync(delete_cancelled=True)
    assert yard.problems() == {("S-1", "cancelled_after_sending")}
