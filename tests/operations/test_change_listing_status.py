"""Change Listing Status: what a person asks for is done for all the listings named, or for none."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, event

from sandbox.process import SandboxProcess
from storekeeper.outcomes import Counts, RunStopped, SettingsError
from storekeeper.settings import ListingAction
from tests.databases import Database
from tests.operations.conftest import ChangeStatus, Import, SyncListings

ACTIONS = [action.value for action in ListingAction]
IN_STORE = {"status": "listed", "product_id": 7}
HIDDEN = {"status": "hidden", "product_id": 7, "hidden_as": "invisible"}
NOT_IN_STORE = {"status": "not_listed", "product_id": None}


def add_listing(database: Database, key: str, *skus: str, title: str = "A lamp", **columns: Any) -> None:
    """A listing as somebody else's script would write it."""
    names = ["channel", "listing_key", "title", *columns]
    database.run(
        f"insert into core.listing ({', '.join(names)}) values ({', '.join(['%s'] * len(names))})",
        "shop", key, title, *columns.values(),
    )  # fmt: skip
    for sku in skus:
        database.run(
            "insert into core.listing_variant (channel, listing_key, master_sku) values ('shop', %s, %s)", key, sku
        )


def state(database: Database, key: str) -> tuple[bool, str | None]:
    row = database.row("select paused, queued_action from core.listing where listing_key = %s", key)
    return row["paused"], row["queued_action"]


def everything(database: Database) -> list[dict[str, Any]]:
    return database.rows("select * from core.listing order by channel, listing_key")


# --- what each action does ---


@pytest.mark.parametrize(
    ("before", "action", "counted", "paused", "queued"),
    [
        (IN_STORE, "pause", "updated", True, None),
        (IN_STORE | {"paused": True}, "pause", "unchanged", True, None),
        (IN_STORE | {"queued_action": "hide"}, "pause", "updated", True, "hide"),
        (NOT_IN_STORE, "pause", "updated", True, None),
        (IN_STORE, "unpause", "unchanged", False, None),
        (IN_STORE | {"paused": True, "queued_action": "delist"}, "unpause", "updated", False, "delist"),
        (IN_STORE, "hide", "updated", False, "hide"),
        (IN_STORE | {"paused": True}, "hide", "updated", True, "hide"),
        (IN_STORE | {"queued_action": "hide"}, "hide", "unchanged", False, "hide"),
        (IN_STORE | {"queued_action": "delist"}, "hide", "updated", False, "hide"),
        (HIDDEN, "hide", "skipped", False, None),
        (HIDDEN | {"queued_action": "unhide"}, "hide", "updated", False, None),
        (HIDDEN | {"queued_action": "delist"}, "hide", "skipped", False, "delist"),
        (NOT_IN_STORE, "hide", "skipped", False, None),
        (HIDDEN, "unhide", "updated", False, "unhide"),
        (HIDDEN | {"queued_action": "delist"}, "unhide", "updated", False, "unhide"),
        (IN_STORE, "unhide", "skipped", False, None),
        (IN_STORE | {"queued_action": "hide"}, "unhide", "updated", False, None),
        (IN_STORE | {"queued_action": "overwrite"}, "unhide", "skipped", False, "overwrite"),
        (NOT_IN_STORE, "unhide", "skipped", False, None),
        (IN_STORE, "delist", "updated", False, "delist"),
        (HIDDEN | {"queued_action": "unhide"}, "delist", "updated", False, "delist"),
        (IN_STORE | {"queued_action": "delist"}, "delist", "unchanged", False, "delist"),
        (NOT_IN_STORE, "delist", "skipped", False, None),
        (NOT_IN_STORE, "publish", "updated", False, "publish"),
        ({"status": "delisted"}, "publish", "updated", False, "publish"),
        (NOT_IN_STORE | {"queued_action": "publish"}, "publish", "unchanged", False, "publish"),
        (IN_STORE, "publish", "skipped", False, None),
        (IN_STORE, "overwrite", "updated", False, "overwrite"),
        (HIDDEN, "overwrite", "updated", False, "overwrite"),
        (NOT_IN_STORE, "overwrite", "skipped", False, None),
        (IN_STORE | {"queued_action": "delist"}, "cancel", "updated", False, None),
        (NOT_IN_STORE | {"queued_action": "hide"}, "cancel", "updated", False, None),
        (IN_STORE | {"paused": True, "queued_action": "hide"}, "cancel", "updated", True, None),
        (IN_STORE, "cancel", "skipped", False, None),
    ],
)
def test_an_action_does_what_makes_sense_for_the_listing(
    database: Database,
    change_status: ChangeStatus,
    before: dict[str, Any],
    action: str,
    counted: str,
    paused: bool,
    queued: str | None,
) -> None:
    add_listing(database, "lamp", "A-1", **before)
    add_listing(database, "other", "B-1", **before)
    counts = change_status(action, "A-1", confirm_large_change=True)
    assert counts == Counts(**{"read": 1, counted: 1})
    assert state(database, "lamp") == (paused, queued)
    assert state(database, "other") == (before.get("paused", False), before.get("queued_action"))
    assert database.value("select status from core.listing where listing_key = 'lamp'") == before["status"]


@pytest.mark.parametrize("action", ACTIONS)
def test_once_more_changes_nothing(database: Database, change_status: ChangeStatus, action: str) -> None:
    add_listing(database, "here", "A-1", **IN_STORE)
    add_listing(database, "hidden", "A-2", **HIDDEN | {"product_id": 8})
    add_listing(database, "away", "A-3", **NOT_IN_STORE)
    add_listing(database, "asleep", "A-4", **IN_STORE | {"product_id": 9, "paused": True, "queued_action": "hide"})
    skus = ("A-1", "A-2", "A-3", "A-4")
    first = change_status(action, *skus, confirm_large_change=True)
    assert first.updated > 0
    after = everything(database)
    assert change_status(action, *skus, confirm_large_change=True).updated == 0
    assert everything(database) == after


def test_skus_are_taken_as_a_person_pastes_them(database: Database, change_status: ChangeStatus) -> None:
    for number, sku in enumerate(("Ab-1", "007", "ÄRMEL", "X,1")):
        add_listing(database, f"listing-{number}", sku, **IN_STORE | {"product_id": number})
    assert change_status("hide", " aB-1 ", "007,ärmel", "", "AB-1").updated == 3
    assert state(database, "listing-3") == (False, None)


def test_the_same_sku_in_another_channel_is_left_alone(database: Database, change_status: ChangeStatus) -> None:
    add_listing(database, "lamp", "A-1", **IN_STORE)
    database.run("insert into core.listing (channel, listing_key, product_id) values ('second', 'lamp', 7)")
    database.run(
        "insert into core.listing_variant (channel, listing_key, master_sku) values ('second', 'lamp', 'A-1'),"
        " ('second', 'lamp', 'A-2')"
    )
    assert change_status("pause", "A-1").updated == 1
    assert database.value("select paused from core.listing where channel = 'second'") is False


# --- what is refused ---


@pytest.mark.parametrize("skus", [[], ["", "  ", ","]])
def test_no_sku_never_means_all(database: Database, change_status: ChangeStatus, skus: list[str]) -> None:
    add_listing(database, "lamp", "A-1", **IN_STORE)
    with pytest.raises(SettingsError, match="run parameter skus: name at least one master SKU; empty never means all"):
        change_status("pause", *skus)
    assert state(database, "lamp") == (False, None)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"action": None}, "run parameter action: must be one of pause, unpause"),
        ({"action": "remove"}, r"must be one of .* \(got 'remove'\)"),
        ({"action": "hide", "dry_rum": True}, "run parameter dry_rum: is not known"),
    ],
)
def test_what_nobody_knows_is_refused(
    database: Database, change_status: ChangeStatus, params: dict[str, Any], said: str
) -> None:
    add_listing(database, "lamp", "A-1", **IN_STORE)
    with pytest.raises(SettingsError, match=said):
        change_status(params.pop("action"), "A-1", **params)
    assert state(database, "lamp") == (False, None)


def test_one_unknown_sku_leaves_all_as_it_was_and_is_named(database: Database, change_status: ChangeStatus) -> None:
    add_listing(database, "lamp", "A-1", **IN_STORE)
    unknown = [f"typo-{number}" for number in range(12)]
    with pytest.raises(RunStopped) as stopped:
        change_status("hide", "A-1", *unknown)
    said = str(stopped.value)
    assert "12 of the SKUs are no master SKUs of channel 'shop': 'typo-0', 'typo-1'" in said
    assert "'typo-9' and 2 more" in said
    assert said.endswith("Nothing was written.")
    assert state(database, "lamp") == (False, None)
    assert database.row("select state, updated from mart.runs") == {"state": "failed", "updated": 0}


@pytest.mark.parametrize(
    "sku", ["x'; drop table core.listing; --", "' or '1'='1", ":run_no", "%s", "{{ 7 * 7 }}", '"', "%"]
)
def test_a_sku_that_looks_like_a_statement_is_a_sku(database: Database, change_status: ChangeStatus, sku: str) -> None:
    add_listing(database, "lamp", "A-1", **IN_STORE)
    with pytest.raises(RunStopped, match="is no master SKU") as stopped:
        change_status("hide", sku)
    assert repr(sku) in str(stopped.value)
    add_listing(database, "odd", sku, **IN_STORE | {"product_id": 8})
    assert change_status("hide", sku).updated == 1
    assert (state(database, "lamp"), state(database, "odd")) == ((False, None), (False, "hide"))


@pytest.mark.parametrize("action", ACTIONS)
def test_some_skus_of_a_listing_are_not_the_listing(
    database: Database, change_status: ChangeStatus, action: str
) -> None:
    add_listing(database, "shirt", "S-1", "S-2", "S-3", **IN_STORE)
    add_listing(database, "lamp", "A-1", **IN_STORE | {"product_id": 8})
    before = everything(database)
    with pytest.raises(RunStopped) as stopped:
        change_status(action, "A-1", "s-2", confirm_large_change=True)
    assert f"{action} belongs to a listing with all its variants, and of 1 listing only some" in str(stopped.value)
    assert "shirt: S-1, S-3" in str(stopped.value)
    assert "lamp" not in str(stopped.value)
    assert everything(database) == before
    for run in ({"whole_listing": True}, {}):
        skus = ("s-2",) if run else ("S-1", "s-2", "S-3")
        assert change_status(action, *skus, confirm_large_change=True, **run).read == 1


def test_of_many_listings_named_in_part_ten_are_shown(database: Database, change_status: ChangeStatus) -> None:
    for number in range(12):
        add_listing(database, f"shirt-{number:02}", f"S-{number:02}", f"T-{number:02}", **IN_STORE)
    with pytest.raises(RunStopped) as stopped:
        change_status("pause", *(f"S-{number:02}" for number in range(12)))
    assert "of 12 listings only some" in str(stopped.value)
    assert "shirt-09: T-09" in str(stopped.value)
    assert "shirt-10" not in str(stopped.value)
    assert "and 2 more" in str(stopped.value)


def test_a_deletion_is_confirmed_or_not_done(database: Database, change_status: ChangeStatus) -> None:
    add_listing(database, "lamp", "A-1", title="A lamp\nof brass", **IN_STORE)
    with pytest.raises(RunStopped) as stopped:
        change_status("delist", "A-1")
    assert "The next sync would delete 1 listing from the store" in str(stopped.value)
    assert "confirm_large_change" in str(stopped.value)
    assert "lamp: A lamp of brass" in str(stopped.value)
    assert state(database, "lamp") == (False, None)
    assert "would delete 1 listing" in database.value("select message from mart.runs")
    assert change_status("delist", "A-1", confirm_large_change=True).updated == 1
    assert change_status("delist", "A-1").unchanged == 1


def test_all_that_is_wrong_is_said_at_once(database: Database, change_status: ChangeStatus) -> None:
    add_listing(database, "shirt", "S-1", "S-2", **IN_STORE)
    with pytest.raises(RunStopped) as stopped:
        change_status("delist", "S-1", "typo")
    for said in ("'typo'", "shirt: S-2", "would delete 1 listing"):
        assert said in str(stopped.value)


# --- what a person sees ---


@pytest.mark.parametrize("action", ACTIONS)
def test_a_dry_run_says_all_and_writes_nothing(
    database: Database, change_status: ChangeStatus, caplog: pytest.LogCaptureFixture, action: str
) -> None:
    add_listing(database, "shirt", "S-1", "S-2", **IN_STORE | {"queued_action": "overwrite", "paused": True})
    before = everything(database)
    with caplog.at_level("INFO"):
        counts = change_status(action, "S-1", "typo", dry_run=True)
    assert counts.read == 1
    assert everything(database) == before
    for said in ("listed, paused, overwrite queued", "shirt: S-2", "'typo'", "Without the dry run"):
        assert said in caplog.text
    run = database.row("select state, dry_run, message from mart.runs")
    assert (run["state"], run["dry_run"]) == ("success", True)
    assert run["message"].startswith("Dry run: nothing was written.")


def test_the_table_says_what_becomes_of_each_listing_and_when(
    database: Database, change_status: ChangeStatus, caplog: pytest.LogCaptureFixture
) -> None:
    add_listing(database, "lamp", "A-1", **IN_STORE)
    add_listing(database, "shirt", "A-2", title="A shirt", paused=True, **IN_STORE | {"product_id": 8})
    add_listing(database, "shoe", "A-3", queued_action="delist", **IN_STORE | {"product_id": 9})
    add_listing(database, "away", "A-4", **NOT_IN_STORE)
    with caplog.at_level("INFO"):
        change_status("hide", "A-1", "A-2", "A-3", "A-4")
    (table,) = [record.getMessage() for record in caplog.records if "what hide does" in record.getMessage()]
    lines = [" ".join(line.split()) for line in table.splitlines()[1:]]
    assert lines == [
        "listing title SKUs now then what happens next",
        "lamp A lamp 1 listed listed, hide queued the next sync hides it",
        "shirt A shirt 1 listed, paused listed, paused, hide queued paused: hide waits until unpaused",
        "shoe A lamp 1 listed, delist queued listed, hide queued the next sync hides it; instead of delist",
        "away A lamp 1 not_listed as it is not in the store",
    ]


def test_the_table_shows_fifty_listings_and_counts_the_others(
    database: Database, change_status: ChangeStatus, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(60):
        add_listing(database, f"lamp-{number}", f"A-{number}", **NOT_IN_STORE)
    with caplog.at_level("INFO"):
        counts = change_status("publish", *(f"A-{number}" for number in range(60)))
    assert counts == Counts(read=60, updated=60)
    assert caplog.text.count("the next publish creates it") == 50
    assert "... and 10 more listings" in caplog.text


@pytest.mark.parametrize(
    ("large_change", "said"), [("stop", "until it is run with confirm_large_change"), ("ask", "waits for approval")]
)
def test_it_says_beforehand_where_a_guard_of_the_next_sync_will_bind(
    database: Database, change_status: ChangeStatus, large_change: str, said: str
) -> None:
    for number in range(40):
        add_listing(database, f"lamp-{number}", f"A-{number}", **IN_STORE | {"product_id": number})
    settings = {"large_change": large_change}
    change_status("delist", "A-0", "A-1", confirm_large_change=True, sync_listings=settings, run_id="few")
    change_status("delist", "A-2", confirm_large_change=True, sync_listings=settings, run_id="more")
    messages = {row["run_id"]: row["message"] for row in database.rows("select run_id, message from mart.runs")}
    assert messages["few"] is None
    assert "3 of 40 listings wait to be delisted, and sync_listings.max_delisted_share allows 5%" in messages["more"]
    assert said in messages["more"]


def test_the_ledger_keeps_who_was_named_and_what_for(database: Database, change_status: ChangeStatus) -> None:
    add_listing(database, "lamp", "A-1", **IN_STORE)
    change_status("hide", "a-1")
    run = database.row("select operation, params, read, updated, requests from ops.run")
    assert run["params"] == {"action": "hide", "skus": ["a-1"]}
    assert (run["operation"], run["read"], run["updated"], run["requests"]) == ("change_listing_status", 1, 1, 0)


# --- killed, and run again ---


class Killed(BaseException):
    """The worker is gone: nothing runs after it."""


@pytest.mark.parametrize("action", ["unhide", "cancel"])
def test_killed_before_any_statement_and_run_again_it_is_done_once(
    database: Database, change_status: ChangeStatus, action: str
) -> None:
    """A second attempt that took the first one's work for the state before would say that nothing was to be done."""
    add_listing(database, "lamp", "A-1", **HIDDEN)
    add_listing(database, "shoe", "A-2", queued_action="hide", **IN_STORE | {"product_id": 8})
    before = everything(database)
    expected = change_status(action, "A-1", "A-2")
    after = everything(database)
    killed_at, finished = 0, False
    while not finished:
        killed_at += 1
        database.run("update core.listing set queued_action = case listing_key when 'shoe' then 'hide' end")
        assert everything(database) == before
        left = killed_at

        def kill(*_: Any) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                raise Killed

        event.listen(Engine, "before_cursor_execute", kill)
        try:
            change_status(action, "A-1", "A-2", run_id=f"killed-{killed_at}")
            finished = True
        except Killed:
            pass
        finally:
            event.remove(Engine, "before_cursor_execute", kill)
        assert change_status(action, "A-1", "A-2", run_id=f"killed-{killed_at}") == expected
        assert everything(database) == after
    assert killed_at > 10


def test_a_run_that_gets_other_parameters_is_another_run(database: Database, change_status: ChangeStatus) -> None:
    add_listing(database, "lamp", "A-1", **IN_STORE)
    assert change_status("hide", "A-1", dry_run=True, run_id="same").updated == 1
    assert state(database, "lamp") == (False, None)
    assert change_status("hide", "A-1", run_id="same").updated == 1
    assert state(database, "lamp") == (False, "hide")


# --- together with the sync ---


@pytest.fixture
def synced(store: SandboxProcess, database: Database, run_import: Import) -> Database:
    """The store's listings are in the warehouse, unpaused; nothing waits to be sent."""
    run_import(new_listings_paused=False)
    store.forget_requests()
    return database


def listing_of(database: Database, variants: int) -> tuple[str, int, list[str]]:
    """A listing that is shown in the store, with so many variants: its key, product and master SKUs."""
    row = database.row(
        "select l.listing_key, l.product_id, array_agg(v.master_sku order by v.master_sku) as skus"
        " from core.listing as l inner join core.listing_variant as v using (channel, listing_key)"
        " where l.status = 'listed' group by 1, 2"
        " having count(*) = %s and bool_and(v.variant_id is not null and v.price is not null) order by 1 limit 1",
        variants,
    )
    return row["listing_key"], row["product_id"], row["skus"]


def product(store: SandboxProcess, product_id: int) -> dict[str, Any] | None:
    return next((each for each in store.products() if each["id"] == product_id), None)


@pytest.mark.parametrize("hide_as", ["invisible", "unavailable"])
def test_hidden_by_the_next_sync_and_shown_again_by_a_later_one(
    store: SandboxProcess, synced: Database, run_sync: SyncListings, change_status: ChangeStatus, hide_as: str
) -> None:
    key, product_id, (sku,) = listing_of(synced, 1)
    before = product(store, product_id)
    change_status("hide", sku)
    assert store.request_count() == 0
    run_sync(hide_as=hide_as)
    hidden = product(store, product_id)
    assert before is not None
    assert hidden is not None
    assert (before["is_visible"], before["availability"]) == (True, "available")
    assert (hidden["is_visible"], hidden["availability"]) == (
        (False, "available") if hide_as == "invisible" else (True, "disabled")
    )
    assert synced.row("select status, hidden_as, queued_action from core.listing where listing_key = %s", key) == {
        "status": "hidden", "hidden_as": hide_as, "queued_action": None,
    }  # fmt: skip
    assert change_status("hide", sku).skipped == 1
    change_status("unhide", sku)
    run_sync(hide_as=hide_as)
    shown = product(store, product_id)
    assert shown is not None
    assert (shown["is_visible"], shown["availability"]) == (True, "available")
    assert synced.row("select status, hidden_as, queued_action from core.listing where listing_key = %s", key) == {
        "status": "listed", "hidden_as": None, "queued_action": None,
    }  # fmt: skip


def test_hidden_by_its_stock_and_shown_again_with_it(
    store: SandboxProcess, synced: Database, run_sync: SyncListings, change_status: ChangeStatus
) -> None:
    row = synced.row(
        "select l.listing_key, v.master_sku, v.quantity, l.product_id from core.listing as l"
        " inner join core.listing_variant as v using (channel, listing_key) where l.status = 'listed'"
        " and v.quantity > 0 and l.inventory_tracking = 'product' and 1 = (select count(*) from core.listing_variant o"
        " where o.listing_key = l.listing_key) order by 1 limit 1"
    )
    stock = {"hide_as": "out_of_stock"}
    change_status("hide", row["master_sku"])
    run_sync(**stock)
    assert (product(store, row["product_id"]) or {})["inventory_level"] == 0
    assert synced.value("select status from core.listing where listing_key = %s", row["listing_key"]) == "hidden"
    change_status("unhide", row["master_sku"])
    run_sync(**stock)
    assert (product(store, row["product_id"]) or {})["inventory_level"] == row["quantity"]
    assert synced.value("select status from core.listing where listing_key = %s", row["listing_key"]) == "listed"


@pytest.mark.parametrize("by", ["cancel", "unhide"])
def test_taken_back_before_the_sync_nothing_is_sent(
    store: SandboxProcess, synced: Database, run_sync: SyncListings, change_status: ChangeStatus, by: str
) -> None:
    _, _, (sku,) = listing_of(synced, 1)
    change_status("hide", sku)
    change_status(by, sku)
    run_sync()
    assert store.request_count() == 0
    assert synced.value("select count(*) from mart.listings where not in_sync") == 0


def test_pausing_holds_everything_and_unpausing_lets_it_go(
    store: SandboxProcess, synced: Database, run_sync: SyncListings, change_status: ChangeStatus
) -> None:
    _, product_id, skus = listing_of(synced, 1)
    before = product(store, product_id)
    change_status("pause", *skus)
    synced.run("update core.listing_variant set price = price + 1 where master_sku = %s", skus[0])
    change_status("hide", *skus)
    run_sync()
    assert store.request_count() == 0
    assert product(store, product_id) == before
    assert synced.value("select reason from mart.sync_status where master_sku = %s", skus[0]) == "paused"
    change_status("unpause", *skus)
    run_sync()
    after = product(store, product_id)
    assert before is not None
    assert after is not None
    assert after["is_visible"] is False
    price = synced.value("select price from core.listing_variant where master_sku = %s", skus[0])
    assert float(price) in (after["price"], after["variants"][0]["price"])
    assert run_sync().updated == 0


def test_delisted_it_is_deleted_from_the_store_and_no_import_takes_it_for_lost(
    store: SandboxProcess,
    synced: Database,
    run_sync: SyncListings,
    run_import: Import,
    change_status: ChangeStatus,
) -> None:
    key, product_id, skus = listing_of(synced, 3)
    with pytest.raises(RunStopped):
        change_status("delist", skus[0], whole_listing=True)
    run_sync()
    assert product(store, product_id) is not None
    change_status("delist", skus[0], whole_listing=True, confirm_large_change=True)
    run_sync()
    assert product(store, product_id) is None
    for _ in range(2):
        row = synced.row("select status, queued_action, product_id from core.listing where listing_key = %s", key)
        assert row == {"status": "delisted", "queued_action": None, "product_id": None}
        assert synced.value("select count(*) from mart.problems where reason = 'gone_from_store'") == 0
        run_import()
    assert synced.value("select count(*) from core.listing_variant where listing_key = %s", key) == 3
    assert change_status("overwrite", *skus).skipped == 1
    assert change_status("publish", *skus).updated == 1
