"""Drafts of listings come in from a file, a listing whole or not at all; what cannot be taken is a problem."""

from __future__ import annotations

import csv
import io
import itertools
import json
import logging
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from storekeeper.operations import feed, feed_file, load_listings
from storekeeper.outcomes import Counts, FeedRefused, RunStopped, RunSuperseded, SettingsError
from storekeeper.settings import Channel
from storekeeper.transforms.load_listings import OF_LISTING, OF_VARIANT
from storekeeper.warehouse.database import Session
from tests.databases import Database
from tests.operations.feed_files import Broken, Content, opens, parquet

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)
EVERYTHING = (
    "select l.*, to_jsonb(v) as variant from core.listing as l"
    " left join core.listing_variant as v using (channel, listing_key) order by l.listing_key, v.master_sku"
)


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
        master_sku: str = "sku",
        run_id: str | None = None,
        tasks: Collection[str] = tuple(load_listings.STEPS),
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
        described = Channel.model_validate(
            {
                "channel": channel,
                "import_listings": {"master_sku": master_sku},
                "load_listings": {"path": "drafts.csv", **settings},
            }
        )
        run_id = run_id or f"run-{next(self._numbers)}"
        warehouse = self._database.warehouse()
        done: dict[str, Any] = {}
        try:
            for task, work in load_listings.STEPS.items():
                if task not in tasks:
                    continue
                with load_listings.attempt(
                    task, warehouse, described, run_id=run_id, params=params or {}, open_file=opens(content, size)
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


def row(listing_key: str, master_sku: str, **values: Any) -> dict[str, Any]:
    return {"listing_key": listing_key, "master_sku": master_sku, **values}


def listing(database: Database, key: str = "L") -> dict[str, Any]:
    return database.row("select * from core.listing where channel = 'shop' and listing_key = %s", key)


def variant(database: Database, sku: str = "A") -> dict[str, Any]:
    return database.row("select * from core.listing_variant where channel = 'shop' and master_sku = %s", sku)


def skus(database: Database) -> list[str]:
    found = database.rows("select master_sku from core.listing_variant where channel = 'shop' order by master_sku")
    return [each["master_sku"] for each in found]


def problems(database: Database) -> set[tuple[str, str, str]]:
    found = database.rows(
        "select entity, entity_key, reason from mart.problems where operation = 'load_listings' and open"
    )
    return {(each["entity"], each["entity_key"], each["reason"]) for each in found}


def messages(database: Database) -> str:
    return "\n".join(each["message"] for each in database.rows("select message from mart.problems where open"))


def put(database: Database, key: str, *of: str, **values: Any) -> None:
    """A listing that the warehouse has, with its variants."""
    values = {"title": "Lamp", "price": 10, "images": ["i"], "categories": ["Shop"], **values}
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    database.run(
        f"insert into core.listing (channel, listing_key, {names}) values ('shop', %s, {marks})", key, *values.values()
    )
    for sku in of:
        database.run(
            "insert into core.listing_variant (channel, master_sku, listing_key, sku, price, quantity)"
            " values ('shop', %s, %s, %s, 7, 5)",
            sku, key, sku,
        )  # fmt: skip


# --- what comes in ---


def test_a_file_makes_listings_with_their_variants(load: Load, database: Database) -> None:
    content = rows(
        row(
            "L", "A", title="Desk <b>lamp</b>", description="=1+1", type="Digital", weight="1.50", price="19.90",
            brand="Acme", categories=" Shop > Lamps > Desk | Sale ||", images="https://x/1.jpg|https://x/2.jpg",
            condition="used", availability="PREORDER", sku="sku-A", upc="0123", mpn="M", gtin="007",
            variant_price="21", variant_weight="2", quantity="3", inventory_sku="ITEM",
            updated_at="2025-11-24T13:00+01:00",
            **{"option.Colour": "Red", "Option.size": "S", "custom_field.Material": "Steel"},
        ),
        row("L", "B", title="Desk <b>lamp</b>", quantity="0", **{"option.Colour": "Blue"}),
        row("M", "C"),
    )  # fmt: skip
    assert load(content) == Counts(read=3, created=3)
    found = listing(database)
    assert {name: found[name] for name in ("title", "description", "type", "weight", "price", "brand")} == {
        "title": "Desk <b>lamp</b>", "description": "=1+1", "type": "digital", "weight": Decimal("1.5"),
        "price": Decimal("19.9"), "brand": "Acme",
    }  # fmt: skip
    assert found["categories"] == ["Shop > Lamps > Desk", "Sale"]
    assert found["images"] == ["https://x/1.jpg", "https://x/2.jpg"]
    assert found["custom_fields"] == [{"name": "Material", "value": "Steel"}]
    assert (found["condition"], found["availability"]) == ("Used", "preorder")
    assert (found["status"], found["paused"], found["product_id"], found["queued_action"]) == (
        "not_listed", False, None, None,
    )  # fmt: skip
    first = variant(database, "A")
    assert {name: first[name] for name in ("sku", "upc", "mpn", "gtin", "quantity", "inventory_sku")} == {
        "sku": "sku-A", "upc": "0123", "mpn": "M", "gtin": "007", "quantity": 3, "inventory_sku": "ITEM",
    }  # fmt: skip
    assert (first["price"], first["weight"]) == (Decimal(21), Decimal(2))
    assert first["options"] == [{"name": "Colour", "value": "Red"}, {"name": "size", "value": "S"}]
    second = variant(database, "B")
    assert (second["sku"], second["quantity"], second["price"]) == ("B", 0, None)
    assert second["options"] == [{"name": "Colour", "value": "Blue"}]
    bare = listing(database, "M")
    assert (bare["title"], bare["type"], bare["categories"], bare["custom_fields"]) == (None, "physical", [], [])
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0
    run = database.row("select channel, operation, state from mart.runs")
    assert run == {"channel": "shop", "operation": "load_listings", "state": "success"}


@pytest.mark.parametrize("dated", ["", "2025-11-24T12:00:00Z"])
def test_the_same_file_again_writes_and_queues_nothing(load: Load, database: Database, dated: str) -> None:
    content = rows(
        row("L", "A", title="T", categories="X|Y", updated_at=dated, **{"option.c": "1", "custom_field.m": "2"}),
        row("L", "B", title="T", updated_at=dated),
        row("M", "C", price="1.0", updated_at=dated),
    )
    load(content)
    written = "select xmin::text, * from core.listing order by listing_key"
    of_variants = "select xmin::text, * from core.listing_variant order by master_sku"
    before = database.rows(written), database.rows(of_variants)
    assert load(content, queue="publish_and_overwrite") == Counts(read=3, unchanged=3)
    assert (database.rows(written), database.rows(of_variants)) == before


def test_a_column_that_is_not_there_leaves_what_there_is_and_a_blank_value_clears_it(
    load: Load, database: Database
) -> None:
    full = {
        "description": "D", "brand": "B", "weight": 2, "condition": "New", "availability": "disabled",
        "type": "digital",
        "custom_fields": json.dumps([{"name": "Material", "value": "Steel"}, {"name": "Width", "value": "3"}]),
    }  # fmt: skip
    put(database, "L", "A", **full)
    database.run('update core.listing_variant set options = \'[{"name": "Colour", "value": "Red"}]\', upc = \'U\'')
    assert load(rows(row("L", "A"))) == Counts(read=1, unchanged=1)
    before = listing(database)
    assert load(rows(row("L", "A", price="11", quantity="6"))) == Counts(read=1, updated=1)
    after = listing(database)
    assert {name for name in after if after[name] != before[name]} == {"price", "updated_at"}
    assert (variant(database)["quantity"], variant(database)["upc"]) == (6, "U")
    columns = (*OF_LISTING, *OF_VARIANT, "custom_field.material", "option.COLOUR")
    blank = dict.fromkeys(columns, "")
    assert load(rows(row("L", "A", **blank))) == Counts(read=1, updated=1)
    cleared = listing(database)
    for name in ("title", "description", "weight", "price", "brand", "condition", "availability"):
        assert cleared[name] is None, name
    assert (cleared["type"], cleared["categories"], cleared["images"]) == ("physical", [], [])
    assert cleared["custom_fields"] == [{"name": "Width", "value": "3"}]
    of_variant = variant(database)
    assert (of_variant["upc"], of_variant["price"], of_variant["quantity"], of_variant["options"]) == (
        None, None, None, [],
    )  # fmt: skip
    assert of_variant["sku"] == "A", "the channel's master SKU is the sku"


def test_a_custom_field_keeps_its_place_and_a_new_one_comes_last(load: Load, database: Database) -> None:
    fields = [{"name": name, "value": "old"} for name in ("a", "b", "c")]
    put(database, "L", "A", custom_fields=json.dumps(fields))
    load(rows(row("L", "A", **{"custom_field.z": "1", "custom_field.B": "new", "custom_field.c": ""})))
    assert [(each["name"], each["value"]) for each in listing(database)["custom_fields"]] == [
        ("a", "old"), ("B", "new"), ("z", "1"),
    ]  # fmt: skip


def test_a_known_variant_keeps_its_letter_case_and_those_that_the_file_does_not_have_are_kept(
    load: Load, database: Database
) -> None:
    put(database, "L", "Lamp-1", "Lamp-2")
    assert load(rows(row("L", "LAMP-1", quantity="9", sku=""))) == Counts(read=1, updated=1)
    assert skus(database) == ["Lamp-1", "Lamp-2"]
    assert (variant(database, "Lamp-1")["quantity"], variant(database, "Lamp-1")["sku"]) == (9, "Lamp-1")
    assert variant(database, "Lamp-2")["quantity"] == 5


@pytest.mark.parametrize(("field", "others"), [("sku", "upc"), ("upc", "sku"), ("mpn", "sku")])
def test_the_field_that_is_the_channels_master_sku_has_it_by_default(
    load: Load, database: Database, field: str, others: str
) -> None:
    load(rows(row("L", "A"), row("L", "B", **{field: "own"})), master_sku=field)
    assert (variant(database, "A")[field], variant(database, "B")[field]) == ("A", "own")
    assert variant(database, "A")[others] is None


def test_the_order_of_categories_is_no_change(load: Load, database: Database) -> None:
    put(database, "L", "A", categories=["A", "B"])
    assert load(rows(row("L", "A", categories="B|A"))).unchanged == 1
    assert load(rows(row("L", "A", categories="B"))).updated == 1


def test_another_channel_is_another_warehouse(load: Load, database: Database) -> None:
    content = rows(row("L", "A", title="T"))
    load(content, channel="other")
    assert load(content).created == 1
    assert load(rows(row("M", "A", title="T")), channel="third").created == 1


def test_many_chunks_come_in_whole_and_a_chunk_of_long_texts_ends_earlier(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ROWS_PER_CHUNK", 7)
    monkeypatch.setattr(feed, "CHARACTERS_PER_CHUNK", 50)
    content = rows(*(row(f"L-{number // 3}", f"A-{number}", title="x" * (number // 3)) for number in range(100)))
    assert load(content).created == 100
    assert database.value("select count(*) from core.listing") == 34


def test_an_import_handles_a_changed_listing_again(load: Load, database: Database) -> None:
    """The feed's write is no answer of the store: the triggers note it like anybody's."""
    put(database, "L", "A", product_id=77, status="listed")
    database.run(
        "insert into raw.product (channel, product_id, payload, content_hash, reflected, fetched_at)"
        " values ('shop', 77, '{}', '', 'yes', now())"
    )
    load(rows(row("L", "A", title="Lamp", quantity="5")))
    assert database.value("select reflected from raw.product") == "yes"
    load(rows(row("L", "A", title="Other")))
    assert database.value("select reflected from raw.product") is None


# --- when ---


def test_an_older_row_never_wins_and_a_newer_one_does(load: Load, database: Database) -> None:
    for key in ("OLDER", "SAME", "NEWER", "CONFIRMED", "NEVER"):
        put(database, key, f"{key}-1", updated_at=None if key == "NEVER" else NOON)
    counts = load(
        rows(
            row("OLDER", "OLDER-1", title="X", quantity="1", updated_at="2025-11-24T11:59:59Z"),
            row("SAME", "SAME-1", title="X", quantity="1", updated_at="2025-11-24 13:00:00+01:00"),
            row("NEWER", "NEWER-1", title="X", quantity="1", updated_at="2025-11-24T12:00:01Z"),
            row("CONFIRMED", "CONFIRMED-1", title="Lamp", quantity="5", updated_at="2025-11-24T12:00:01Z"),
            row("NEVER", "NEVER-1", title="X", quantity="1", updated_at="2020-01-01T00:00:00Z"),
        )
    )
    assert counts == Counts(read=5, updated=2, unchanged=3)
    found = {
        each["listing_key"]: (each["title"], each["variant"]["quantity"], each["updated_at"])
        for each in database.rows(EVERYTHING)
    }
    late = NOON + timedelta(seconds=1)
    assert found == {
        "OLDER": ("Lamp", 5, NOON), "SAME": ("Lamp", 5, NOON), "NEWER": ("X", 1, late), "CONFIRMED": ("Lamp", 5, late),
        "NEVER": ("X", 1, datetime(2020, 1, 1, tzinfo=UTC)),
    }  # fmt: skip


def test_of_a_listing_each_row_is_as_old_as_it_says(load: Load, database: Database) -> None:
    put(database, "L", "A", "B", updated_at=NOON, brand="kept", price=3)
    old, new = "2025-11-24T11:00:00Z", "2025-11-24T13:00:00Z"
    counts = load(
        rows(
            row("L", "A", title="T", brand="old says", price="", quantity="1", updated_at=old),
            row("L", "B", title="T", brand="", price="", quantity="1", updated_at=new),
            row("L", "C", title="", quantity="1", updated_at=old),
        )
    )
    assert counts == Counts(read=3, created=1, updated=1, unchanged=1)
    found = listing(database)
    assert (found["title"], found["brand"], found["price"]) == ("T", "kept", None)
    assert {sku: variant(database, sku)["quantity"] for sku in "ABC"} == {"A": 5, "B": 1, "C": 1}


def test_a_row_without_a_date_is_as_of_the_moment_before_the_file_was_read(load: Load, database: Database) -> None:
    put(database, "L", "A")
    load(rows(row("L", "A", title="file")), run_id="r", tasks=["extract"])
    database.run("update core.listing set title = 'meanwhile', updated_at = clock_timestamp()")
    assert load("", run_id="r", tasks=["load"]) == Counts(read=1, unchanged=1)
    assert listing(database)["title"] == "meanwhile"
    load(rows(row("L", "A", title="file")))
    assert listing(database)["title"] == "file"
    assert listing(database)["updated_at"] > NOON - timedelta(days=3650)


# --- what is queued ---

STATES: dict[str, dict[str, Any]] = {
    "NEW": {},
    "GONE": {"status": "delisted"},
    "LISTED": {"status": "listed", "product_id": 1},
    "HIDDEN": {"status": "hidden", "product_id": 2},
    "HALF": {"status": "delisted", "product_id": 3},
    "HIDE": {"status": "listed", "product_id": 4, "queued_action": "hide"},
    "UNHIDE": {"status": "hidden", "product_id": 5, "queued_action": "unhide"},
    "DELIST": {"status": "listed", "product_id": 6, "queued_action": "delist"},
    "QUEUED": {"queued_action": "publish"},
}
AS_BEFORE = {key: values.get("queued_action") for key, values in STATES.items()}


@pytest.mark.parametrize(
    ("queue", "queued"),
    [
        ("none", AS_BEFORE | {"MADE": None}),
        ("publish", AS_BEFORE | {"NEW": "publish", "GONE": "publish", "MADE": "publish"}),
        (
            "publish_and_overwrite",
            AS_BEFORE
            | {"NEW": "publish", "GONE": "publish", "MADE": "publish", "LISTED": "overwrite", "HIDDEN": "overwrite"},
        ),
    ],
)
@pytest.mark.parametrize("changed", ["title", "quantity"])
def test_what_the_file_makes_or_changes_is_queued_and_no_decision_is_replaced(
    load: Load, database: Database, queue: str, queued: dict[str, str | None], changed: str
) -> None:
    for key, values in STATES.items():
        put(database, key, f"{key}-1", **values)
    same = {"title": "Lamp", "quantity": "5"}
    content = rows(*(row(key, f"{key}-1", **same) for key in STATES))
    load(content, queue=queue)
    found = database.rows("select listing_key, queued_action from core.listing")
    assert {each["listing_key"]: each["queued_action"] for each in found} == AS_BEFORE, "nothing has changed"
    load(rows(*(row(key, f"{key}-1", **same | {changed: "9"}) for key in [*STATES, "MADE"])), queue=queue)
    found = database.rows("select listing_key, queued_action from core.listing")
    assert {each["listing_key"]: each["queued_action"] for each in found} == queued


def test_a_listing_whose_row_is_older_or_bad_is_not_queued(load: Load, database: Database) -> None:
    put(database, "OLD", "A", updated_at=NOON)
    put(database, "BAD", "B")
    load(
        rows(row("OLD", "A", title="X", updated_at="2025-11-24T11:00:00Z"), row("BAD", "B", title="X", price="x")),
        queue="publish",
    )
    assert database.value("select count(*) from core.listing where queued_action is not null") == 0


# --- rows that cannot be taken ---


@pytest.mark.parametrize(
    ("column", "value", "reason", "said"),
    [
        ("price", "1,000", "invalid_price", "line 3: price must be a number of 0 or more (got '1,000')."),
        ("price", "-1", "invalid_price", "(got '-1')"),
        ("price", "NaN", "invalid_price", "(got 'NaN')"),
        ("price", "1e16", "invalid_price", "more than 15 digits"),
        (
            "variant_price",
            "=1+1",
            "invalid_price",
            "variant_price must be a number of 0 or more (got '=1+1', which looks",
        ),
        ("weight", "2 kg", "invalid_weight", "weight must be a number of 0 or more (got '2 kg')"),
        ("variant_weight", "-2", "invalid_weight", "variant_weight must be"),
        ("quantity", "1.5", "invalid_quantity", "quantity must be a whole number"),
        ("quantity", "-1", "negative_quantity", "(got '-1')"),
        ("quantity", "2147483648", "quantity_too_large", ""),
        ("type", "service", "invalid_record", "type must be physical or digital (got 'service')"),
        ("condition", "mint", "invalid_record", "condition must be New, Used or Refurbished (got 'mint')"),
        ("availability", "yes", "invalid_record", "availability must be available, disabled or preorder"),
        ("inventory_sku", "I" * 256, "invalid_record", "inventory_sku has more than 255 characters"),
        ("updated_at", "yesterday", "invalid_date", "updated_at must be a date such as"),
        ("title", "a\0b", "unstorable_text", "title holds the character U+0000"),
        ("option.Colour", "a\0b", "unstorable_text", "option.Colour holds the character U+0000"),
    ],
)
def test_a_bad_row_leaves_its_listing_out_and_the_others_come_in(
    load: Load, database: Database, column: str, value: str, reason: str, said: str
) -> None:
    put(database, "BAD", "B-1")
    before = database.rows(EVERYTHING)
    content = rows(
        row("BAD", "B-0", brand="X", **{column: ""}),
        row("BAD", "B-1", **{column: value}),
        row("BAD", "B-2", brand="X"),
        row("GOOD", "G"),
    )
    assert load(content) == Counts(read=4, created=1, skipped=2, failed=1)
    assert database.rows(EVERYTHING.replace("order", "where l.listing_key = 'BAD' order")) == before
    assert skus(database) == ["B-1", "G"]
    assert problems(database) == {("variant", "B-1", reason)}
    assert said in messages(database)
    assert database.value("select source from mart.problems") == "feed/listing/BAD"


@pytest.mark.parametrize(
    ("bad", "key", "reason"),
    [
        (row("BAD", ""), ("listing", "BAD"), "missing_master_sku"),
        (row("BAD", "S" * 256), ("listing", "BAD"), "invalid_record"),
        (row("", "S"), ("variant", "S"), "missing_listing_key"),
        (row(" ", " "), ("variant", "line 2"), "missing_listing_key"),
        (row("K" * 256, "S"), ("variant", "S"), "invalid_record"),
        (row("K\0", "S"), ("variant", "S"), "unstorable_text"),
    ],
)
def test_a_row_without_a_usable_key_or_sku_is_a_problem(
    load: Load, database: Database, bad: dict[str, Any], key: tuple[str, str], reason: str
) -> None:
    assert load(rows(bad, row("GOOD", "G"))) == Counts(read=2, created=1, failed=1)
    assert problems(database) == {(*key, reason)}


def test_a_row_with_other_values_than_columns_leaves_the_listing_out_that_it_names(
    load: Load, database: Database
) -> None:
    content = "listing_key,master_sku,title\nBAD,B-1\nBAD,B-2,T\nGOOD,G,T,more\nFINE,F,T\n"
    assert load(content) == Counts(read=4, created=1, skipped=1, failed=2)
    assert problems(database) == {("variant", "B-1", "invalid_record"), ("variant", "G", "invalid_record")}


def test_one_problem_says_all_that_is_wrong_with_a_row(load: Load, database: Database) -> None:
    assert load(rows(row("L", "A", price="x", quantity="y"), row("M", "B"))).failed == 1
    assert problems(database) == {("variant", "A", "invalid_price")}
    assert "got 'x'); quantity must be a whole number" in messages(database)


def test_the_same_master_sku_twice_leaves_out_each_listing_that_has_it(load: Load, database: Database) -> None:
    content = rows(
        row("L", "abc"), row("M", "ABC"), row("M", "M-2"), row("N", "N-1"), row("O", "x", price="x"), row("P", "X")
    )
    assert load(content) == Counts(read=6, created=1, skipped=1, failed=4)
    assert skus(database) == ["N-1"]
    assert problems(database) == {
        ("variant", "abc", "duplicate_master_sku"),
        ("variant", "ABC", "duplicate_master_sku"),
        ("variant", "x", "duplicate_master_sku"),
        ("variant", "x", "invalid_price"),
        ("variant", "X", "duplicate_master_sku"),
    }
    assert "line 3: its master_sku stands in 2 lines, the first of them 2. Keep one" in messages(database)


def test_identical_rows_are_two_rows_all_the_same(load: Load, database: Database) -> None:
    assert load(rows(row("L", "A"), row("L", "A"), row("M", "B"))) == Counts(read=3, created=1, failed=2)
    assert problems(database) == {("variant", "A", "duplicate_master_sku")}


def test_a_master_sku_of_another_listing_is_not_taken_from_it(load: Load, database: Database) -> None:
    put(database, "OWNER", "A")
    content = rows(row("THIEF", "a", title="X"), row("THIEF", "B", title="X"), row("HONEST", "C"))
    assert load(content) == Counts(read=3, created=1, skipped=1, failed=1)
    assert [each["listing_key"] for each in database.rows(EVERYTHING)] == ["HONEST", "OWNER"]
    assert problems(database) == {("variant", "a", "in_other_listing")}
    assert "belongs to the listing 'OWNER'" in messages(database)


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("title", "a", "b"), ("title", "a", "A"), ("description", "a", "b"), ("type", "digital", "physical"),
        ("weight", "1", "2"), ("price", "1", "1.01"), ("brand", "a", "b"), ("categories", "A", "A|B"),
        ("images", "1|2", "2|1"), ("condition", "New", "Used"), ("availability", "available", "disabled"),
        ("custom_field.Width", "1", "2"),
    ],
)  # fmt: skip
def test_rows_that_disagree_about_their_listing_are_a_problem(
    load: Load, database: Database, column: str, one: str, other: str
) -> None:
    content = rows(
        row("L", "A"), row("L", "B", **{column: one}), row("L", "C", **{column: other}), row("L", "D", **{column: one}),
        row("M", "E", **{column: other}),
    )  # fmt: skip
    assert load(content) == Counts(read=5, created=1, skipped=3, failed=1)
    assert skus(database) == ["E"]
    assert problems(database) == {("listing", "L", "rows_disagree")}
    assert f"line 4: says otherwise than line 3 of the same listing: {column}." in messages(database)


def test_a_blank_beside_a_value_and_the_same_number_written_otherwise_agree(load: Load, database: Database) -> None:
    content = rows(
        row("L", "A", title="", price="1.0", **{"custom_field.W": ""}),
        row("L", "B", title="T", price="1", **{"custom_field.W": "3"}),
        row("L", "C", title="", price=""),
    )
    assert load(content).created == 3
    assert (listing(database)["title"], listing(database)["price"]) == ("T", Decimal(1))
    assert listing(database)["custom_fields"] == [{"name": "W", "value": "3"}]


def test_a_date_in_the_future_is_a_problem_and_beats_no_later_row(load: Load, database: Database) -> None:
    put(database, "L", "A", title="Old")
    load(rows(row("L", "A", title="X", updated_at="2062-01-01"), row("M", "B", title="Y")))
    assert (listing(database)["title"], problems(database)) == ("Old", {("variant", "A", "invalid_date")})
    load(rows(row("L", "A", title="New")))
    assert (listing(database)["title"], problems(database)) == ("New", set())


def test_a_problem_closes_when_a_later_file_has_the_listing_right(load: Load, database: Database) -> None:
    content = (row("L", "A", price="x"), row("M", "B", price="x"), row("", "C", price="1"), row("TYPO", "D", price="x"))
    load(rows(*content, row("GOOD", "G", price="1")))
    first = database.value("select first_seen from mart.problems where entity_key = 'B'")
    load(rows(row("M", "B", price="y"), row("N", "C", price="1"), row("O", "d", price="1"), row("P", "E", price="1")))
    assert problems(database) == {("variant", "A", "invalid_price"), ("variant", "B", "invalid_price")}, "L is missing"
    assert database.value("select first_seen from mart.problems where entity_key = 'B'") == first
    load(rows(row("L", "OTHER", price="1"), row("M", "B", price="1")), max_shrink_share=1.0)
    assert problems(database) == set()


def test_problems_end_a_run_red_where_a_setting_says_so_and_the_rest_is_loaded(load: Load, database: Database) -> None:
    load(rows(row("L", "A", price="x"), row("M", "B")), problems_fail_run=True)
    run = database.row("select state, failed, created, message from mart.runs")
    assert (run["state"], run["failed"], run["created"]) == ("failed", 1, 1)


# --- files that are refused ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "drafts.csv: is empty"),
        ("master_sku,title\nA,T\n", "has no column 'listing_key'"),
        ("listing_key,title\nL,T\n", "has no column 'master_sku'"),
        ("listing_key,master_sku,colour\nL,A,1\n", "not known: 'colour'; known are listing_key, master_sku, title"),
        ("listing_key,master_sku,colour\nL,A,1\n", "updated_at, custom_field.NAME, option.NAME. Name others in"),
        ("listing_key,master_sku,option.\nL,A,1\n", "not known: 'option.'"),
        ("listing_key,master_sku,options.x\nL,A,1\n", "not known: 'options.x'"),
        ("listing_key,master_sku,option.a\0b\nL,A,1\n", "not known: 1 that is no column name;"),
        ("listing_key,master_sku,option.Colour,Option. colour\nL,A,1,2\n", "has the column 'option.colour' twice"),
        ("listing_key,master_sku\nL,Ä\n".encode("latin-1"), "is not UTF-8: byte 0xC4"),
        ('listing_key,master_sku\n"L,A\n', "line 2: is no CSV record"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_with_the_place(
    load: Load, database: Database, content: Content, said: str
) -> None:
    with pytest.raises(FeedRefused) as caught:
        load(content)
    assert said in str(caught.value)
    assert database.value("select count(*) from core.listing") == 0
    assert database.value("select state from mart.runs") == "failed"
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0


def test_an_empty_a_shrunken_and_a_too_large_file_are_refused(load: Load, database: Database) -> None:
    content = rows(*(row(f"L-{number}", f"A-{number}") for number in range(10)))
    load(content)
    with pytest.raises(RunStopped, match="has a header and no rows"):
        load("listing_key,master_sku\n", params={"confirm_large_change": True})
    few = rows(row("L-1", "A-1", title="T"))
    with pytest.raises(RunStopped, match=r"has 1 SKUs, and the last file that was loaded had 10"):
        load(few)
    load(few, channel="other")  # it has a measure of its own
    assert load(few, params={"confirm_large_change": True}).updated == 1
    with pytest.raises(FeedRefused, match="larger than max_megabytes"):
        load(content, size=10**9, max_megabytes=1)


def test_a_file_is_measured_by_its_skus_however_often_it_has_them(load: Load) -> None:
    content = [row(f"L-{number}", f"A-{number}", price="1") for number in range(10)]
    load(rows(*content))
    load(rows(*content[:9], *(row("TWICE", sku) for sku in ("B", "b", "B"))))
    load(rows(*content[:6], *(row("BAD", f"C-{number}", price="x") for number in range(4))))  # they name their SKUs
    for unusable in ("", "A" * 256, "B\0", "a-0"):
        with pytest.raises(RunStopped, match="has 1 SKUs, and the last file that was loaded had 10"):
            load(rows(content[0], *(row("BAD", unusable) for _ in range(9))))


def test_a_file_whose_every_row_is_bad_is_refused_with_its_problems(
    load: Load, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    load(rows(row("L", "A", title="T"), row("M", "B", price="x")))
    before = state(database)[0]
    # C is good, but its listing is not
    content = rows(row("L", "A", price="y"), row("L", "C"), row("N", "D"), row("O", "d"))
    said = "all 4 rows of the file are bad, or of a listing that has a bad one, such as A: line 2: price must be"
    assert load(content, params={"dry_run": True}) == Counts(read=4, skipped=1, failed=3)
    assert said in caplog.text
    with pytest.raises(RunStopped) as caught:
        load(content, run_id="bad", params={"confirm_large_change": True})
    assert f"nothing was loaded: {said}" in str(caught.value)
    assert state(database)[0] == before
    assert problems(database) == {
        ("variant", "A", "invalid_price"),
        ("variant", "B", "invalid_price"),  # nothing has mended that one
        ("variant", "D", "duplicate_master_sku"),
        ("variant", "d", "duplicate_master_sku"),
    }
    of_it = str(database.rows("select message from mart.problems where entity_key <> 'B'"))
    assert "the rest was loaded" not in of_it
    assert database.value("select state from mart.runs where run_id = 'bad'") == "failed"
    assert database.value("select count(*) from pg_tables where schemaname = 'staging'") == 0
    load(rows(row("L", "A", price="1"), row("M", "B", price="1"), row("N", "D", price="1")))
    assert problems(database) == set()


def test_without_a_path_it_says_where_to_set_it(load: Load) -> None:
    with pytest.raises(SettingsError, match=r"channel 'shop': .*load_listings.path: says no file to load"):
        load("listing_key,master_sku\nL,A\n", path=None)


def test_columns_that_are_to_be_ignored_may_be_there(load: Load, database: Database) -> None:
    load("Colour,listing_key,master_sku,option.X\nred,L,A,1\n", ignored_columns=["colour", "option.x"])
    assert variant(database)["options"] == []


# --- killed, repeated, tried ---

MIXED = rows(
    row("L", "A", title="new", quantity="1", **{"custom_field.m": "1"}),
    row("L", "B", title="new"),
    row("M", "C", title="T", **{"option.c": "red"}),
    row("BAD", "D", price="x"),
    row("TWICE", "E"),
    row("TWICE", "e"),
)


def state(database: Database) -> tuple[Any, ...]:
    hidden = ("first_seen", "updated_at")
    found = [{name: value for name, value in each.items() if name not in hidden} for each in database.rows(EVERYTHING)]
    return found, problems(database)


def test_a_dry_run_writes_nothing_but_its_own_row_and_says_what_it_would_do(
    load: Load, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    put(database, "L", "A")
    before = state(database)
    with caplog.at_level(logging.INFO):
        counts = load(MIXED, params={"dry_run": True}, queue="publish")
    assert counts == Counts(read=6, created=2, updated=1, failed=3)
    assert state(database) == before
    assert database.value("select count(*) from ops.problem") == 0
    assert "L: would be changed, 1 new variants, 1 changed, then queued: publish" in caplog.text
    assert "M: would be created, 1 new variants, 0 changed, then queued: publish" in caplog.text
    assert "D: invalid_price: line 5: price must be" in caplog.text
    run = database.row("select dry_run, state, created from mart.runs")
    assert run == {"dry_run": True, "state": "success", "created": 2}


def test_a_reading_that_broke_off_begins_anew_and_ends_as_an_undisturbed_one(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ROWS_PER_CHUNK", 10)
    content = rows(*(row(f"L-{number}", f"A-{number}", title="T") for number in range(100)), row("B", "B")).encode()
    with pytest.raises(OSError, match="the connection is lost"):
        load(lambda: Broken(content, 600), run_id="r", tasks=["extract"])
    assert skus(database) == []
    assert load(content, run_id="r") == Counts(read=101, created=101)


@pytest.mark.parametrize(
    "statement",
    [
        "report_duplicates", "judge_listings", "judge_variants", "merge_listings", "merge_variants", "queue_listings",
        "close_problems", "count_outcome",
    ],
)  # fmt: skip
def test_a_load_killed_at_any_statement_has_written_nothing_and_its_repeat_everything(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    put(database, "L", "A")
    before = state(database)

    def killed(method: Any) -> Any:
        def broken(self: Any, name: str, **values: Any) -> Any:
            done = method(self, name, **values)
            if name == f"load_listings/{statement}":
                raise OSError("killed")
            return done

        return broken

    with monkeypatch.context() as patched:
        patched.setattr(Session, "run", killed(Session.run))
        patched.setattr(Session, "row", killed(Session.row))
        with pytest.raises(OSError, match="killed"):
            load(MIXED, run_id="r", queue="publish")
    assert state(database) == before
    counts = load(MIXED, run_id="r", tasks=["load"], queue="publish")
    assert counts == Counts(read=6, created=2, updated=1, failed=3)
    once = state(database)
    assert load("", run_id="r", tasks=["load"], queue="publish") == counts
    assert state(database) == once
    assert [each["queued_action"] for each in once[0]] == ["publish"] * 3


def test_a_crash_of_the_database_after_the_reading_is_no_empty_file(load: Load, database: Database) -> None:
    load(MIXED, run_id="r", tasks=["extract"])
    for each in database.rows("select tablename from pg_tables where schemaname = 'staging'"):
        database.run(f"truncate staging.{each['tablename']}")
    assert load(MIXED, run_id="r", tasks=["load"]).created == 3


def test_a_stalled_reading_cannot_write_after_its_retry_began(load: Load, database: Database) -> None:
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
            "Option.Colour": ["Red", None],
            "master_sku": ["A", "B"],
            "listing_key": pa.array(["L", "L"]).dictionary_encode(),
            "price": pa.array([Decimal("19.90"), None], pa.decimal128(10, 2)),
            "quantity": pa.array([3, None], pa.int64()),
            "updated_at": pa.array([NOON, NOON], pa.timestamp("us", tz="Europe/Paris")),
            "custom_field.Width": [2.5, 2.5],
            "Unwanted": [1, 2],
        }
    )
    assert load(parquet(table), ignored_columns=["unwanted"]) == Counts(read=2, created=2)
    assert (listing(database)["price"], listing(database)["updated_at"]) == (Decimal("19.9"), NOON)
    assert listing(database)["custom_fields"] == [{"name": "Width", "value": "2.5"}]
    assert variant(database, "A")["options"] == [{"name": "Colour", "value": "Red"}]
    assert (variant(database, "B")["options"], variant(database, "B")["quantity"]) == ([], None)


def test_long_rows_of_a_parquet_file_are_decoded_few_at_a_time_and_come_in_whole(
    load: Load, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_file, "PARQUET_BYTES", 2000)
    count = 60
    table = pa.table(
        {
            "listing_key": [f"L-{number}" for number in range(count)],
            "master_sku": [f"A-{number}" for number in range(count)],
            "description": [f"{number}" * 200 for number in range(count)],
        }
    )
    sizes: list[int] = []
    decode = feed_file._as_text
    monkeypatch.setattr(feed_file, "_as_text", lambda pa, column: sizes.append(len(column)) or decode(pa, column))
    assert load(parquet(table, row_group_size=25)).created == count
    assert 0 < max(sizes) < 20
