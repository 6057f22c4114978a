"""A file's stock and prices come in, all of it or nothing; what cannot be taken is a problem, the rest is loaded."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from storekeeper.operations import feed, load_inventory
from storekeeper.outcomes import Counts, FeedRefused, RunStopped, RunSuperseded, SettingsError
from storekeeper.settings import LoadInventory
from tests.databases import Database
from tests.operations.feed_files import Broken, Content, opens, parquet

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)
EVERYTHING = "select master_sku, quantity, price, updated_at from core.inventory_item order by lower(master_sku)"
BAD = "quantity must be a whole number from 0 to 2147483647"


class Load:
    """One run of the feed, both steps as Airflow would run them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers = itertools.count(1)

    def __call__(
        self,
        content: Content | Callable[[], Any],
        *,
        run_id: str | None = None,
        tasks: Collection[str] = tuple(load_inventory.STEPS),
        params: dict[str, Any] | None = None,
        size: int | None = None,
        **settings: Any,
    ) -> Counts:
        """Run it.

        :param content: the file's, or what opens it as a stream.
        :param tasks: only these, of the run with this ``run_id``; without the last one it counts nothing.
        :param params: of this run alone.
        :param settings: of the feed.
        """

        configured = LoadInventory.model_validate({"path": "stock.csv", **settings})
        run_id = run_id or f"run-{next(self._numbers)}"
        warehouse = self._database.warehouse()
        done: dict[str, Any] = {}
        try:
            for task, work in load_inventory.STEPS.items():
                if task not in tasks:
                    continue
                with load_inventory.attempt(
                    task, warehouse, configured, run_id=run_id, params=params or {}, open_file=opens(content, size)
                ) as opened_run:
                    done = work(opened_run)
            return Counts(**done) if "load" in tasks else Counts()
        finally:
            warehouse.close()


@pytest.fixture
def load(database: Database) -> Load:
    return Load(database)


def items(database: Database) -> dict[str, tuple[int | None, Decimal | None]]:
    return {row["master_sku"]: (row["quantity"], row["price"]) for row in database.rows(EVERYTHING)}


def problems(database: Database) -> set[tuple[str, str]]:
    found = database.rows(
        "select entity, entity_key, reason from mart.problems"
        " where channel = '*' and operation = 'load_inventory' and open"
    )
    assert {row["entity"] for row in found} <= {"inventory_item"}
    return {(row["entity_key"], row["reason"]) for row in found}


def message(database: Database) -> str:
    return str(database.value("select message from mart.problems where open"))


def put(database: Database, sku: str, quantity: int | None, price: Any = None, at: datetime = NOON) -> None:
    database.run("insert into core.inventory_item values (%s, %s, %s, %s)", sku, quantity, price, at)


# --- what comes in ---


def test_a_file_makes_items_and_changes_those_that_differ(load: Load, database: Database) -> None:
    put(database, "A-1", 1, 10)
    put(database, "A-2", 2, 20)
    put(database, "OTHER", 5, 50)
    counts = load("master_sku,quantity,price\nA-1,7,10\nA-2,2,20.00\nA-3,3,\n")
    assert counts == Counts(read=3, created=1, updated=1, unchanged=1)
    assert items(database) == {
        "A-1": (7, Decimal(10)),
        "A-2": (2, Decimal(20)),
        "A-3": (3, None),
        "OTHER": (5, Decimal(50)),
    }
    run = database.row("select * from mart.runs where operation = 'load_inventory'")
    assert (run["channel"], run["state"], run["read"], run["created"], run["updated"]) == ("*", "success", 3, 1, 1)
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0


def test_the_same_file_again_writes_nothing(load: Load, database: Database) -> None:
    content = "master_sku,quantity,price\nA-1,7,10\na-2,,5\n"
    load(content)
    written = "select xmin::text, master_sku, updated_at from core.inventory_item order by master_sku"
    before = database.rows(written)
    assert load(content) == Counts(read=2, unchanged=2)
    assert database.rows(written) == before


def test_a_known_item_keeps_its_letter_case_and_a_sku_that_looks_like_a_formula_is_text(
    load: Load, database: Database
) -> None:
    put(database, "Lamp-1", 1)
    load('master_sku,quantity\nLAMP-1,2\n=1+1,3\n-7,4\n@x,5\n+1,6\n" 007 ",7\n')
    assert items(database) == {
        "Lamp-1": (2, None), "=1+1": (3, None), "-7": (4, None), "@x": (5, None), "+1": (6, None), "007": (7, None),
    }  # fmt: skip


def test_a_sku_that_looks_like_a_statement_or_a_sign_of_copy_is_text(load: Load, database: Database) -> None:
    skus = [
        "x'; drop table core.inventory_item; --",
        "' or '1'='1",
        ":run_no",
        "%s",
        "{{ 7 * 7 }}",
        "\\N",
        "\\.",
        "a\tb",
    ]
    load("master_sku,quantity\n" + "".join(f"{sku},1\n" for sku in skus))
    assert items(database) == dict.fromkeys(skus, (1, None))


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("master_sku", "A-1", (1, Decimal(10))),
        ("master_sku,price", "A-1,7.5", (1, Decimal("7.5"))),
        ("quantity,master_sku", "9,A-1", (9, Decimal(10))),
        ("master_sku,quantity,price", "A-1,,7", (1, Decimal(7))),
        (" Master_SKU ,QUANTITY", "A-1,3.0", (3, Decimal(10))),
        ("master_sku,quantity", "A-1,1E+3", (1000, Decimal(10))),
        ("master_sku,price", "A-1,0.10", (1, Decimal("0.10"))),
    ],
)
def test_a_column_or_value_that_is_not_there_leaves_the_field_as_it_is(
    load: Load, database: Database, header: str, row: str, expected: Any
) -> None:
    put(database, "A-1", 1, 10)
    load(f"{header}\n{row}\n")
    assert items(database) == {"A-1": expected}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system_and_a_byte_order_mark_is_no_part_of_the_header(
    load: Load, database: Database, end: str
) -> None:
    load(
        b"\xef\xbb\xbf" + end.join(["master_sku;quantity", "Lampe-Ä;3", "", '"a;""b""\n";4', ""]).encode(),
        delimiter=";",
    )
    assert items(database) == {"Lampe-Ä": (3, None), 'a;"b"': (4, None)}


def test_columns_that_are_to_be_ignored_may_be_there(load: Load, database: Database) -> None:
    load("Colour,master_sku,quantity\nred,A-1,3\n", ignored_columns=["colour"])
    assert items(database) == {"A-1": (3, None)}


def test_many_chunks_come_in_whole(load: Load, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "ROWS_PER_CHUNK", 7)
    lines = "".join(f"A-{number},{number}\n" for number in range(100))
    assert load(f"master_sku,quantity\n{lines}").created == 100
    assert database.value("select sum(quantity) from core.inventory_item") == 4950


# --- when ---


def test_an_older_row_never_wins_and_a_newer_one_does(load: Load, database: Database) -> None:
    for sku in ("OLDER", "SAME", "NEWER", "CONFIRMED", "BLANK"):
        put(database, sku, 1)
    counts = load(
        "master_sku,quantity,updated_at\n"
        "OLDER,2,2025-11-24T11:59:59Z\n"
        "SAME,2,2025-11-24 13:00:00+01:00\n"
        "NEWER,2,2025-11-24T12:00:01\n"
        "CONFIRMED,1,2025-11-24T12:00:01Z\n"
        "BLANK,1,\n"
    )
    assert counts == Counts(read=5, updated=3, unchanged=1, skipped=1)
    found = {row["master_sku"]: (row["quantity"], row["updated_at"]) for row in database.rows(EVERYTHING)}
    assert found["OLDER"] == (1, NOON)
    assert found["SAME"] == (2, NOON)
    assert found["NEWER"] == (2, NOON + timedelta(seconds=1))
    assert found["CONFIRMED"] == (1, NOON + timedelta(seconds=1))
    assert found["BLANK"] == (1, NOON)


def test_a_row_without_a_date_is_as_of_the_moment_before_the_file_was_read(load: Load, database: Database) -> None:
    """What somebody writes while the file is read is newer than the file."""
    put(database, "A-1", 1)
    load("master_sku,quantity\nA-1,2\nA-2,2\n", run_id="r", tasks=["extract"])
    between = database.value("select clock_timestamp()")
    database.run("update core.inventory_item set quantity = 9, updated_at = clock_timestamp() where master_sku = 'A-1'")
    counts = load("", run_id="r", tasks=["load"])
    assert counts == Counts(read=2, created=1, skipped=1)
    assert items(database) == {"A-1": (9, None), "A-2": (2, None)}
    assert database.value("select updated_at from core.inventory_item where master_sku = 'A-2'") < between


def test_a_date_in_the_future_is_a_problem_and_beats_no_later_row(load: Load, database: Database) -> None:
    def after(hours: int) -> datetime:
        return datetime.now(UTC) + timedelta(hours=hours)

    put(database, "LATE", 5)
    put(database, "NEW-YEAR", 5)
    content = f"master_sku,quantity,updated_at\nLATE,9,2062-01-01\nNEW-YEAR,8,{after(25)}\nCLOCK,7,{after(23)}\n"
    assert load(content, missing_rows="zero") == Counts(read=3, created=1, failed=2)
    assert items(database) == {"CLOCK": (7, None), "LATE": (5, None), "NEW-YEAR": (5, None)}
    assert problems(database) == {("LATE", "invalid_date"), ("NEW-YEAR", "invalid_date")}
    load("master_sku,quantity\nLATE,1\nNEW-YEAR,2\n")
    assert items(database) == {"CLOCK": (7, None), "LATE": (1, None), "NEW-YEAR": (2, None)}
    assert problems(database) == set()


# --- the same SKU twice ---


def test_identical_rows_count_once_whatever_their_letter_case(load: Load, database: Database) -> None:
    counts = load("master_sku,quantity,price\nabc,1,2\nABC,1,2.0\nABC,1,2\n")
    assert counts == Counts(read=1, created=1)
    assert items(database) == {"abc": (1, Decimal(2))}


def test_of_rows_with_different_dates_the_newest_counts(load: Load, database: Database) -> None:
    load(
        "master_sku,quantity,updated_at\nA,1,2025-11-24T12:00:00Z\na,2,2025-11-24T12:00:05Z\nA,3,2025-11-24T11:00:00Z\n"
        "B,1,2025-11-24T12:00:00Z\nB,2,\n"
    )
    assert items(database) == {"a": (2, None), "B": (2, None)}


@pytest.mark.parametrize(
    "rows", ["A,1,\na,2,\n", "A,1,5\nA,1,\n", "A,1,\nA,,\n"], ids=["quantity", "price", "one blank"]
)
def test_rows_that_differ_and_are_equally_new_are_a_problem_and_none_is_loaded(
    load: Load, database: Database, rows: str
) -> None:
    put(database, "a", 7, 7)
    assert load(f"master_sku,quantity,price\n{rows}B,1,\n") == Counts(read=2, created=1, failed=1)
    assert items(database) == {"a": (7, Decimal(7)), "B": (1, None)}
    assert problems(database) == {("A", "duplicate_in_feed")}
    assert "2 lines, the first 2 and the last 3, give it different values" in message(database)


def test_a_tie_among_the_newest_is_a_problem_too(load: Load, database: Database) -> None:
    late = "2025-11-24T12:00:05Z"
    load(f"master_sku,quantity,updated_at\nA,1,{late}\nA,2,{late}\nA,3,2025-11-24T11:00:00Z\nB,1,\n")
    assert items(database) == {"B": (1, None)}
    assert problems(database) == {("A", "duplicate_in_feed")}


# --- rows that cannot be taken ---


@pytest.mark.parametrize(
    ("column", "value", "reason", "said"),
    [
        ("quantity", "many", "invalid_quantity", f"line 2: {BAD} (got 'many')."),
        ("quantity", "1.5", "invalid_quantity", f"{BAD} (got '1.5')"),
        ("quantity", "-1", "negative_quantity", f"{BAD} (got '-1')"),
        ("quantity", "2147483648", "quantity_too_large", f"{BAD} (got '2147483648')"),
        ("quantity", "9" * 5000, "invalid_quantity", "..."),
        ("quantity", "1e99", "quantity_too_large", "(got '1e99')"),
        ("quantity", "=1+1", "invalid_quantity", "(got '=1+1', which looks like a formula)"),
        ("quantity", "1 000", "invalid_quantity", "(got '1 000')"),
        ("quantity", "1_0", "invalid_quantity", "(got '1_0')"),
        ("quantity", "٣", "invalid_quantity", "(got '٣')"),
        ("quantity", "nan", "invalid_quantity", "(got 'nan')"),
        ("price", "-0.01", "invalid_price", "price must be a number of 0 or more (got '-0.01')"),
        ("price", "NaN", "invalid_price", "(got 'NaN')"),
        ("price", "Infinity", "invalid_price", "(got 'Infinity')"),
        ("price", "-inf", "invalid_price", "(got '-inf')"),
        ("price", "=1+1", "invalid_price", "which looks like a formula"),
        ("price", "+A1", "invalid_price", "which looks like a formula"),
        ("price", "@SUM(1)", "invalid_price", "which looks like a formula"),
        ("price", "1e16", "invalid_price", "more than 15 digits"),
        ("price", "1e-99", "invalid_price", "more than 15 digits"),
        ("price", "$5", "invalid_price", "(got '$5')"),
        ("price", "5\x000", "unstorable_text", "price holds the character U+0000"),
        ("updated_at", "yesterday", "invalid_date", "updated_at must be a date such as"),
        ("updated_at", "2026-02-30", "invalid_date", "(got '2026-02-30')"),
        ("updated_at", "0001-01-01T00:00:00+23:00", "invalid_date", ""),
        ("updated_at", "infinity", "invalid_date", ""),
        ("updated_at", "24.11.2026", "invalid_date", ""),
        ("updated_at", "1764000000", "invalid_date", ""),
        ("updated_at", "9999-12-31T23:59:59Z", "invalid_date", "lies more than a day in the future (got '9999-"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_taken_is_a_problem_and_the_rest_comes_in(
    load: Load, database: Database, column: str, value: str, reason: str, said: str
) -> None:
    put(database, "BAD", 3, 4)
    row = {"master_sku": "BAD", "quantity": "1", "price": "1", "updated_at": ""} | {column: value}
    content = f"{','.join(row)}\n{','.join(row.values())}\nGOOD,1,1,\n"
    assert load(content) == Counts(read=2, created=1, failed=1)
    assert items(database) == {"BAD": (3, Decimal(4)), "GOOD": (1, Decimal(1))}
    assert problems(database) == {("BAD", reason)}
    assert said in message(database)
    assert len(message(database)) < 400


@pytest.mark.parametrize(
    ("row", "key", "reason"),
    [
        (",1", "line 2", "missing_master_sku"),
        ("  ,1", "line 2", "missing_master_sku"),
        ("A\0B,1", "line 2", "unstorable_text"),
        ("A" * 256 + ",1", "line 2", "invalid_record"),
        ("A", "A", "invalid_record"),
        ("A,1,2", "A", "invalid_record"),
    ],
)
def test_a_row_without_a_usable_sku_or_with_other_values_than_columns_is_a_problem(
    load: Load, database: Database, row: str, key: str, reason: str
) -> None:
    assert load(f"master_sku,quantity\n{row}\nGOOD,1\n") == Counts(read=2, created=1, failed=1)
    assert items(database) == {"GOOD": (1, None)}
    assert problems(database) == {(key, reason)}


def test_all_that_is_wrong_with_a_row_is_said_and_it_counts_once(load: Load, database: Database) -> None:
    assert load("master_sku,quantity,price\nA,x,y\nB,1,1\n").failed == 1
    assert problems(database) == {("A", "invalid_quantity"), ("A", "invalid_price")}


def test_a_problem_closes_when_a_later_file_no_longer_has_it(load: Load, database: Database) -> None:
    load("master_sku,quantity\nA,x\nB,-1\nC,1\n")
    first = database.value("select first_seen from mart.problems where entity_key = 'B'")
    load("master_sku,quantity\nC,1\nA,1\nB,-2\n")
    assert problems(database) == {("B", "negative_quantity")}
    assert database.value("select first_seen from mart.problems where entity_key = 'B'") == first
    load("master_sku,quantity\nC,1\nA,1\n")
    assert problems(database) == set()


def test_problems_end_a_run_red_where_a_setting_says_so_and_the_rest_is_loaded(load: Load, database: Database) -> None:
    load("master_sku,quantity\nA,x\nB,1\n", problems_fail_run=True)
    run = database.row("select state, failed, created, message from mart.runs")
    assert (run["state"], run["failed"], run["created"]) == ("failed", 1, 1)
    assert "problems_fail_run" in run["message"]


# --- files that are refused ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "stock.csv: is empty"),
        ("\n\n", "stock.csv: is empty"),
        ("sku,quantity\nA,1\n", "has no column 'master_sku'; its header names 'sku', 'quantity'"),
        ("master_sku;quantity\nA;1\n", "is the delimiter ';'? It is set to ','"),
        ("master_sku,colour,size\nA,1,2\n", "not known: 'colour', 'size'; known are master_sku, quantity"),
        ("master_sku,quantity,\nA,1,\n", "one without a name (column 3)"),
        ("master_sku,colour,,\nA,1,,\n", "not known: 'colour', one without a name (column 3), one without a name"),
        ("master_sku,MASTER_SKU\nA,B\n", "has the column 'master_sku' twice"),
        ("master_sku,quantity\nA,1\nÄ,1\n".encode("latin-1"), "is not UTF-8: byte 0xC4 at position 24, in line 3"),
        ("master_sku,quantity\nA,1\n".encode("utf-16"), "is not UTF-8: byte 0xFF at position 0, in line 1"),
        (b"master_sku\nA\xc3", "is not UTF-8: byte 0xC3 at position 12, in line 2"),
        (b"\xef\xbb\xbfmaster_sku\nA\xff\n", "is not UTF-8: byte 0xFF at position 15, in line 2"),
        ('master_sku,quantity\nA,1\n"B,2\nC,3\n', "line 3: is no CSV record"),
        ("master_sku\n" + "A" * 3_000_000, "stock.csv: has a line of more than"),
        (b"PAR1 and nothing else", "is no Parquet file"),
        (b"\x1f\x8b\x08\x00", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_with_the_place(
    load: Load, database: Database, content: Content, said: str
) -> None:
    put(database, "A", 5)
    with pytest.raises(FeedRefused) as caught:
        load(content)
    assert said in str(caught.value)
    assert items(database) == {"A": (5, None)}
    run = database.row("select state, message from mart.runs")
    assert run["state"] == "failed"
    assert said in run["message"]
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("root:x:0:0:root:/root:/bin/bash", "its header names 1 that is no column name;"),
        ("HOME=/root\0AIRFLOW_CONN_X=postgres://x:secret@y", "its header names 1 that is no column name;"),
        ("postgresql://keeper:secret@db/warehouse", "its header names 1 that is no column name;"),
        ("sku,4c1f,s3cret!,Price (net)", "its header names 'sku' and 3 more that are no column names;"),
        ("sku,wJalrXUtnFEMIK7MDENGb", "its header names 'sku' and 1 more that is no column name;"),
        ("sku,deadbeef00deadbeef0011", "its header names 'sku' and 1 more that is no column name;"),
        ("sku,Recommended Retail Price 2", "its header names 'sku', 'Recommended Retail Price 2';"),
        ("Größe,recommendedretailpriceeur", "its header names 'Größe', 'recommendedretailpriceeur';"),
        ("sku," + "x" * 31, "its header names 'sku' and 1 more that is no column name;"),
        ("master_sku,s3cret!,colour,a:b", "not known: 'colour' and 2 more that are no column names; known are"),
        ("master_sku,s3cret!,a:b,", "not known: 2 that are no column names, one without a name (column 4); known are"),
    ],
)
def test_a_file_that_is_no_feed_does_not_show_its_first_line(
    load: Load, database: Database, header: str, said: str
) -> None:
    with pytest.raises(FeedRefused) as caught:
        load(f"{header}\nA,1\n")
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert said in database.value("select message from mart.runs")


def test_a_bad_byte_far_into_the_file_is_found_and_nothing_was_loaded(load: Load, database: Database) -> None:
    rows = b"".join(b"A-%07d,1\n" % number for number in range(200_000))
    content = b"master_sku,quantity\n" + rows
    assert len(content) > 2 * 1024 * 1024
    with pytest.raises(FeedRefused, match=f"position {len(content):,}, in line 200,002"):
        load(content + b"\xe9,1\n")
    assert items(database) == {}


def test_a_file_that_is_too_large_is_refused_before_it_is_read_and_while(load: Load, database: Database) -> None:
    def never() -> Any:
        return Broken(b"master_sku\n", 0)

    with pytest.raises(FeedRefused, match=r"larger than max_megabytes allows \(1 MB\)"):
        load(never, size=10 * 1024**3, max_megabytes=1)
    with pytest.raises(FeedRefused, match="larger than max_megabytes"):
        load("master_sku\n" + "A-1\n" * 300_000, max_megabytes=1)
    assert items(database) == {}


@pytest.mark.parametrize("missing", [None, "", "  "])
def test_without_a_path_it_says_where_to_set_it(load: Load, missing: str | None) -> None:
    with pytest.raises(SettingsError, match="path: says no file to load: set it, or give this run the parameter path"):
        load("master_sku\nA\n", path=missing)


def test_a_file_without_rows_is_refused_whoever_confirms(load: Load, database: Database) -> None:
    put(database, "A", 5)
    with pytest.raises(RunStopped, match="has a header and no rows"):
        load("master_sku,quantity\n", missing_rows="zero", params={"confirm_large_change": True})
    assert items(database) == {"A": (5, None)}


def test_a_shrunken_file_is_refused_unless_confirmed(load: Load, database: Database) -> None:
    def rows(count: int) -> str:
        return "master_sku,quantity\n" + "".join(f"A-{number},1\n" for number in range(count))

    load(rows(10))
    load(rows(1), params={"dry_run": True})  # says so, and sets no new measure
    load(rows(5))
    load(rows(10))
    with pytest.raises(RunStopped, match=r"has 4 SKUs, and the last file that was loaded had 10: .* lose 50%"):
        load(rows(4), run_id="small")
    assert database.value("select state from mart.runs where run_id = 'small'") == "failed"
    assert load(rows(4), max_shrink_share=0.6).unchanged == 4
    assert load(rows(1), params={"confirm_large_change": True}).unchanged == 1


def test_a_file_is_compared_with_the_last_one_of_its_own_path(load: Load, database: Database) -> None:
    def rows(count: int) -> str:
        return "master_sku,quantity\n" + "".join(f"A-{number},1\n" for number in range(count))

    correction, other = {"path": "correction.csv"}, {"path": "other.csv"}
    load(rows(60))
    load(rows(2), params=correction)
    load(rows(201), params=other)
    for count, last, params in ((20, 60, {}), (20, 201, other), (20, 60, {"path": "stock.csv"})):
        with pytest.raises(RunStopped, match=f"has {count} SKUs, and the last file that was loaded had {last}:"):
            load(rows(count), params=params)
    load(rows(50))
    load(rows(2), params=correction)
    load(rows(90), params={"path": " stock.csv "})  # as Airflow gives the configured path to every run
    with pytest.raises(RunStopped, match="has 40 SKUs, and the last file that was loaded had 90:"):
        load(rows(40))


def test_a_file_is_measured_by_its_skus_however_often_it_has_them(load: Load, database: Database) -> None:
    def rows(count: int) -> str:
        return "".join(f"A-{number},1\n" for number in range(count))

    header = "master_sku,quantity\n"
    load(header + rows(10))
    load(header + rows(10) * 3 + rows(10).lower())
    load(header + rows(9))
    load(header + "".join(f"A-{number},x\n" for number in range(9)) + "A-9,1\n")  # they name their SKUs
    for unusable in (",1\n", "\0,1\n", "A" * 256 + ",1\n", "A-0,1\n"):
        with pytest.raises(RunStopped, match="has 1 SKUs, and the last file that was loaded had 10"):
            load(header + "a-0,1\n" + unusable * 9)
    assert items(database) == {f"A-{number}": (1, None) for number in range(10)}


@pytest.mark.parametrize(
    ("rows", "said", "found"),
    [
        ("A,x\nB,1.5\n", f"all 2 rows of the file are bad, such as A: line 2: {BAD} (got 'x').",
         {("A", "invalid_quantity"), ("B", "invalid_quantity")}),
        ("A,1\na,2\nA,1\n", "all 3 rows of the file are bad, such as A: 3 lines", {("A", "duplicate_in_feed")}),
        (",1\n,1\nA,1\nA,2\n", "all 4 rows of the file are bad, such as line 2: line 2: has no master_sku.",
         {("line 2", "missing_master_sku"), ("line 3", "missing_master_sku"), ("A", "duplicate_in_feed")}),
        (",1\n", "all 1 rows of the file are bad", {("line 2", "missing_master_sku")}),
    ],
)  # fmt: skip
def test_a_file_whose_every_row_is_bad_is_refused_with_its_problems(
    load: Load, database: Database, rows: str, said: str, found: set[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    load("master_sku,quantity\nA,5\nB,5\nC,5\nD,5\nE,-1\n", missing_rows="zero")
    before = items(database)
    given = {"confirm_large_change": True}
    assert load(f"master_sku,quantity\n{rows}", missing_rows="zero", params=given | {"dry_run": True}).failed > 0
    assert said in caplog.text
    with pytest.raises(RunStopped) as caught:
        load(f"master_sku,quantity\n{rows}", run_id="bad", missing_rows="zero", params=given)
    assert f"nothing was loaded: {said}" in str(caught.value)
    assert items(database) == before
    assert problems(database) == found | {("E", "negative_quantity")}  # nothing has mended that one
    assert "the rest was loaded" not in str(database.rows("select message from mart.problems where entity_key <> 'E'"))
    assert database.value("select state from mart.runs where run_id = 'bad'") == "failed"
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0
    load("master_sku,quantity\nA,5\nB,5\nC,5\nD,5\nE,1\n", missing_rows="zero")
    assert problems(database) == set()


# --- items that the file does not have ---


def test_items_that_the_file_does_not_have_are_kept_or_zeroed(load: Load, database: Database) -> None:
    put(database, "GONE", 5, 50)
    put(database, "UNMANAGED", None, 50)
    put(database, "ZERO", 0)
    put(database, "BAD", 5)
    put(database, "TWICE", 5)
    put(database, "NEWER", 5, at=datetime.now(UTC) + timedelta(days=1))
    content = "master_sku,quantity\nA,1\nbad,x\nTWICE,1\ntwice,2\n"
    load(content)
    assert items(database)["GONE"] == (5, Decimal(50))
    counts = load(content, missing_rows="zero")
    assert counts == Counts(read=4, updated=1, unchanged=1, failed=2)
    assert items(database) == {
        "A": (1, None), "GONE": (0, Decimal(50)), "UNMANAGED": (None, Decimal(50)), "ZERO": (0, None),
        "BAD": (5, None), "TWICE": (5, None), "NEWER": (5, None),
    }  # fmt: skip
    assert database.value("select array_agg(master_sku) from core.inventory_item where zeroed_by_feed") == ["GONE"]
    assert database.value("select updated_at from core.inventory_item where master_sku = 'GONE'") == NOON
    assert load(content, missing_rows="zero") == Counts(read=3, unchanged=1, failed=2)


DATED = "master_sku,quantity,updated_at\n"


@pytest.mark.parametrize(
    ("row", "quantity", "as_of"),
    [
        ("A,10,2025-11-24T12:00:00Z", 10, NOON),  # as before it was gone: an ERP's date of the last movement
        ("A,7,2025-11-23T12:00:00Z", 7, NOON - timedelta(days=1)),
        ("A,0,2025-11-23T12:00:00Z", 0, NOON - timedelta(days=1)),
        ("A,7,", 7, None),
        ("A,0,", 0, None),
    ],
)
def test_an_item_that_was_zeroed_comes_back_with_whatever_row_has_it(
    load: Load, database: Database, row: str, quantity: int, as_of: datetime | None
) -> None:
    load(f"{DATED}A,10,2025-11-24T12:00:00Z\nB,5,\n", missing_rows="zero")
    load(f"{DATED}B,5,\n", missing_rows="zero")
    assert items(database) == {"A": (0, None), "B": (5, None)}
    assert load(f"{DATED}{row}\nB,5,\n", missing_rows="zero") == Counts(read=2, updated=1, unchanged=1)
    found = database.row("select * from core.inventory_item where master_sku = 'A'")
    assert (found["quantity"], found["zeroed_by_feed"]) == (quantity, False)
    assert found["updated_at"] == as_of if as_of else found["updated_at"] > NOON
    assert load(f"{DATED}{row}\nB,5,\n", missing_rows="zero").updated == 0


def test_once_it_came_back_an_older_file_does_not_win(load: Load, database: Database) -> None:
    put(database, "A", 10)
    load(f"{DATED}B,5,\n", missing_rows="zero")
    load(f"{DATED}A,8,2025-11-20T12:00:00Z\nB,5,\n", missing_rows="zero")
    assert load(f"{DATED}A,3,2025-11-19T12:00:00Z\nB,5,\n").skipped == 1
    assert items(database)["A"] == (8, None)


def test_a_row_without_a_quantity_does_not_end_the_zero(load: Load, database: Database) -> None:
    put(database, "A", 10, 50)
    load(f"{DATED}B,5,\n", missing_rows="zero")
    prices = "master_sku,price\nA,60\n"
    load(prices)
    assert items(database)["A"] == (0, Decimal(60))
    load(f"{DATED}A,10,2025-11-24T12:00:00Z\nB,5,\n", missing_rows="zero")
    assert items(database)["A"] == (10, Decimal(60))


def test_a_zero_that_somebody_gave_is_no_feeds_to_end(load: Load, database: Database) -> None:
    put(database, "A", 10)
    put(database, "TOLD", 0)
    load(f"{DATED}B,5,\n", missing_rows="zero")
    database.run("update core.inventory_item set quantity = 4, updated_at = now() where master_sku = 'A'")
    counts = load(f"{DATED}A,10,2025-11-24T12:00:00Z\nTOLD,9,2025-11-23T12:00:00Z\nB,5,\n", missing_rows="zero")
    assert counts.skipped == 2
    assert items(database) == {"A": (4, None), "B": (5, None), "TOLD": (0, None)}


def test_a_file_that_was_read_before_the_one_that_zeroed_brings_nothing_back(load: Load, database: Database) -> None:
    put(database, "A", 10)
    load(f"{DATED}A,10,2025-11-24T12:00:00Z\nB,5,\n", run_id="slow", tasks=["extract"])
    load(f"{DATED}B,5,\n", missing_rows="zero")
    assert load("", run_id="slow", tasks=["load"]).skipped == 1
    assert items(database)["A"] == (0, None)


@pytest.mark.parametrize("known", ["A", "NEW"])
def test_a_file_that_would_zero_most_of_the_stock_is_refused_unless_confirmed(
    load: Load, database: Database, known: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With the first file ever, and with one of as many SKUs as the last, but wholly other ones."""
    stock = "".join(f"A-{number},10\n" for number in range(40))
    load(f"master_sku,quantity\n{stock}", missing_rows="zero")
    if known == "A":
        database.run("delete from ops.run")
    other = "master_sku,quantity\n" + "".join(f"{known}-{number * 3},10\n" for number in range(40))
    lost = 26 if known == "A" else 40
    said = f"the file does not have {lost} of the 40 items whose quantity is above 0"
    before = items(database)
    load(other, missing_rows="zero", params={"dry_run": True})
    assert f"without the dry run this would stop. {said}" in caplog.text
    with pytest.raises(RunStopped, match=f"{said}.* max_shrink_share allows 50%.*confirm_large_change"):
        load(other, missing_rows="zero")
    assert items(database) == before
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0
    counts = load(other, missing_rows="zero", params={"confirm_large_change": True})
    assert (counts.updated, counts.created) == (lost, lost)


@pytest.mark.parametrize("stocked", [19, 20])
def test_up_to_the_allowed_share_and_of_little_stock_anything_may_be_zeroed(
    load: Load, database: Database, stocked: int
) -> None:
    for number in range(stocked):
        put(database, f"A-{number}", 1)
    for number in range(30):
        put(database, f"EMPTY-{number}", 0)
    kept = 10 if stocked == 20 else 0
    content = "master_sku,quantity\nNEW,1\n" + "".join(f"A-{number},1\n" for number in range(kept))
    assert load(content, missing_rows="zero").updated == stocked - kept


@pytest.mark.parametrize(
    "row",
    [
        "{},x,,", "{},-1,,", "{},1,x,", "{},1,,yesterday", "{},1", "{},1,,,,", '"{}\0",1,,', "{},1,,\n{},2,,",
        " {} ,1.5,,",
    ],
)  # fmt: skip
@pytest.mark.parametrize("sku", ["Lamp-Ä", "LAMP-ä"])
def test_an_item_is_never_zeroed_because_its_row_is_bad(load: Load, database: Database, sku: str, row: str) -> None:
    put(database, "Lamp-Ä", 5)
    put(database, "GONE", 5)
    content = f"master_sku,quantity,price,updated_at\nA,1,,\n{row.format(sku, sku)}\n"
    assert load(content, missing_rows="zero") == Counts(read=3, created=1, updated=1, failed=1)
    assert items(database) == {"A": (1, None), "GONE": (0, None), "Lamp-Ä": (5, None)}


def test_a_file_of_prices_alone_zeroes_nothing(load: Load, database: Database) -> None:
    put(database, "A", 5)
    with pytest.raises(FeedRefused, match="has no column 'quantity', which missing_rows: zero needs"):
        load("master_sku,price\nB,1\n", missing_rows="zero")
    assert items(database) == {"A": (5, None)}


# --- killed, repeated, tried ---


def test_a_dry_run_writes_nothing_but_its_own_row(load: Load, database: Database) -> None:
    put(database, "GONE", 5)
    counts = load("master_sku,quantity\nA,1\nB,x\n", missing_rows="zero", params={"dry_run": True})
    assert counts == Counts(read=3, created=1, updated=1, failed=1)
    assert items(database) == {"GONE": (5, None)}
    assert database.value("select count(*) from ops.problem") == 0
    assert database.row("select dry_run, created, state from mart.runs") == {
        "dry_run": True, "created": 1, "state": "success",
    }  # fmt: skip


def test_a_reading_that_broke_off_begins_anew_and_ends_as_an_undisturbed_one(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ROWS_PER_CHUNK", 10)
    content = ("master_sku,quantity\n" + "".join(f"A-{number},1\n" for number in range(100)) + "B,x\n").encode()
    with pytest.raises(OSError, match="the connection is lost"):
        load(lambda: Broken(content, 400), run_id="r", tasks=["extract"])
    assert items(database) == {}
    assert load(content, run_id="r") == Counts(read=101, created=100, failed=1)


def test_an_extraction_repeated_takes_the_file_as_it_is_now(load: Load, database: Database) -> None:
    load("master_sku,quantity\nA,1\n", run_id="r", tasks=["extract"])
    load("master_sku,quantity\nB,2\n", run_id="r", tasks=["extract"])
    load("", run_id="r", tasks=["load"])
    assert items(database) == {"B": (2, None)}


@pytest.mark.parametrize(
    "statement",
    ["load_inventory/judge_items", "load_inventory/merge_items", "feed/open_problems", "load_inventory/count_outcome"],
)
def test_a_load_killed_at_any_statement_has_written_nothing_and_its_repeat_everything(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    from storekeeper.warehouse.database import Session

    put(database, "A", 1)
    content = "master_sku,quantity\nA,2\nB,1\nC,x\nD,1\nD,2\n"
    run, row = Session.run, Session.row

    def killed(method: Any) -> Any:
        def broken(self: Any, name: str, **values: Any) -> Any:
            if name == statement:
                method(self, name, **values)
                raise OSError("killed")
            return method(self, name, **values)

        return broken

    with monkeypatch.context() as patched:
        patched.setattr(Session, "run", killed(run))
        patched.setattr(Session, "row", killed(row))
        with pytest.raises(OSError, match="killed"):
            load(content, run_id="r")
    assert items(database) == {"A": (1, None)}
    assert problems(database) == set()
    assert load(content, run_id="r", tasks=["load"]) == Counts(read=4, created=1, updated=1, failed=2)
    assert items(database) == {"A": (2, None), "B": (1, None)}


def test_a_load_repeated_says_what_the_first_one_did_and_changes_nothing(load: Load, database: Database) -> None:
    first = load("master_sku,quantity\nA,1\nB,x\n", run_id="r")
    before = database.rows(EVERYTHING)
    assert load("", run_id="r", tasks=["load"]) == first
    assert database.rows(EVERYTHING) == before


def test_a_crash_of_the_database_after_the_reading_is_no_empty_file(load: Load, database: Database) -> None:
    content = "master_sku,quantity\nA,1\nB,2\n"
    put(database, "C", 5)
    load(content, run_id="r", tasks=["extract"], missing_rows="zero")
    for row in database.rows("select tablename from pg_tables where schemaname = 'staging'"):
        database.run(f"truncate staging.{row['tablename']}")
    assert load(content, run_id="r", tasks=["load"], missing_rows="zero").created == 2
    assert items(database) == {"A": (1, None), "B": (2, None), "C": (0, None)}


def test_a_stalled_reading_cannot_write_after_its_retry_began(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ROWS_PER_CHUNK", 2)
    stalled, go_on = threading.Event(), threading.Event()
    content = "master_sku,quantity\nA,1\nB,2\nC,3\n"
    ended: list[type[BaseException]] = []

    class Stalling(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 4:
                stalled.set()
                go_on.wait(20)
            return super().read(size)

    def first() -> None:
        try:
            load(lambda: Stalling(content.encode()), run_id="r", tasks=["extract"])
        except BaseException as error:
            ended.append(type(error))

    worker = threading.Thread(target=first)
    worker.start()
    assert stalled.wait(20)
    assert load(content, run_id="r").created == 3
    go_on.set()
    worker.join(20)
    assert ended == [RunSuperseded]
    assert items(database) == {"A": (1, None), "B": (2, None), "C": (3, None)}


def test_what_others_write_counts_like_a_feed(load: Load, database: Database) -> None:
    load("master_sku,quantity,updated_at\nA,1,2025-11-24T12:00:00Z\n")
    database.run("update core.inventory_item set quantity = 9, updated_at = %s", NOON + timedelta(hours=1))
    assert load("master_sku,quantity,updated_at\nA,2,2025-11-24T12:30:00Z\n").skipped == 1
    assert load("master_sku,quantity,updated_at\nA,3,2025-11-24T13:30:00Z\n").updated == 1
    assert items(database) == {"A": (3, None)}


# --- Parquet ---


def test_a_parquet_file_is_read_by_its_types(load: Load, database: Database) -> None:
    moment = pa.array([NOON, None, NOON - timedelta(hours=1)], pa.timestamp("ns", tz="Europe/Paris"))
    table = pa.table(
        {
            "master_sku": pa.array(["A", "007", "C"]).dictionary_encode(),
            "quantity": pa.array([1.0, None, 3.0], pa.float64()),
            "price": pa.array([19.99, 0.1, None], pa.float32()),
            "updated_at": moment,
            "Colour": ["red", None, "blue"],
        }
    )
    assert load(parquet(table, row_group_size=2), ignored_columns=["colour"]).created == 3
    assert items(database) == {"A": (1, Decimal("19.99")), "007": (None, Decimal("0.1")), "C": (3, None)}
    assert database.value("select updated_at from core.inventory_item where master_sku = 'A'") == NOON


def test_decimals_whole_numbers_and_dates_of_a_parquet_file(load: Load, database: Database) -> None:
    table = pa.table(
        {
            "updated_at": pa.array([NOON.date()] * 2, pa.date32()),
            "price": pa.array([Decimal("12345678.90"), Decimal("0.05")], pa.decimal128(18, 2)),
            "quantity": pa.array([2_147_483_647, -1], pa.int64()),
            "master_sku": pa.array([17, 18], pa.int32()),
        }
    )
    load(parquet(table))
    assert items(database) == {"17": (2_147_483_647, Decimal("12345678.90"))}
    assert problems(database) == {("18", "negative_quantity")}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_price_of_a_parquet_file_that_is_none_is_a_problem(load: Load, database: Database, value: float) -> None:
    load(parquet(pa.table({"master_sku": ["A", "B"], "price": [value, 1.0]})))
    assert items(database) == {"B": (None, Decimal(1))}
    assert problems(database) == {("A", "invalid_price")}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"sku": ["A"]}, "has no column 'master_sku'"),
        ({"master_sku": ["A"], "colour": ["red"]}, "not known: 'colour'"),
        ({"master_sku": ["A"], "quantity": [[1, 2]]}, "column 'quantity' is of type list<"),
        ({"master_sku": pa.array([], pa.string())}, "has a header and no rows"),
        ({"master_sku": [b"\xff"]}, "cannot be read after row 0"),
    ],
)
def test_a_parquet_file_of_another_shape_is_refused(
    load: Load, database: Database, columns: dict[str, Any], said: str
) -> None:
    with pytest.raises((FeedRefused, RunStopped)) as caught:
        load(parquet(pa.table(columns)))
    assert said in str(caught.value)
    assert items(database) == {}


@pytest.mark.parametrize("repeats", [False, True], ids=["as it says itself", "values that are repeated"])
def test_a_parquet_file_that_unpacks_to_far_more_than_it_is_is_refused(
    load: Load, database: Database, repeats: bool
) -> None:
    def packed(rows: int) -> bytes:
        table = pa.table({"master_sku": [f"A-{number}" for number in range(rows)], "price": [" " * 999 + "5"] * rows})
        return parquet(table, compression="zstd", use_dictionary=repeats)

    assert len(packed(20_000)) < 100_000
    with pytest.raises(FeedRefused, match=r"unpacks to more than 8 times what max_megabytes allows \(1 MB\)"):
        load(packed(20_000), max_megabytes=1)
    assert items(database) == {}
    assert load(packed(5_000), max_megabytes=1).created == 5_000


def test_a_parquet_file_that_can_only_be_read_forwards_is_read_all_the_same(load: Load, database: Database) -> None:
    class Forwards(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: Any) -> int:
            raise io.UnsupportedOperation

    content = parquet(pa.table({"master_sku": ["A"], "quantity": [1]}))
    load(lambda: Forwards(content), format="parquet")
    assert items(database) == {"A": (1, None)}
