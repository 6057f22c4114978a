"""Shipments come in from a file, a shipment whole or not at all; what cannot be taken is a problem."""

from __future__ import annotations

import csv
import io
import itertools
import logging
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from storekeeper.operations import feed, load_shipments
from storekeeper.outcomes import Counts, FeedRefused, RunStopped, RunSuperseded, SettingsError
from storekeeper.settings import Channel
from storekeeper.warehouse.database import Session
from tests.databases import Database
from tests.operations.feed_files import Broken, Content, opens, parquet

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)
OLD, NEW = "2025-11-24T11:00:00Z", "2025-11-24T13:00:00Z"
HEAD = "shipment_key,order_id,quantity,master_sku\n"


class Load:
    """One run of a channel's feed, both steps as Airflow would run them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers = itertools.count(1)

    def __call__(
        self,
        content: Content | Callable[[], Any],
        *,
        channel: str = "shop",
        run_id: str | None = None,
        tasks: Collection[str] = tuple(load_shipments.STEPS),
        params: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Counts:
        """Run it.

        :param content: the file's, or what opens it as a stream.
        :param tasks: only these, of the run with this ``run_id``; without the last one it counts nothing.
        :param params: of this run alone.
        :param settings: of the feed.
        """
        described = Channel.model_validate(
            {"channel": channel, "load_shipments": {"path": "shipments.csv", **settings}}
        )
        run_id = run_id or f"run-{next(self._numbers)}"
        warehouse = self._database.warehouse()
        done: dict[str, Any] = {}
        try:
            for task, work in load_shipments.STEPS.items():
                if task not in tasks:
                    continue
                with load_shipments.attempt(
                    task, warehouse, described, run_id=run_id, params=params or {}, open_file=opens(content)
                ) as opened:
                    done = work(opened)
            return Counts(**done) if "load" in tasks else Counts()
        finally:
            warehouse.close()


@pytest.fixture
def load(database: Database) -> Load:
    return Load(database)


def rows(*given: dict[str, Any]) -> str:
    """A CSV file; a column that a row does not name is blank there."""
    columns = list(dict.fromkeys(name for row in given for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, columns)
    writer.writeheader()
    writer.writerows(given)
    return written.getvalue()


def row(
    shipment_key: str, order_id: Any = 101, master_sku: str = "A", quantity: Any = 1, **more: Any
) -> dict[str, Any]:
    return {
        "shipment_key": shipment_key, "order_id": order_id, "master_sku": master_sku, "quantity": quantity, **more,
    }  # fmt: skip


def shipment(database: Database, key: str = "S") -> dict[str, Any]:
    return database.row("select * from core.shipment where channel = 'shop' and shipment_key = %s", key)


def lines(database: Database, key: str = "S") -> list[tuple[Any, ...]]:
    found = database.rows(
        "select order_product_id, master_sku, quantity from core.shipment_item"
        " where channel = 'shop' and shipment_key = %s order by 1 nulls last, lower(master_sku), quantity",
        key,
    )
    return [tuple(each.values()) for each in found]


def keys(database: Database) -> list[str]:
    return [each["shipment_key"] for each in database.rows("select shipment_key from core.shipment order by 1")]


def problems(database: Database) -> set[tuple[str, str, str]]:
    found = database.rows(
        "select entity, entity_key, reason from mart.problems where operation = 'load_shipments' and open"
    )
    return {(each["entity"], each["entity_key"], each["reason"]) for each in found}


def messages(database: Database) -> str:
    return "\n".join(each["message"] for each in database.rows("select message from mart.problems where open"))


def written(database: Database) -> list[dict[str, Any]]:
    """Which version of each row there is: it is another one after whatever write."""
    return database.rows(
        "select 's' as kind, shipment_key, version, xmin::text as row_version, ctid::text from core.shipment union all"
        " select 'i', shipment_key, quantity, xmin::text, ctid::text from core.shipment_item order by 1, 2, 5"
    )


def put(database: Database, key: str, *of: tuple[int | None, str | None, int], **values: Any) -> None:
    """A shipment that the warehouse has, with its lines, and that Sync Orders has settled."""
    values = {"order_id": 101, "tracking_number": "T", "carrier": "UPS", **values}
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    database.run(
        f"insert into core.shipment (channel, shipment_key, {names}) values ('shop', %s, {marks})",
        key,
        *values.values(),
    )
    for line in of or [(None, "A", 1)]:
        database.run(
            "insert into core.shipment_item (channel, shipment_key, order_product_id, master_sku, quantity)"
            " values ('shop', %s, %s, %s, %s)",
            key,
            *line,
        )
    database.run("update core.shipment set settled_version = version where shipment_key = %s", key)


def due(database: Database) -> list[str]:
    """The shipments that Sync Orders looks at."""
    found = database.rows("select shipment_key from core.shipment where version <> settled_version order by 1")
    return [each["shipment_key"] for each in found]


# --- what comes in ---


def test_a_file_makes_shipments_with_their_lines(load: Load, database: Database) -> None:
    content = rows(
        row(
            " S ", "101.0", "LMP-1", "2", order_product_id="7", tracking_number="=1Z", carrier="ups",
            shipping_method="Ground", tracking_link="https://t/1", shipped_at="2025-11-24T13:00+01:00",
            cancelled_at="2025-11-25", updated_at="2025-11-24 12:00:00Z",
        ),
        row("S", "", "LMP-2", "3.0"),
        row("s", 102, "LMP-1"),
    )  # fmt: skip
    assert load(content) == Counts(read=2, created=2)
    found = shipment(database)
    assert {name: found[name] for name in ("order_id", "tracking_number", "carrier", "shipping_method")} == {
        "order_id": 101, "tracking_number": "=1Z", "carrier": "ups", "shipping_method": "Ground",
    }  # fmt: skip
    assert (found["tracking_link"], found["shipped_at"]) == ("https://t/1", NOON)
    assert (found["cancelled_at"], found["updated_at"]) == (datetime(2025, 11, 25, tzinfo=UTC), NOON)
    assert lines(database) == [(7, "LMP-1", 2), (None, "LMP-2", 3)]
    assert lines(database, "s") == [(None, "LMP-1", 1)]
    assert due(database) == ["S", "s"]
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0
    run = database.row("select channel, operation, state from mart.runs")
    assert run == {"channel": "shop", "operation": "load_shipments", "state": "success"}


@pytest.mark.parametrize("dated", ["", "2025-11-24T12:00:00Z"])
def test_the_same_file_again_writes_nothing_and_no_shipment_is_looked_at_again(
    load: Load, database: Database, dated: str
) -> None:
    content = rows(
        row("S", master_sku="A", quantity=1, tracking_number="T", updated_at=dated),
        row("S", master_sku="a", quantity=2, order_product_id="", updated_at=dated),
        row("S", master_sku="", quantity=2, order_product_id="9", updated_at=dated),
        row("R", shipped_at="2025-11-24", updated_at=dated),
    )
    assert load(content).created == 2
    assert lines(database) == [(9, None, 2), (None, "A", 3)], "the rows of a line are added up"
    before = written(database)
    assert load(content) == Counts(read=2, unchanged=2)
    assert written(database) == before


def test_only_what_differs_is_written_and_looked_at_again(load: Load, database: Database) -> None:
    for key in ("SAME", "FIELD", "LINE", "DATE"):
        put(database, key, (None, "A", 1), (None, "B", 2))
    before = {each["shipment_key"]: each for each in database.rows("select * from core.shipment")}
    kept = {each["item_no"] for each in database.rows("select item_no from core.shipment_item where master_sku = 'B'")}
    content = rows(
        *(row(key, master_sku=sku, quantity=number, tracking_number="T", carrier="UPS")
          for key in ("SAME", "FIELD", "LINE", "DATE") for sku, number in (("a", 1), ("B", 2))),
    ).replace("FIELD,101,a,1,T", "FIELD,101,a,1,N").replace("FIELD,101,B,2,T", "FIELD,101,B,2,")  # fmt: skip
    content = content.replace("LINE,101,a,1", "LINE,101,a,5")
    assert load(content) == Counts(read=4, updated=2, unchanged=2)
    assert due(database) == ["FIELD", "LINE"]
    assert (shipment(database, "FIELD")["tracking_number"], lines(database, "LINE")) == (
        "N", [(None, "a", 5), (None, "B", 2)],
    )  # fmt: skip
    assert lines(database, "FIELD") == [(None, "A", 1), (None, "B", 2)], "letter case is no difference"
    assert {each["item_no"] for each in database.rows("select item_no from core.shipment_item")} >= kept
    assert shipment(database, "SAME") == before["SAME"]


def test_lines_that_the_file_does_not_have_go_and_new_ones_come(load: Load, database: Database) -> None:
    put(database, "S", (None, "A", 1), (None, "B", 2), (7, "C", 3), (None, "D", 1), (None, "D", 1))
    content = rows(row("S", master_sku="B", quantity=2), row("S", master_sku="E"), row("S", master_sku="d", quantity=2))
    assert load(content) == Counts(read=1, updated=1)
    assert lines(database) == [(None, "B", 2), (None, "D", 1), (None, "D", 1), (None, "E", 1)]


def test_a_column_that_is_not_there_leaves_what_there_is_and_a_blank_value_clears_it(
    load: Load, database: Database
) -> None:
    optional = {
        "shipping_method": "Ground", "tracking_link": "https://t", "shipped_at": NOON, "cancelled_at": NOON,
    }  # fmt: skip
    put(database, "S", **optional)
    assert load(rows(row("S"))) == Counts(read=1, unchanged=1)
    before = shipment(database)
    assert load(rows(row("S", carrier="DHL"))) == Counts(read=1, updated=1)
    after = shipment(database)
    assert {name for name in after if after[name] != before[name]} == {"carrier", "updated_at", "version"}
    blank = dict.fromkeys(("tracking_number", "carrier", *optional), "")
    assert load(rows(row("S", **blank))) == Counts(read=1, updated=1)
    cleared = shipment(database)
    assert [cleared[name] for name in blank] == [None] * 6
    assert cleared["order_id"] == 101


def test_a_line_keeps_what_a_column_that_is_not_there_would_say(load: Load, database: Database) -> None:
    put(database, "S", (7, "A", 1), (8, "B", 1))
    by_product = [
        {"shipment_key": "S", "order_id": 101, "order_product_id": number, "quantity": 1} for number in (7, 8)
    ]
    assert load(rows(*by_product)) == Counts(read=1, unchanged=1)
    assert load(rows(row("S", master_sku="a"), row("S", master_sku="b"))) == Counts(read=1, unchanged=1)
    assert load(rows(row("S", master_sku="a", quantity=2), row("S", master_sku="b"))).updated == 1
    assert lines(database) == [(7, "a", 2), (8, "B", 1)]
    by_product[0]["quantity"] = 3
    assert load(rows(*by_product)).updated == 1
    assert lines(database) == [(7, "a", 3), (8, "B", 1)]


def test_an_order_product_id_and_the_same_as_a_master_sku_are_two_lines(load: Load, database: Database) -> None:
    content = rows(row("S", master_sku="", order_product_id="7"), row("S", master_sku="7", order_product_id=""))
    assert load(content).created == 1
    assert lines(database) == [(7, None, 1), (None, "7", 1)]
    assert load(content).unchanged == 1


def test_shipments_that_the_file_does_not_have_are_kept(load: Load, database: Database) -> None:
    put(database, "KEPT")
    assert load(rows(row("S"))).created == 1
    assert (keys(database), due(database)) == (["KEPT", "S"], ["S"])


def test_a_shipment_may_move_to_another_order_and_be_called_off_and_on_again(load: Load, database: Database) -> None:
    put(database, "S")
    assert load(rows(row("S", 102, cancelled_at="2025-11-24"))).updated == 1
    assert (shipment(database)["order_id"], shipment(database)["cancelled_at"] is None) == (102, False)
    assert load(rows(row("S", 102, cancelled_at=""))).updated == 1
    assert shipment(database)["cancelled_at"] is None


def test_another_channel_is_another_warehouse(load: Load, database: Database) -> None:
    load(rows(row("S")), channel="other")
    assert load(rows(row("S", master_sku="B"))).created == 1
    assert database.value("select count(*) from core.shipment_item where channel = 'other' and master_sku = 'A'") == 1


def test_many_chunks_come_in_whole_and_a_shipment_may_lie_in_several(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ROWS_PER_CHUNK", 7)
    content = rows(*(row(f"S-{number % 34}", master_sku=f"A-{number}") for number in range(100)))
    assert load(content) == Counts(read=34, created=34)
    assert database.value("select count(*) from core.shipment_item") == 100


# --- when ---


def test_an_older_row_never_wins_and_a_newer_one_does(load: Load, database: Database) -> None:
    for key in ("OLDER", "EQUAL", "NEWER", "CONFIRMED", "NEVER", "AGREED"):
        put(database, key, updated_at=None if key == "NEVER" else NOON)
    same = "2025-11-24 13:00:00+01:00"
    counts = load(
        rows(
            row("OLDER", quantity=9, tracking_number="X", updated_at=OLD),
            row("EQUAL", quantity=9, tracking_number="X", updated_at=same),
            row("NEWER", quantity=9, tracking_number="X", updated_at=NEW),
            row("CONFIRMED", tracking_number="T", updated_at=NEW),
            row("NEVER", quantity=9, tracking_number="X", updated_at="2020-01-01T00:00:00Z"),
            row("AGREED", tracking_number="T", updated_at=OLD),
        )
    )
    assert counts == Counts(read=6, updated=2, unchanged=2, skipped=2)
    found = {
        key: (
            shipment(database, key)["tracking_number"],
            lines(database, key)[0][2],
            shipment(database, key)["updated_at"],
        )
        for key in keys(database)
    }
    late = NOON + timedelta(hours=1)
    assert found == {
        "OLDER": ("T", 1, NOON), "EQUAL": ("T", 1, NOON), "NEWER": ("X", 9, late), "CONFIRMED": ("T", 1, late),
        "NEVER": ("X", 9, datetime(2020, 1, 1, tzinfo=UTC)), "AGREED": ("T", 1, NOON),
    }  # fmt: skip
    assert due(database) == ["NEVER", "NEWER"], "a newer date alone is no change"


def test_of_a_shipment_each_row_is_as_old_as_it_says(load: Load, database: Database) -> None:
    put(database, "S", (None, "A", 1), (None, "B", 1), (None, "GONE", 1), updated_at=NOON, tracking_link="kept")
    content = rows(
        row("S", master_sku="A", quantity=9, tracking_link="old says", tracking_number="T", carrier="", updated_at=OLD),
        row("S", master_sku="B", quantity=9, tracking_link="", tracking_number="T", carrier="", updated_at=NEW),
        row("S", master_sku="C", quantity=9, tracking_link="", tracking_number="", carrier="", updated_at=OLD),
    )
    assert load(content) == Counts(read=1, updated=1)
    found = shipment(database)
    assert (found["tracking_link"], found["tracking_number"], found["carrier"]) == ("kept", "T", None)
    assert lines(database) == [(None, "A", 1), (None, "B", 9), (None, "C", 9)]


def test_a_row_without_a_date_beside_one_that_has_it_is_no_newer(load: Load, database: Database) -> None:
    put(database, "S", updated_at=NOON)
    content = rows(row("S", quantity=9, updated_at=OLD), row("S", master_sku="B", updated_at=""))
    assert load(content) == Counts(read=1, skipped=1)
    assert lines(database) == [(None, "A", 1)]
    assert load(content.replace(OLD, NEW)) == Counts(read=1, updated=1)
    assert (lines(database), shipment(database)["updated_at"]) == (
        [(None, "A", 9), (None, "B", 1)], NOON + timedelta(hours=1),
    )  # fmt: skip


def test_a_row_without_a_date_is_as_of_the_moment_before_the_file_was_read(load: Load, database: Database) -> None:
    put(database, "S")
    content = rows(row("S", tracking_number="file", quantity=9))
    load(content, run_id="r", tasks=["extract"])
    database.run("update core.shipment set tracking_number = 'meanwhile', updated_at = clock_timestamp()")
    assert load("", run_id="r", tasks=["load"]) == Counts(read=1, skipped=1)
    assert (shipment(database)["tracking_number"], lines(database)) == ("meanwhile", [(None, "A", 1)])
    load(content)
    assert (shipment(database)["tracking_number"], lines(database)) == ("file", [(None, "A", 9)])


# --- rows that cannot be taken ---


@pytest.mark.parametrize(
    ("column", "value", "reason", "said"),
    [
        (
            "order_id",
            "x-1",
            "invalid_order_id",
            "line 3: order_id must be a whole number above 0, of at most 15 digits",
        ),
        ("order_id", "0", "invalid_order_id", "(got '0')"),
        ("order_id", "-5", "invalid_order_id", "(got '-5')"),
        ("order_id", "1.5", "invalid_order_id", "(got '1.5')"),
        ("order_id", "1E+08", "invalid_order_id", "(got '1E+08')"),
        ("order_id", "1" * 16, "invalid_order_id", ""),
        ("order_id", "=1+1", "invalid_order_id", "which looks like a formula"),
        ("quantity", "", "invalid_quantity", "line 3: has no quantity."),
        ("quantity", "0", "invalid_quantity", "quantity must be a whole number from 1 to 2147483647 (got '0')"),
        ("quantity", "1.5", "invalid_quantity", "(got '1.5')"),
        ("quantity", "two", "invalid_quantity", "(got 'two')"),
        ("quantity", "-1", "negative_quantity", "(got '-1')"),
        ("quantity", "2147483648", "quantity_too_large", ""),
        ("order_product_id", "seven", "invalid_shipment_line", "order_product_id must be a whole number above 0"),
        ("master_sku", "", "invalid_shipment_line", "line 3: has neither order_product_id nor master_sku."),
        ("master_sku", "S" * 256, "invalid_record", "master_sku has more than 255 characters"),
        ("shipped_at", "yesterday", "invalid_date", "shipped_at must be a date such as"),
        ("cancelled_at", "24.13.2025", "invalid_date", "cancelled_at must be a date such as"),
        ("updated_at", "2062-01-01", "invalid_date", "updated_at lies more than a day in the future"),
        ("tracking_number", "a\0b", "unstorable_text", "tracking_number holds the character U+0000"),
    ],
)
def test_a_bad_row_leaves_its_shipment_out_and_the_others_come_in(
    load: Load, database: Database, column: str, value: str, reason: str, said: str
) -> None:
    put(database, "BAD")
    before = written(database)
    content = rows(
        row("BAD", carrier="X", **{column: ""} if column not in ("order_id", "quantity", "master_sku") else {}),
        row("BAD") | {column: value},
        row("BAD", carrier="X"),
        row("GOOD"),
    )
    assert load(content) == Counts(read=2, created=1, failed=1)
    assert [each for each in written(database) if each["shipment_key"] == "BAD"] == before
    assert problems(database) == {("shipment", "BAD", reason)}
    assert said in messages(database)
    assert database.value("select source from mart.problems") == "feed/shipment/BAD"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(""), "missing_shipment_key"),
        (row(" ", ""), "missing_shipment_key"),
        (row("K" * 256), "invalid_record"),
        (row("K\0"), "unstorable_text"),
    ],
)
def test_a_row_without_a_usable_key_is_a_problem(
    load: Load, database: Database, bad: dict[str, Any], reason: str
) -> None:
    assert load(rows(bad, row("GOOD"))) == Counts(read=2, created=1, failed=1)
    assert (problems(database), keys(database)) == ({("shipment", "line 2", reason)}, ["GOOD"])


def test_a_shipment_no_row_of_which_has_an_order_is_a_problem(load: Load, database: Database) -> None:
    content = rows(
        row("S", ""), row("S", "", "B"), row("OTHER", ""), row("OTHER", "x"), row("GOOD", "", "B"), row("GOOD")
    )
    assert load(content) == Counts(read=3, created=1, failed=2)
    assert problems(database) == {("shipment", "S", "missing_order_id"), ("shipment", "OTHER", "invalid_order_id")}
    assert "line 2: has no order_id, nor has any other line of the same shipment. Give one" in messages(database)


def test_a_row_with_other_values_than_columns_leaves_the_shipment_out_that_it_names(
    load: Load, database: Database
) -> None:
    content = f"{HEAD}BAD,1,1\nBAD,1,1,B\nWORSE,1,1,A,more\nFINE,1,1,A\n"
    assert load(content) == Counts(read=3, created=1, failed=2)
    assert problems(database) == {("shipment", "BAD", "invalid_record"), ("shipment", "WORSE", "invalid_record")}


def test_one_problem_says_all_that_is_wrong_with_a_row(load: Load, database: Database) -> None:
    load(rows(row("S", "x", quantity="y", shipped_at="z"), row("GOOD")))
    assert problems(database) == {("shipment", "S", "invalid_order_id")}
    assert "got 'x'); quantity must be" in messages(database)
    assert "(got 'y'); shipped_at must be" in messages(database)


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("order_id", "1", "2"), ("tracking_number", "a", "A"), ("carrier", "UPS", "DHL"), ("shipping_method", "a", "b"),
        ("tracking_link", "https://a", "https://b"), ("shipped_at", "2025-11-24", "2025-11-25"),
        ("cancelled_at", "2025-11-24", "2025-11-25"),
    ],
)  # fmt: skip
def test_rows_that_disagree_about_their_shipment_are_a_problem(
    load: Load, database: Database, column: str, one: str, other: str
) -> None:
    content = rows(
        row("S", "") | {column: ""}, row("S", "") | {column: one}, row("S", "") | {column: other},
        row("R", "9") | {column: other},
    )  # fmt: skip
    assert load(content) == Counts(read=2, created=1, failed=1)
    assert (keys(database), problems(database)) == (["R"], {("shipment", "S", "rows_disagree")})
    said = f"line 4: says otherwise than line 3 of the same shipment: {column}. Give all lines of the"
    assert said in messages(database)


def test_a_blank_beside_a_value_and_the_same_moment_written_otherwise_agree(load: Load, database: Database) -> None:
    content = rows(
        row("S", "", "A", tracking_number="", shipped_at="2025-11-24T12:00:00Z"),
        row("S", "101", "B", tracking_number="T", shipped_at="2025-11-24 13:00+01:00"),
        row("S", "", "C", tracking_number="", shipped_at=""),
    )
    assert load(content).created == 1
    found = shipment(database)
    assert (found["order_id"], found["tracking_number"], found["shipped_at"]) == (101, "T", NOON)


def test_a_problem_closes_when_a_later_file_has_the_shipment_right(load: Load, database: Database) -> None:
    load(rows(row("S", quantity="x"), row("R", quantity="x"), row("", 1), row("GOOD")))
    first = database.value("select first_seen from mart.problems where entity_key = 'R'")
    load(rows(row("R", quantity="y"), row("GOOD")))
    assert problems(database) == {("shipment", "S", "invalid_quantity"), ("shipment", "R", "invalid_quantity")}
    assert database.value("select first_seen from mart.problems where entity_key = 'R'") == first
    load(rows(row("S", "x"), row("R")))
    assert problems(database) == {("shipment", "S", "invalid_order_id")}
    load(rows(row("S")))
    assert (problems(database), keys(database)) == (set(), ["GOOD", "R", "S"])


def test_problems_end_a_run_red_where_a_setting_says_so_and_the_rest_is_loaded(load: Load, database: Database) -> None:
    load(rows(row("S", quantity="x"), row("R")), problems_fail_run=True)
    run = database.row("select state, failed, created from mart.runs")
    assert run == {"state": "failed", "failed": 1, "created": 1}


# --- files that are refused ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "shipments.csv: is empty"),
        ("order_id,quantity,master_sku\n1,1,A\n", "has no column 'shipment_key'"),
        ("shipment_key,quantity,master_sku\nS,1,A\n", "has no column 'order_id'"),
        ("shipment_key,order_id,master_sku\nS,1,A\n", "has no column 'quantity'"),
        ("shipment_key,order_id,quantity\nS,1,1\n", "has neither the column 'order_product_id' nor 'master_sku'"),
        (
            "shipment_key,order_id,quantity,master_sku,weight\nS,1,1,A,2\n",
            "not known: 'weight'; known are shipment_key",
        ),
        ("shipment_key,order_id,quantity,master_sku,Quantity\nS,1,1,A,2\n", "has the column 'quantity' twice"),
        (f"{HEAD}S,1,1,Ä\n".encode("latin-1"), "is not UTF-8: byte 0xC4"),
        (f'{HEAD}"S,1,1,A\n', "line 2: is no CSV record"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_with_the_place(
    load: Load, database: Database, content: Content, said: str
) -> None:
    with pytest.raises(FeedRefused) as caught:
        load(content)
    assert said in str(caught.value)
    assert keys(database) == []
    assert database.value("select state from mart.runs") == "failed"
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0


def test_a_file_without_rows_is_refused_and_one_that_has_shrunk_where_a_setting_says_so(load: Load) -> None:
    many = rows(*(row(f"S-{number}", master_sku=sku) for number in range(10) for sku in ("A", "B")))
    few = rows(row("S-1"), row("S-1", master_sku="B"), row("S-2", quantity="x"))
    load(many)
    with pytest.raises(RunStopped, match="has a header and no rows"):
        load(HEAD, params={"confirm_large_change": True})
    said = "has 2 shipments, and the last file that was loaded had 10: max_shrink_share allows it to lose 50%"
    with pytest.raises(RunStopped, match=said):
        load(few, max_shrink_share=0.5)
    assert load(few, max_shrink_share=0.5, channel="other").created == 1
    assert load(few).unchanged == 1


def test_a_file_whose_every_shipment_is_bad_is_refused_with_its_problems(load: Load, database: Database) -> None:
    put(database, "S")
    content = rows(row("S", quantity="x"), row("S"), row("R", 1), row("R", 2))
    said = "all 4 rows of the file are bad, or of a shipment that has a bad one, such as S: line 2: quantity must be"
    with pytest.raises(RunStopped, match=said):
        load(content, params={"confirm_large_change": True})
    assert problems(database) == {("shipment", "S", "invalid_quantity"), ("shipment", "R", "rows_disagree")}
    assert "the rest was loaded" not in messages(database)
    assert (keys(database), due(database)) == (["S"], [])


def test_without_a_path_it_says_where_to_set_it(load: Load) -> None:
    with pytest.raises(SettingsError, match=r"channel 'shop': .*load_shipments.path: says no file to load"):
        load(HEAD, path=None)


def test_columns_that_are_to_be_ignored_may_be_there(load: Load, database: Database) -> None:
    load(rows(row("S", Warehouse="North")), ignored_columns=["warehouse"])
    assert keys(database) == ["S"]


# --- killed, repeated, tried ---

MIXED = rows(
    row("S", master_sku="A", quantity=5, tracking_number="new"),
    row("S", master_sku="B", tracking_number=""),
    row("R", 102, tracking_number="R"),
    row("BAD", quantity="x"),
    row("SAME", tracking_number="T"),
)
OF_MIXED = Counts(read=4, created=1, updated=1, unchanged=1, failed=1)


def state(database: Database) -> tuple[Any, ...]:
    found = database.rows(
        "select s.shipment_key, order_id, tracking_number, carrier, version, order_product_id, master_sku, quantity"
        " from core.shipment as s left join core.shipment_item as i using (channel, shipment_key)"
        " order by s.shipment_key, master_sku"
    )
    return found, problems(database)


def test_a_dry_run_writes_nothing_but_its_own_row_and_says_what_it_would_do(
    load: Load, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    put(database, "S")
    put(database, "SAME")
    before = state(database), written(database)
    with caplog.at_level(logging.INFO):
        assert load(MIXED, params={"dry_run": True}) == OF_MIXED
    assert (state(database), written(database)) == before
    assert database.value("select count(*) from ops.problem") == 0
    assert "S: would be changed: tracking_number, lines" in caplog.text
    assert "R: would be created, for order 102, lines: 1" in caplog.text
    assert "BAD: invalid_quantity: line 5: quantity must be" in caplog.text
    run = database.row("select dry_run, state, created from mart.runs")
    assert run == {"dry_run": True, "state": "success", "created": 1}


def test_a_reading_that_broke_off_begins_anew_and_ends_as_an_undisturbed_one(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ROWS_PER_CHUNK", 10)
    content = rows(*(row(f"S-{number}") for number in range(100))).encode()
    with pytest.raises(OSError, match="the connection is lost"):
        load(lambda: Broken(content, 600), run_id="r", tasks=["extract"])
    assert keys(database) == []
    assert load(content, run_id="r") == Counts(read=100, created=100)
    assert database.value("select count(*) from core.shipment_item") == 100


@pytest.mark.parametrize(
    "statement",
    [
        "date_rows",
        "judge_lines",
        "judge_shipments",
        "merge_shipments",
        "merge_lines",
        "close_problems",
        "count_outcome",
    ],
)
def test_a_load_killed_at_any_statement_has_written_nothing_and_its_repeat_everything(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    put(database, "S")
    put(database, "SAME")
    before = state(database)

    def killed(method: Any) -> Any:
        def broken(self: Any, name: str, **values: Any) -> Any:
            done = method(self, name, **values)
            if name == f"load_shipments/{statement}":
                raise OSError("killed")
            return done

        return broken

    with monkeypatch.context() as patched:
        patched.setattr(Session, "run", killed(Session.run))
        patched.setattr(Session, "row", killed(Session.row))
        with pytest.raises(OSError, match="killed"):
            load(MIXED, run_id="r")
    assert state(database) == before
    assert load(MIXED, run_id="r", tasks=["load"]) == OF_MIXED
    once = state(database)
    assert load("", run_id="r", tasks=["load"]) == OF_MIXED
    assert state(database) == once
    assert due(database) == ["R", "S"]


def test_what_somebody_writes_while_a_load_is_judged_stays(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database, "S")
    run = Session.run

    def meanwhile(self: Session, name: str, **values: Any) -> int:
        if name == "load_shipments/merge_shipments":
            database.run("update core.shipment set tracking_number = 'meanwhile', updated_at = clock_timestamp()")
            database.run("insert into core.shipment (channel, shipment_key, order_id) values ('shop', 'R', 7)")
        return run(self, name, **values)

    monkeypatch.setattr(Session, "run", meanwhile)
    load(MIXED)
    assert (shipment(database)["tracking_number"], lines(database)) == ("meanwhile", [(None, "A", 1)])
    assert (shipment(database, "R")["order_id"], lines(database, "R")) == (7, [])


def test_a_crash_of_the_database_after_the_reading_is_no_empty_file(load: Load, database: Database) -> None:
    load(MIXED, run_id="r", tasks=["extract"])
    for each in database.rows("select tablename from pg_tables where schemaname = 'staging'"):
        database.run(f"truncate staging.{each['tablename']}")
    assert load(MIXED, run_id="r", tasks=["load"]).created == 3


def test_a_stalled_reading_cannot_write_after_its_retry_began(load: Load) -> None:
    stalled, go_on = threading.Event(), threading.Event()
    ended: list[type[BaseException]] = []

    class Stalling(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 4:
                stalled.set()
                go_on.wait(20)
            return super().read(size)

    def first() -> None:
        try:
            load(lambda: Stalling(MIXED.encode()), run_id="r", tasks=["extract"])
        except BaseException as error:
            ended.append(type(error))

    worker = threading.Thread(target=first)
    worker.start()
    assert stalled.wait(20)
    assert load(MIXED, run_id="r").created == 3
    go_on.set()
    worker.join(20)
    assert ended == [RunSuperseded]


# --- Parquet ---


def test_a_parquet_file_is_read_by_its_types(load: Load, database: Database) -> None:
    table = pa.table(
        {
            "Shipment_Key": pa.array(["S", "S", "R"]).dictionary_encode(),
            "order_id": pa.array([101.0, None, 102.0], pa.float64()),
            "order_product_id": pa.array([7, 8, None], pa.int64()),
            "master_sku": [None, "B", "C"],
            "quantity": pa.array([1, 2, 3], pa.int32()),
            "shipped_at": pa.array([NOON, None, None], pa.timestamp("us", tz="Europe/Paris")),
            "tracking_number": pa.array([1, None, 2], pa.int64()),
        }
    )
    assert load(parquet(table)) == Counts(read=2, created=2)
    assert lines(database) == [(7, None, 1), (8, "B", 2)]
    assert (shipment(database)["order_id"], shipment(database)["shipped_at"]) == (101, NOON)
    assert shipment(database, "R")["tracking_number"] == "2"
    assert load(parquet(table)) == Counts(read=2, unchanged=2)
