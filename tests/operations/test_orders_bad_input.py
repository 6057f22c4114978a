"""Get Orders where the store sends what it should not: one order's problem, the rest comes in, and no shopper shows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.outcomes import NotNow, PagingStuck, StoreError
from tests.databases import Database
from tests.operations.conftest import GetOrders

ORDERS = "/v2/orders"
SOUND = 60
REFUNDS = "/v3/orders/payment_actions/refunds"


@pytest.fixture(scope="module")
def running_plain_store() -> Iterator[SandboxProcess]:
    """Sixty plain orders; what is wrong, each test puts in. Its answers are not checked: they are bad."""
    with SandboxProcess(products=3, orders=SOUND, orders_days=20, clean=True, quota=0) as store:
        yield store


@pytest.fixture
def plain_store(running_plain_store: SandboxProcess) -> SandboxProcess:
    running_plain_store.reset()
    running_plain_store.clear_faults()
    return running_plain_store


@pytest.fixture
def run(plain_store: SandboxProcess, database: Database) -> GetOrders:
    return GetOrders(plain_store, database)


def place(store: SandboxProcess, **fields: Any) -> int:
    return int(store.place_order(**fields)["id"])


def spoil(store: SandboxProcess, texts: dict[str, bytes], route: str = ORDERS) -> None:
    """Put bytes in the place of texts of the answers, which no JSON of a test could hold."""
    store.fault("replace", route=route, method="GET", replacements={text: new.hex() for text, new in texts.items()})


def problems(database: Database) -> dict[str, tuple[str, str]]:
    """Reason and message of each open problem by the record that it came from."""
    rows = database.rows("select source, reason, message from mart.problems where open")
    return {row["source"]: (row["reason"], row["message"]) for row in rows}


def imported(database: Database) -> set[int]:
    return {row["order_id"] for row in database.rows("select order_id from mart.orders")}


def sound_of(store: SandboxProcess) -> set[int]:
    return {order["id"] for order in store.orders() if order["status_id"] not in (0, 5, 6)}


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no money": ({"total_inc_tax": "a lot"}, "a lot"),
    "empty money": ({"subtotal_inc_tax": "1,234.00"}, "1,234.00"),
    "NaN": ({"total_inc_tax": "NaN"}, "total_inc_tax must be an amount within 1e+15 (got NaN)"),
    "Infinity": ({"discount_amount": "-Infinity"}, "discount_amount"),
    "1e400": ({"total_tax": "1e400"}, "total_tax must be an amount within 1e+15 (got 1E+400)"),
    "a list of money": ({"coupon_discount": [1]}, "coupon_discount"),
    "no date": ({"date_created": "yesterday"}, "'yesterday'"),
    "an empty date of creation": ({"date_created": "", "date_modified": None}, "date_created is no date (got '')"),
    "a null date of creation": ({"date_created": None}, "date_created"),
    "a change at no date": ({"date_modified": "never"}, "'never'"),
    "a null status": ({"status_id": None}, "status_id"),
    "a status as text": ({"status_id": "eleven"}, "status_id"),
    "a status beyond four bytes": ({"status_id": 2**31}, "status_id"),
    "half an item": ({"items_total": 1.5}, "items_total must be a whole number"),
    "items beyond eight bytes": ({"items_shipped": 2**63}, "items_shipped must be a whole number"),
    "U+0000 in a payment method": ({"payment_method": "Cash\0"}, "U+0000 - at `$.payment_method`"),
    "U+0000 in a private note": ({"staff_notes": "shopper\0"}, "U+0000 - at `$.staff_notes`"),
    "U+0000 in an address": ({"billing_address": {"city": "\0"}}, "U+0000"),
    "a line's quantity as text": ({"lines": [{"quantity": 1, "product_id": "two"}]}, "'two'"),
    "a line's amount": ({"lines": [{"total_tax": "x"}]}, "'x'"),
    "two lines with one id": ({"lines": [{"id": 7}, {"id": 7}]}, "two of its lines have the id 7"),
    "no id of a line": ({"lines": [{}], "fees": [{"id": None}]}, "fees[0].id"),
}


def test_a_bad_order_becomes_a_problem_that_shows_the_value_and_the_rest_comes_in(
    plain_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    sound = sound_of(plain_store)
    fine = {"status_id": 11}
    bad = {name: place(plain_store, **{**fine, **fields}) for name, (fields, _) in BAD.items()}
    # What has no date of creation stands in no window of creation: it is asked for by its id.
    counts = run()
    run(params={"order_ids": list(bad.values())})
    assert imported(database) == sound
    assert counts.created == len(sound)
    found = problems(database)
    wrong = []
    for name, order in bad.items():
        reason, message = found.pop(f"order/{order}", ("", "no problem"))
        expected = "unstorable_text" if "U+0000" in name else "invalid_record"
        if reason != expected or BAD[name][1] not in message or "shopper" in message:
            wrong.append((name, reason, message))
    assert not wrong
    assert not found


def test_bytes_that_no_database_stores_are_one_orders_problem(
    plain_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    sound = sound_of(plain_store)
    surrogate = place(plain_store, staff_notes="-half-")
    latin = place(plain_store, staff_notes="-latin-")
    number = place(plain_store, total_inc_tax="777.7777")
    texts = {"-half-": rb"\ud83d", "-latin-": b"caf\xe9", '"777.7777"': b"1e400"}
    spoil(plain_store, texts)
    run()
    assert imported(database) == sound
    assert {source: reason for source, (reason, _) in problems(database).items()} == {
        f"order/{surrogate}": "unstorable_text",
        f"order/{latin}": "unstorable_text",
        f"order/{number}": "invalid_record",
    }
    plain_store.clear_faults()
    run(params={"order_ids": [surrogate, latin, number]})
    assert imported(database) == sound | {surrogate, latin, number}
    assert problems(database) == {}


def test_odd_orders_that_are_right_come_in(plain_store: SandboxProcess, run: GetOrders, database: Database) -> None:
    plain_store.rename_status(11, "In der Werkstatt")
    orders = {
        "dates": place(plain_store, date_shipped="0000-00-00", date_modified=""),
        "yen": place(plain_store, default_currency_code="JPY", total_inc_tax="1200.0000"),
        "no lines": place(plain_store, lines=[]),
        "custom": place(plain_store, lines=[{"name": "Repair", "product_id": 0, "variant_id": None, "sku": ""}]),
        "guest": place(plain_store, customer_id=0),
        "many": place(plain_store, lines=[{"quantity": 1} for _ in range(300)]),
        "places": place(
            plain_store,
            lines=[{"address": 1}, {"address": 2}, {"address": 3}, {"consignment": "pickup"}, {"type": "digital"}],
        ),
        "discount": place(plain_store, discount_amount="-5.0000", coupon_discount="-0.0100"),
    }
    run()
    assert problems(database) == {}
    assert set(orders.values()) <= imported(database)

    def of(name: str, column: str, table: str = "mart.orders") -> Any:
        return database.value(f"select {column} from {table} where order_id = %s", orders[name])

    assert of("dates", "shipped_at") is None
    assert of("dates", "modified_at = created_at")
    assert (of("yen", "currency"), of("yen", "total")) == ("JPY", Decimal("1200.0000"))
    assert of("no lines", "count(*)", "mart.order_items") == 0
    assert of("custom", "product_id is null and variant_id is null and sku is null", "mart.order_items")
    assert of("guest", "customer_id", "core.order_contact") is None
    assert of("many", "count(*)", "mart.order_items") == 300
    assert of("places", "array_agg(fulfilment order by order_product_id)", "mart.order_items") == [
        "shipping", "shipping", "shipping", "pickup", "digital",
    ]  # fmt: skip
    assert (
        of("places", "count(distinct consignment_id) filter (where kind = 'shipping')", "core.order_consignment") == 3
    )
    assert of("discount", "discount") == Decimal("-5.0100")
    assert of("guest", "status") == "Awaiting Fulfillment"
    assert of("guest", "custom_status") == "In der Werkstatt"


def test_an_unknown_status_stays_out_and_is_followed(
    plain_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    unknown, known = place(plain_store, status_id=99), place(plain_store, status_id=11)
    run()
    assert database.row("select reason, status_id from mart.orders_not_imported where order_id = %s", unknown) == {
        "reason": "status_not_in_list", "status_id": 99,
    }  # fmt: skip
    plain_store.patch_order(known, status_id=99)
    run()
    assert database.value("select status_id from mart.orders where order_id = %s", known) == 99


def test_a_deleted_order_stays_out_and_a_known_one_is_marked(
    plain_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    unknown, known, gone = place(plain_store, is_deleted=True), place(plain_store), place(plain_store)
    run()
    assert database.value("select reason from mart.orders_not_imported where order_id = %s", unknown) == "deleted"
    plain_store.patch_order(known, is_deleted=True)
    plain_store.delete_order(gone)
    run()
    assert database.value("select deleted from mart.orders where order_id = %s", known)
    assert gone in imported(database)


def test_ids_that_do_not_exist_bring_nothing(run: GetOrders, database: Database) -> None:
    counts = run(params={"order_ids": [7, 2**62, 999_999]})
    assert counts.read == 0
    assert imported(database) == set()


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('"id":101,', b'"id":null,', NotNow),
        ('"id":101,', b'"id":0,', NotNow),
        ('"id":101,', b'"id":"101",', NotNow),
        ('"id":101,', b'"id":102,', PagingStuck),
        ('"id":101,', b'"id":99999,', PagingStuck),
    ],
    ids=["null", "0", "text", "twice", "descending"],
)
def test_a_page_whose_ids_cannot_be_trusted_stops_the_run(
    plain_store: SandboxProcess, run: GetOrders, database: Database, old: str, new: bytes, error: type[Exception]
) -> None:
    spoil(plain_store, {old: new})
    with pytest.raises(error):
        run(run_id="r")
    assert imported(database) == set()
    plain_store.clear_faults()
    run(run_id="r")
    assert imported(database) == sound_of(plain_store)


@pytest.mark.parametrize("kind", ["empty list", "html", "garbage", "truncate", "object"])
def test_an_answer_that_is_no_list_is_never_taken_for_an_empty_one(
    plain_store: SandboxProcess, run: GetOrders, database: Database, kind: str
) -> None:
    match kind:
        case "empty list":
            plain_store.fault("status", status=200, body=[], route=ORDERS)
        case "object":
            plain_store.fault("status", status=200, body={"data": []}, route=ORDERS)
        case _:
            plain_store.fault(kind, route=ORDERS)
    with pytest.raises(StoreError):
        run(run_id="r")
    assert database.rows("select 1 from ops.watermark") == []
    plain_store.clear_faults()
    run(run_id="r")
    assert imported(database) == sound_of(plain_store)


@pytest.mark.parametrize(
    ("parameters", "settings", "outcome"),
    [
        (["min_id"], {"page_size": 20, "readers": 1}, "stuck"),
        (["min_id", "max_id"], {"page_size": 20, "readers": 4}, "stuck"),
        (["limit"], {"page_size": 20}, "all"),
        (["min_date_created", "max_date_created"], {}, "all"),
        (["include"], {}, "problems"),
        (["consignment_structure"], {}, "problems"),
        (["channel_id"], {"store_channel_id": 2}, "none"),
    ],
    ids=["min_id", "ids", "limit", "dates", "include", "structure", "sales channel"],
)  # fmt: skip
def test_a_store_that_ignores_a_parameter_is_found_out(
    plain_store: SandboxProcess, run: GetOrders, database: Database,
    parameters: list[str], settings: dict[str, Any], outcome: str,
) -> None:  # fmt: skip
    sound = sound_of(plain_store)
    place(plain_store, date_created="Tue, 03 Feb 2026 09:00:00 +0000")
    plain_store.fault("deaf", parameters=parameters, route=ORDERS)
    if outcome == "stuck":
        with pytest.raises(PagingStuck):
            run(**settings)
        assert imported(database) == set()
        return
    run(**settings)
    found = imported(database)
    match outcome:
        case "all":
            assert found == sound
        case "none":
            assert found == set()
            reasons = database.rows("select distinct reason from mart.orders_not_imported")
            assert {row["reason"] for row in reasons} == {"other_sales_channel"}
        case "problems":
            assert found == set()
            assert len(problems(database)) == SOUND


BAD_REFUNDS = {
    "an item id beyond eight bytes": ('"item_id":', b'"item_id":99999999999999999999,"x":'),
    "a quantity beyond eight bytes": ('"requested_amount":', b'"quantity":99999999999999999999,"requested_amount":'),
    "U+0000": ('"item_id":', b'"item_type":"\\u0000","item_id":'),
    "an amount of an item beyond all digits": ('"requested_amount":20', b'"requested_amount":1e200000'),
    "an amount beyond all digits": ('"total_amount":20', b'"total_amount":1e200000'),
}


@pytest.mark.parametrize("bad", BAD_REFUNDS)
def test_a_bad_refund_is_its_own_problem_and_orders_come_in(
    plain_store: SandboxProcess, run: GetOrders, database: Database, bad: str
) -> None:
    sound = sound_of(plain_store)
    order = place(plain_store, lines=[{"quantity": 2}])
    plain_store.refund_order(order)
    spoil(plain_store, dict([BAD_REFUNDS[bad]]), REFUNDS)
    run()
    assert imported(database) == sound | {order}
    assert next(iter(problems(database))).startswith("refund/")


def test_zero_characters_are_one_orders_problem_where_details_are_asked_for(
    plain_store: SandboxProcess, run: GetOrders, database: Database
) -> None:
    sound = sound_of(plain_store)
    order = place(plain_store, payment_method="Cash\0")
    run(details=["coupons"])
    assert imported(database) == sound
    assert set(problems(database)) == {f"order/{order}"}


@pytest.mark.parametrize(
    "place_of",
    [
        "key",
        "value",
    ],
)
def test_zero_characters_in_form_fields_are_one_orders_problem(
    plain_store: SandboxProcess, run: GetOrders, database: Database, place_of: str
) -> None:
    sound = sound_of(plain_store)
    fields = [{"na\0me": "x"}] if place_of == "key" else [{"name": "x", "value": "\0"}]
    order = place(plain_store, billing_address={"first_name": "Jane Shopper", "form_fields": fields})
    run()
    assert imported(database) == sound
    assert set(problems(database)) == {f"order/{order}"}


PRIVATE_TABLES = {"order_contact", "order_address", "order_text", "order_message"}
SHOPPER = ("shopper", "Jane", "203.0.113", "555-0102", "555-0100-0")
LEAKS: dict[str, Any] = {
    "a map of addresses": {"shipping": {"first_name": "Jane Shopper", "street_1": "1 Shopper Street"}},
    "an address as text": {"shipping": ["Jane Shopper, Austin"]},
    "all as text": "Jane Shopper, Austin",
    "one download": {"downloads": {"recipient_email": "shopper@example.com"}},
    "one pickup": {"pickups": {"first_name": "Jane Shopper"}},
    "one certificate": {"email": {"gift_certificates": {"recipient_email": "shopper@example.com"}}},
    "one line": {"shipping": [{"id": 1, "line_items": {"wrapping_message": "For Jane Shopper"}}]},
}


def shown(database: Database) -> dict[str, str]:
    """The text of every table and view that must not tell who a shopper is."""
    names = database.rows(
        "select table_schema as s, table_name as t from information_schema.tables"
        " where table_schema in ('raw', 'core', 'ops', 'mart', 'staging') order by 1, 2"
    )
    return {
        f"{name['s']}.{name['t']}": str(database.rows(f"select x::text as row from {name['s']}.{name['t']} as x"))
        for name in names
        if name["t"] not in PRIVATE_TABLES
    }


def assert_private(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    told = shown(database) | {"the log": "\n".join(record.getMessage() for record in caplog.records)}
    for place_of, text in told.items():
        for canary in SHOPPER:
            at = text.lower().find(canary.lower())
            assert at < 0, f"{place_of}: ...{text[max(at - 200, 0) : at + 60]}..."


def test_nothing_but_the_private_tables_tells_who_a_shopper_is(
    order_store: SandboxProcess, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    run = GetOrders(order_store, database)
    with caplog.at_level(logging.DEBUG):
        run(statuses=list(range(15)), created_within_days=365, details=["coupons", "taxes", "messages"])
        run(params={"dry_run": True, "order_ids": [100, 101, 102]})
    kept = str(database.rows("select x::text as row from core.order_address as x"))
    assert all(canary.lower() in kept.lower() for canary in ("shopper", "555-0102"))
    assert "example.com" in kept
    assert_private(database, caplog)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_problem_with_an_address_does_not_tell_it(
    plain_store: SandboxProcess, run: GetOrders, database: Database, caplog: pytest.LogCaptureFixture, leak: str
) -> None:
    order = place(plain_store)
    plain_store.patch_order(order, consignments=LEAKS[leak])
    with caplog.at_level(logging.DEBUG):
        run()
    assert set(problems(database)) == {f"order/{order}"}
    assert_private(database, caplog)


def test_an_error_of_the_database_does_not_tell_who_a_shopper_is(
    plain_store: SandboxProcess, run: GetOrders, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    place(plain_store, billing_address={"first_name": "Jane Shopper", "form_fields": [{"na\0me": "x"}]})
    with caplog.at_level(logging.DEBUG), suppress(Exception):
        run(details=["coupons"])
    assert_private(database, caplog)
