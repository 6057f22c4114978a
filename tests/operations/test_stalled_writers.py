"""Writers that stand still at the worst moments, are taken over, and wake up: nothing stale reaches the store.

``STOREKEEPER_STALLS`` sets how many are tried.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.bigcommerce import last_look
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.warehouse.claim import Claim
from tests.conftest import Database
from tests.operations.conftest import Import, SyncListings

STALLS = int(os.environ.get("STOREKEEPER_STALLS", "9"))
POINTS = ("before the mark", "between mark and look", "while waiting")
LEASE = {"claim_wait_seconds": 20, "lease_seconds": 0.6, "heartbeat_seconds": 0.2}
SHORT = Patience(connect=2, read=0.6, total=3, attempts=3, backoff=0.02, backoff_most=0.1)
SOON = 1.0


@pytest.fixture
def short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_look, "LOOK_SECONDS", 0.4)


def stand_still() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def in_a_child(work: Callable[[], object], log: Path) -> int:
    """Run something in a forked process; what it raises is written to a file."""
    pid = os.fork()
    if pid:
        return pid
    status = 0
    try:
        work()
    except BaseException as error:
        log.write_text(f"{type(error).__name__}: {error}")
        status = 1
    os._exit(status)  # the parent's connections are the parent's to close


def stall_at(point: str, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the child: stand still at a point of the so-manieth call."""
    check, once = Claim.check, StoreClient._read
    calls = {"made": 0}

    def checked(claim: Claim) -> float:
        calls["made"] += 1
        if point == "before the mark" and calls["made"] == call:
            stand_still()
        moment = check(claim)
        if point == "between mark and look" and calls["made"] == call:
            stand_still()
        return moment

    def read(client: StoreClient, *args: Any) -> bytes:
        if point == "while waiting" and calls["made"] == call:
            stand_still()  # the store has done it, and we have not heard of it
        return once(client, *args)

    monkeypatch.setattr(Claim, "check", checked)
    monkeypatch.setattr(StoreClient, "_read", read)


@pytest.mark.usefixtures("short_look")
def test_a_writer_that_stood_still_sends_nothing_after_it_was_taken_over(
    store: SandboxProcess,
    database: Database,
    run_import: Import,
    run_sync: SyncListings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_import(new_listings_paused=False)
    rows = database.rows(
        "select v.master_sku, v.variant_id from core.listing_variant as v"
        " inner join core.listing as l using (channel, listing_key)"
        " where not v.channel_price_inherited and l.inventory_tracking = 'variant' order by 1 limit 120"
    )
    skus, variants = [row["master_sku"] for row in rows], {row["variant_id"] for row in rows}
    assert len(skus) == 120
    set_both = "update core.listing_variant set price = %s, quantity = %s where master_sku = any(%s)"
    options: dict[str, Any] = {"writing": LEASE, "patience": SHORT, "max_price_change_factor": 1e6}
    for number in range(STALLS):
        point, call = POINTS[number % len(POINTS)], 1 + number // len(POINTS) % 4
        log = tmp_path / f"{number}.log"
        stale, wanted = 10_000 + number, 20_000 + number
        database.run(set_both, stale, stale, skus)

        def stalled(point: str = point, call: int = call, number: int = number) -> None:
            stall_at(point, call, monkeypatch)
            run_sync(run_id=f"stalled-{number}", **options)

        child = in_a_child(stalled, log)
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status), (point, call, log.read_text() if log.exists() else "it did not stand still")
        database.run(set_both, wanted, wanted, skus)
        run_sync(run_id=f"successor-{number}", **options)
        effects = len(store.effects())
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        time.sleep(0.05)
        assert os.WEXITSTATUS(status) == 1, (point, call)
        assert log.read_text().startswith(("ClaimLost", "RunSuperseded")), (point, call, log.read_text())
        assert store.effects()[effects:] == [], (point, call)
        shown = [each for product in store.products() for each in product["variants"] if each["id"] in variants]
        assert {(each["price"], each["inventory_level"]) for each in shown} == {(wanted, wanted)}, (point, call)
        assert database.value("select count(*) from mart.listing_variants where not in_sync") == 0
        assert database.value("select count(*) from ops.claim where run_no is not null") == 0
