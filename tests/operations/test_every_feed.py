"""What holds for every feed: a file comes in whole or not at all, an older row never wins, and problems say why."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import event

from storekeeper.operations import feed as feeds
from storekeeper.outcomes import Counts, FeedRefused, RunStopped, RunSuperseded, SettingsError
from tests.databases import Database
from tests.operations.edges import at_statement
from tests.operations.feed_files import Broken, Content, parquet
from tests.operations.feeds import FEEDS, Feed, Load, rows

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)
STAGED = "select tablename from pg_tables where schemaname = 'staging'"


@pytest.fixture(params=FEEDS, ids=lambda feed: feed.name)
def feed(request: pytest.FixtureRequest) -> Feed:
    found: Feed = request.param
    return found


@pytest.fixture
def load(database: Database, feed: Feed) -> Load:
    return Load(database, feed)


def runs(database: Database) -> list[tuple[Any, ...]]:
    found = database.rows("select state, read, created, failed from mart.runs order by started_at")
    return [tuple(row.values()) for row in found]


# --- what comes in ---


def test_a_file_comes_in_and_the_ledger_says_so(load: Load, feed: Feed, database: Database) -> None:
    assert load(feed.records(3)) == Counts(read=3, created=3)
    assert feed.values(database) == {"K-0": 1, "K-1": 2, "K-2": 3}
    assert runs(database) == [("success", 3, 3, 0)]
    assert database.rows(STAGED) == []


def test_the_same_file_again_changes_nothing(load: Load, feed: Feed, database: Database) -> None:
    load(feed.records(3))
    tables = ("core.inventory_item", "core.listing", "core.listing_variant", "core.shipment", "core.shipment_item")
    before = {table: database.rows(f"select xmin::text, * from {table} order by 1, 2") for table in tables}
    assert load(feed.records(3)) == Counts(read=3, unchanged=3)
    assert {table: database.rows(f"select xmin::text, * from {table} order by 1, 2") for table in tables} == before


def test_what_differs_is_changed_and_what_the_file_does_not_have_is_kept(
    load: Load, feed: Feed, database: Database
) -> None:
    load(feed.records(3))
    assert load(rows(feed.record("K-1", 9), feed.record("NEW", 5))) == Counts(read=2, created=1, updated=1)
    assert feed.values(database) == {"K-0": 1, "K-1": 9, "K-2": 3, "NEW": 5}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system_and_a_byte_order_mark_is_no_part_of_the_header(
    load: Load, feed: Feed, database: Database, end: str
) -> None:
    written = rows(feed.record("Lampe-Ä", 3), feed.record('a;"b"', 4)).replace(",", ";").replace('"a;""b"""', "a|b")
    load(b"\xef\xbb\xbf" + end.join(written.splitlines()).replace("a|b", '"a;""b"""').encode(), delimiter=";")
    assert feed.values(database) == {"Lampe-Ä": 3, 'a;"b"': 4}


@pytest.mark.parametrize(
    "key", ["x'; drop table core.listing; --", "\\N", "\\.", "%s", ":run_no", "{{ 7 * 7 }}", "=1+1", "-7", "007"]
)
def test_a_key_that_looks_like_something_else_is_text(load: Load, feed: Feed, database: Database, key: str) -> None:
    load(rows(feed.record(f" {key} ", 3)))
    assert feed.values(database) == {key: 3}
    assert load(rows(feed.record(key, 3))) == Counts(read=1, unchanged=1)


def test_columns_that_are_to_be_ignored_may_be_there(load: Load, feed: Feed, database: Database) -> None:
    load(rows(feed.record("K", 3, Colour="red")), ignored_columns=["colour"])
    assert feed.values(database) == {"K": 3}


@pytest.mark.parametrize("count", [6, 7, 8, 100])
def test_many_chunks_come_in_whole(
    load: Load, feed: Feed, database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(feeds, "ROWS_PER_CHUNK", 7)
    assert load(feed.records(count)).created == count
    assert feed.values(database) == {f"K-{place}": 1 + place for place in range(count)}


# --- when ---


def test_an_older_row_never_wins_and_a_newer_one_does(load: Load, feed: Feed, database: Database) -> None:
    def dated(value: int, older: str, equal: str, newer: str) -> str:
        dates = {"OLDER": older, "EQUAL": equal, "NEWER": newer}
        return rows(*(feed.record(key, value, updated_at=date) for key, date in dates.items()))

    load(dated(1, *["2025-11-24T12:00:00Z"] * 3))
    load(dated(2, "2025-11-24T11:59:59Z", "2025-11-24 13:00:00+01:00", "2025-11-24T12:00:01"))
    assert feed.values(database) == {"OLDER": 1, "EQUAL": 2 if feed.equal_date_wins else 1, "NEWER": 2}


def test_a_row_without_a_date_is_as_of_the_moment_before_the_file_was_read(
    load: Load, feed: Feed, database: Database
) -> None:
    """What somebody writes while the file is read is newer than the file."""
    load(rows(feed.record("K", 1)))
    load(rows(feed.record("K", 2), feed.record("NEW", 2)), run_id="r", tasks=["extract"])
    feed.write_now(database, "K", 9)
    assert load("", run_id="r", tasks=["load"]).created == 1
    assert feed.values(database) == {"K": 9, "NEW": 2}
    load(rows(feed.record("K", 3), feed.record("NEW", 3)))
    assert feed.values(database) == {"K": 3, "NEW": 3}


def test_what_somebody_writes_while_the_rows_are_compared_stays(load: Load, feed: Feed, database: Database) -> None:
    """The merge itself looks at the dates, not only what goes before it."""
    load(rows(feed.record("K", 1), feed.record("OTHER", 1)))
    merge = {"load_inventory": "merge_items", "load_listings": "merge_listings", "load_shipments": "merge_shipments"}
    with at_statement(database, f"{feed.name}/{merge[feed.name]}", lambda _: feed.write_now(database, "K", 9), nth=1):
        load(rows(feed.record("K", 2), feed.record("OTHER", 2)))
    assert feed.values(database) == {"K": 9, "OTHER": 2}


def test_a_date_in_the_future_is_a_problem_and_beats_no_later_row(load: Load, feed: Feed, database: Database) -> None:
    later = {hours: (datetime.now(UTC) + timedelta(hours=hours)).isoformat() for hours in (23, 25)}
    load(rows(feed.record("K", 1), feed.record("CLOCK", 1)))
    load(
        rows(
            feed.record("K", 2, updated_at=later[25]),
            feed.record("FAR", 2, updated_at="2062-01-01"),
            feed.record("CLOCK", 2, updated_at=later[23]),
        )
    )
    assert feed.values(database) == {"K": 1, "CLOCK": 2}
    assert feed.problems(database) == {("K", "invalid_date"), ("FAR", "invalid_date")}
    load(rows(feed.record("K", 3), feed.record("FAR", 3)))
    assert feed.values(database) == {"K": 3, "FAR": 3, "CLOCK": 2}
    assert feed.problems(database) == set()


# --- rows that cannot be taken ---


def test_a_bad_row_is_a_problem_and_the_rest_comes_in(load: Load, feed: Feed, database: Database) -> None:
    load(rows(feed.record("K", 1)))
    assert load(rows(feed.record("K", "x"), feed.record("GOOD", 2))) == Counts(read=2, created=1, failed=1)
    assert feed.values(database) == {"K": 1, "GOOD": 2}
    assert feed.problems(database) == {("K", "invalid_quantity")}
    assert "line 2: quantity must be" in database.value("select message from mart.problems where open")


def test_a_row_with_other_values_than_columns_is_a_problem(load: Load, feed: Feed, database: Database) -> None:
    load(rows(feed.record("K", 1), feed.record("GOOD", 2)).replace("K,", "K,,", 1))
    assert feed.values(database) == {"GOOD": 2}
    assert len(feed.problems(database)) == 1


def test_a_problem_closes_when_a_later_file_has_the_record_right(load: Load, feed: Feed, database: Database) -> None:
    first_seen = "select first_seen from mart.problems where entity_key = 'B'"
    load(rows(feed.record("A", "x"), feed.record("B", "x"), feed.record("C", 1)))
    first = database.value(first_seen)
    load(rows(feed.record("A", 1), feed.record("B", "y"), feed.record("C", 1)))
    assert feed.problems(database) == {("B", "invalid_quantity")}
    assert database.value(first_seen) == first
    load(rows(feed.record("A", 1), feed.record("C", 1)))
    missing = set() if feed.name == "load_inventory" else {("B", "invalid_quantity")}
    assert feed.problems(database) == missing, "a record that is missing is mended only where nothing else could be"
    load(rows(feed.record("A", 1), feed.record("B", 1), feed.record("C", 1)))
    assert feed.problems(database) == set()


def test_problems_end_a_run_red_where_a_setting_says_so_and_the_rest_is_loaded(
    load: Load, feed: Feed, database: Database
) -> None:
    load(rows(feed.record("K", "x"), feed.record("GOOD", 1)), problems_fail_run=True)
    assert runs(database) == [("failed", 2, 1, 1)]
    assert "problems_fail_run" in database.value("select message from mart.runs")


# --- files that are refused ---


def refused(feed: Feed) -> dict[str, tuple[Content, str]]:
    """Files that cannot be read as a whole, and what is said of them."""
    good, head = rows(feed.record("K", 1)), feed.header()
    first = feed.keys[0]
    return {
        "empty": (b"", f"{feed.file}: is empty"),
        "blank lines": ("\n\n", f"{feed.file}: is empty"),
        "no key": (good.replace(first, "colour", 1), f"has no column '{first}'"),
        "other delimiter": (good.replace(",", ";"), "is the delimiter ';'? It is set to ','"),
        "unknown columns": (rows(feed.record("K", 1, colour=1, size=2)), "not known: 'colour', 'size'; known are"),
        "a column without a name": (rows(feed.record("K", 1, **{"": 1})), "one without a name (column"),
        "a column twice": (rows(feed.record("K", 1, Quantity=1)), "has the column 'quantity' twice"),
        "latin-1": ((good + head.replace(first, "Ä")).encode("latin-1"), "is not UTF-8: byte 0xC4 at position"),
        "utf-16": (good.encode("utf-16"), "is not UTF-8: byte 0xFF at position 0, in line 1"),
        "cut within a character": (good.encode() + b"K\xc3", "is not UTF-8: byte 0xC3 at position"),
        "an open quote": (good + '"B,2\nC,3\n', "line 3: is no CSV record"),
        "an endless line": (head + "K" * 3_000_000, f"{feed.file}: has a line of more than"),
        "half a Parquet file": (b"PAR1 and nothing else", "is no Parquet file"),
        "packed": (b"\x1f\x8b\x08\x00", "is not UTF-8"),
    }


@pytest.mark.parametrize("kind", list(refused(FEEDS[0])))
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_with_the_place(
    load: Load, feed: Feed, database: Database, kind: str
) -> None:
    load(rows(feed.record("K", 5)), run_id="before")
    content, message = refused(feed)[kind]
    with pytest.raises(FeedRefused) as caught:
        load(content, run_id="refused")
    assert message in str(caught.value)
    assert feed.values(database) == {"K": 5}
    run = database.row("select state, message from mart.runs where run_id = 'refused'")
    assert run["state"] == "failed"
    assert message in run["message"]
    assert database.rows(STAGED) == []


@pytest.mark.parametrize(
    ("header", "message"),
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
    ],
)
def test_a_file_that_is_no_feed_does_not_show_its_first_line(
    load: Load, database: Database, header: str, message: str
) -> None:
    with pytest.raises(FeedRefused) as caught:
        load(f"{header}\nA,1\n")
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
    assert message in database.value("select message from mart.runs")


def test_a_bad_byte_far_into_the_file_is_found_and_nothing_was_loaded(
    load: Load, feed: Feed, database: Database
) -> None:
    good = rows(*(feed.record(f"K-{place:07}", 1) for place in range(100_000))).encode()
    content = good * (1 if len(good) > 2 * 1024**2 else 2)
    assert len(content) > 2 * 1024**2
    with pytest.raises(FeedRefused, match=f"position {len(content):,}, in line "):
        load(content + b"\xe9,1\n")
    assert feed.values(database) == {}


def test_a_file_that_is_too_large_is_refused_before_it_is_read_and_while(
    load: Load, feed: Feed, database: Database
) -> None:
    with pytest.raises(FeedRefused, match=r"larger than max_megabytes allows \(1 MB\)"):
        load(lambda: Broken(feed.header().encode(), 0), size=10 * 1024**3, max_megabytes=1)
    with pytest.raises(FeedRefused, match="larger than max_megabytes"):
        load(feed.header() + "A-1\n" * 300_000, max_megabytes=1)
    assert feed.values(database) == {}


@pytest.mark.parametrize("missing", [None, "", "  "])
def test_without_a_path_it_says_where_to_set_it(load: Load, feed: Feed, missing: str | None) -> None:
    with pytest.raises(SettingsError, match="path: says no file to load: set it, or give this run the parameter path"):
        load(feed.records(1), path=missing)


def test_a_file_without_rows_is_refused_whoever_confirms(load: Load, feed: Feed, database: Database) -> None:
    load(rows(feed.record("K", 5)))
    with pytest.raises(RunStopped, match="has a header and no rows"):
        load(feed.header(), params={"confirm_large_change": True})
    assert feed.values(database) == {"K": 5}


def test_a_shrunken_file_is_refused_unless_confirmed(load: Load, feed: Feed, database: Database) -> None:
    half: dict[str, Any] = {"max_shrink_share": 0.5}
    load(feed.records(10), **half)
    load(feed.records(1), params={"dry_run": True}, **half)  # says so, and sets no new measure
    load(feed.records(5), **half)
    load(feed.records(10), **half)
    message = rf"has 4 {feed.measured_in}, and the last file that was loaded had 10: .* lose 50%"
    with pytest.raises(RunStopped, match=message):
        load(feed.records(4), run_id="small", **half)
    assert database.value("select state from mart.runs where run_id = 'small'") == "failed"
    assert load(feed.records(4), max_shrink_share=0.6).unchanged == 4
    assert load(feed.records(1), params={"confirm_large_change": True}, **half).unchanged == 1


def test_a_file_may_shrink_by_default_only_where_each_file_is_new(load: Load, feed: Feed) -> None:
    load(feed.records(10))
    if feed.shrinks:
        assert load(feed.records(1)).unchanged == 1
    else:
        with pytest.raises(RunStopped, match="has 1 SKUs, and the last file that was loaded had 10"):
            load(feed.records(1))


def test_a_file_is_compared_with_the_last_one_of_its_own_path(load: Load, feed: Feed) -> None:
    half: dict[str, Any] = {"max_shrink_share": 0.5}
    other = {"path": "other.csv"}
    load(feed.records(60), **half)
    load(feed.records(2), params={"path": "correction.csv"}, **half)
    load(feed.records(201), params=other, **half)
    for count, last, params in ((20, 60, {}), (20, 201, other), (20, 60, {"path": f" {feed.file} "})):
        message = f"has {count} {feed.measured_in}, and the last file that was loaded had {last}:"
        with pytest.raises(RunStopped, match=message):
            load(feed.records(count), params=params, **half)


def test_a_file_whose_every_row_is_bad_is_refused_with_its_problems(
    load: Load, feed: Feed, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    load(rows(feed.record("A", 5), feed.record("E", "x")))
    content = rows(feed.record("A", "x"), feed.record("B", "1.5"))
    message = "all 2 rows of the file are bad"
    assert load(content, params={"dry_run": True}).failed == 2
    assert message in caplog.text
    with pytest.raises(RunStopped) as caught:
        load(content, run_id="bad", params={"confirm_large_change": True})
    assert f"nothing was loaded: {message}" in str(caught.value)
    assert "such as A: line 2: quantity must be" in str(caught.value)
    assert feed.values(database) == {"A": 5}
    assert feed.problems(database) == {(key, "invalid_quantity") for key in "ABE"}
    of_it = database.rows("select message from mart.problems where entity_key <> 'E'")
    assert "the rest was loaded" not in str(of_it)
    assert database.value("select state from mart.runs where run_id = 'bad'") == "failed"
    assert database.rows(STAGED) == []
    load(rows(*(feed.record(key, 1) for key in "ABE")))
    assert feed.problems(database) == set()


# --- killed, repeated, tried ---


def test_a_dry_run_writes_nothing_but_its_own_row(load: Load, feed: Feed, database: Database) -> None:
    load(rows(feed.record("K", 1)))
    counts = load(rows(feed.record("K", 2), feed.record("NEW", 1), feed.record("B", "x")), params={"dry_run": True})
    assert counts == Counts(read=3, created=1, updated=1, failed=1)
    assert feed.values(database) == {"K": 1}
    assert database.value("select count(*) from ops.problem") == 0
    assert database.row("select dry_run, state, created from mart.runs where dry_run") == {
        "dry_run": True, "state": "success", "created": 1,
    }  # fmt: skip


def test_a_reading_that_broke_off_begins_anew_and_ends_as_an_undisturbed_one(
    load: Load, feed: Feed, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "ROWS_PER_CHUNK", 10)
    content = (feed.records(100) + rows(feed.record("B", "x")).partition("\n")[2]).encode()
    with pytest.raises(OSError, match="the connection is lost"):
        load(lambda: Broken(content, 600), run_id="r", tasks=["extract"])
    assert feed.values(database) == {}
    assert load(content, run_id="r") == Counts(read=101, created=100, failed=1)


def test_an_extraction_repeated_takes_the_file_as_it_is_now(load: Load, feed: Feed, database: Database) -> None:
    load(rows(feed.record("A", 1)), run_id="r", tasks=["extract"])
    load(rows(feed.record("B", 2)), run_id="r", tasks=["extract"])
    load("", run_id="r", tasks=["load"])
    assert feed.values(database) == {"B": 2}


def test_a_load_killed_at_any_statement_has_written_nothing_and_its_repeat_everything(
    load: Load, feed: Feed, database: Database
) -> None:
    made: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        made.append(statement.split()[1])

    load(feed.records(2, "FIRST"), run_id="first", tasks=["extract"])
    event.listen(database.engine, "before_cursor_execute", note)
    load("", run_id="first", tasks=["load"])
    event.remove(database.engine, "before_cursor_execute", note)
    own = [name for name in dict.fromkeys(made) if name.startswith((f"{feed.name}/", "feed/", "problems/"))]
    before_the_end = own[: own.index(f"{feed.name}/count_outcome") + 1]
    assert len(before_the_end) >= 4

    def killed(_: Any) -> None:
        raise OSError("killed")

    for number, statement in enumerate(before_the_end):
        kept, fresh = feed.values(database), feed.records(2, f"N{number}")
        content = fresh + rows(feed.record("BAD", "x"), feed.record("FIRST-0", 10 + number)).partition("\n")[2]
        with at_statement(database, statement, killed, side="after", nth=1), pytest.raises(OSError, match="killed"):
            load(content, run_id=f"killed-{number}")
        assert feed.values(database) == kept, statement
        assert load(content, run_id=f"killed-{number}", tasks=["load"]).created == 2, statement
        assert feed.values(database) == kept | {f"N{number}-0": 1, f"N{number}-1": 2, "FIRST-0": 10 + number}
        assert feed.problems(database) == {("BAD", "invalid_quantity")}, statement


def test_a_load_repeated_says_what_the_first_one_did_and_changes_nothing(
    load: Load, feed: Feed, database: Database
) -> None:
    first = load(rows(feed.record("A", 1), feed.record("B", "x")), run_id="r")
    feed.write_now(database, "A", 7)
    assert load("", run_id="r", tasks=["load"]) == first
    assert feed.values(database) == {"A": 7}


def test_a_crash_of_the_database_after_the_reading_is_no_empty_file(load: Load, feed: Feed, database: Database) -> None:
    load(feed.records(2), run_id="r", tasks=["extract"])
    for row in database.rows(STAGED):
        database.run(f"truncate staging.{row['tablename']}")
    assert load(feed.records(2), run_id="r", tasks=["load"]).created == 2
    assert feed.values(database) == {"K-0": 1, "K-1": 2}


def test_a_stalled_reading_cannot_write_after_its_retry_began(
    load: Load, feed: Feed, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "ROWS_PER_CHUNK", 2)
    stalled, go_on = threading.Event(), threading.Event()
    content = feed.records(3)
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
    assert feed.values(database) == {"K-0": 1, "K-1": 2, "K-2": 3}


def test_two_files_at_once_end_as_one_after_the_other(load: Load, feed: Feed, database: Database) -> None:
    """Whichever is loaded last, the one that was read last has the word."""
    load(feed.records(20))
    for value, run_id in ((107, "older"), (108, "newer")):
        content = rows(*(feed.record(f"K-{place}", value) for place in range(20)))
        load(content, run_id=run_id, tasks=["extract"])
    broken: list[BaseException] = []

    def finish(run_id: str) -> None:
        try:
            load("", run_id=run_id, tasks=["load"])
        except BaseException as error:
            broken.append(error)

    workers = [threading.Thread(target=finish, args=(run_id,)) for run_id in ("newer", "older")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert broken == []
    assert feed.values(database) == {f"K-{place}": 108 for place in range(20)}


# --- Parquet ---


def table(feed: Feed, *given: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(given))


def test_a_parquet_file_comes_in_like_any_other(load: Load, feed: Feed, database: Database) -> None:
    given = [feed.record(key, value, Colour="red") for key, value in (("A", 1), ("B", 2), ("C", 3))]
    content = parquet(table(feed, *given), row_group_size=2)
    assert load(content, ignored_columns=["colour"]) == Counts(read=3, created=3)
    assert feed.values(database) == {"A": 1, "B": 2, "C": 3}
    assert load(content, ignored_columns=["colour"]) == Counts(read=3, unchanged=3)


def test_a_parquet_file_of_another_shape_is_refused(load: Load, feed: Feed, database: Database) -> None:
    good, key = feed.record("A", 1), feed.keys[0]
    shapes: dict[str, pa.Table] = {
        f"has no column '{feed.keys[0]}'": table(
            feed, {"colour" if n == feed.keys[0] else n: v for n, v in good.items()}
        ),
        "not known: 'colour'": table(feed, {**good, "colour": "red"}),
        "column 'quantity' is of type list<": table(feed, {**good, "quantity": [1, 2]}),
        "has a header and no rows": table(feed, good).slice(0, 0),
        "cannot be read after row 0": table(feed, {**good, key: b"\xff"}),
    }
    for message, shape in shapes.items():
        with pytest.raises((FeedRefused, RunStopped)) as caught:
            load(parquet(shape))
        assert message in str(caught.value)
    assert feed.values(database) == {}


@pytest.mark.parametrize("repeats", [False, True], ids=["as it says itself", "values that are repeated"])
def test_a_parquet_file_that_unpacks_to_far_more_than_it_is_is_refused(
    load: Load, feed: Feed, database: Database, repeats: bool
) -> None:
    def packed(count: int) -> bytes:
        given = [feed.record(f"K-{place}", " " * 999 + "5") for place in range(count)]
        return parquet(table(feed, *given), compression="zstd", use_dictionary=repeats)

    with pytest.raises(FeedRefused, match=r"unpacks to more than 8 times what max_megabytes allows \(1 MB\)"):
        load(packed(20_000), max_megabytes=1)
    assert feed.values(database) == {}
    assert load(packed(1_000), max_megabytes=1).created == 1_000


def test_a_parquet_file_that_can_only_be_read_forwards_is_read_all_the_same(
    load: Load, feed: Feed, database: Database
) -> None:
    class Forwards(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: Any) -> int:
            raise io.UnsupportedOperation

    load(lambda: Forwards(parquet(table(feed, feed.record("A", 1)))), format="parquet")
    assert feed.values(database) == {"A": 1}


# --- of one channel ---


@pytest.mark.parametrize("feed", [feed for feed in FEEDS if feed.per_channel], ids=lambda feed: feed.name)
def test_a_channel_has_a_measure_of_its_own_and_touches_no_other(feed: Feed, database: Database) -> None:
    load, half = Load(database, feed), {"max_shrink_share": 0.5}
    load(feed.records(10), **half)
    before = feed.values(database)
    assert load(rows(feed.record("K-0", 99)), channel="other", **half).created == 1
    ours = database.rows(f"{feed.read} where channel = 'shop'")
    assert {row["key"]: row["value"] for row in ours} == before
