"""A pull under a small quota: how much of it is used, and how many answers are 429; alone, and beside a second client.

The second client spends half of the quota, evenly, and takes no heed of what it is answered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import groupby

import requests

from benchmarks.databases import fresh_warehouse
from benchmarks.measured import IMPORT_LISTINGS
from benchmarks.steps import run_step
from benchmarks.stores import measured_store
from benchmarks.table import Table
from sandbox.process import FULL_TOKEN, SandboxProcess
from sandbox.rate_limit import Asking
from stack.postgres import EmbeddedPostgres

OURS = "storekeeper"
THEIRS = "second-client"
WITH_ANOTHER = "with another"


@dataclass(frozen=True, slots=True)
class Quota:
    """What a store allows, and how many products make the pull last for several windows of it."""

    requests: int
    window: float
    products: int


SMALL = Quota(requests=15, window=1.0, products=20_000)
TRUE = Quota(requests=150, window=30.0, products=100_000)


@dataclass(frozen=True, slots=True)
class Use:
    """How a store's quota was used while we pulled, from our first request to the beginning of our last window.

    What the last window still held is left out, since the pull had no more to ask for; a pull within one window has
    no share.
    """

    in_all: float | None
    by_us: float | None
    requests: int
    refused: int
    refused_to_others: int
    longest_streak: int


def measure_quota(server: EmbeddedPostgres, quota: Quota) -> None:
    """Measure and print."""
    table = Table(
        f"A pull of {quota.products:,} products under a quota of {quota.requests} per {quota.window:.0f} s",
        ("clients", "failures", "seconds", "requests", "quota used", "by us", "429", "in a row", "429 to them"),
    )
    pace = {"quota": quota.requests, "window_ms": int(quota.window * 1000)}
    said = []
    with measured_store(quota.products, **pace) as store:
        for clients in ("alone", WITH_ANOTHER):
            uri = fresh_warehouse(server)
            store.forget_requests()
            seconds, failures = None, 0
            with _second_client(store, quota) if clients == WITH_ANOTHER else nullcontext():
                try:
                    seconds = run_step(IMPORT_LISTINGS, uri, store, "extract", clients)["seconds"]
                except RuntimeError as error:
                    failures = 1
                    said.append(str(error))
            use = judge(store.quota_log(), quota.requests, quota.window)
            table.row(
                clients,
                failures,
                seconds,
                use.requests,
                _percent(use.in_all),
                _percent(use.by_us),
                use.refused,
                use.longest_streak,
                use.refused_to_others,
            )
    for one in said:
        print(one)


def judge(log: Sequence[Asking], quota: int, window: float) -> Use:
    """What the store's log says of a pull.

    :param quota: requests a window of ``window`` seconds.
    """
    ours = [one for one in log if one.client == OURS]
    begun: dict[int, float] = {}
    for one in log:
        begun.setdefault(one.window, one.at)
    # A window that others had begun was not ours to spend from its beginning.
    since = min(at for at in (*begun.values(), ours[-1].at) if at >= ours[0].at)
    until = begun[ours[-1].window]
    room = (until - since) / window * quota
    meanwhile = [one.client for one in log if since <= one.at < until and one.admitted]
    streaks = (len(list(group)) for admitted, group in groupby(ours, key=lambda one: one.admitted) if not admitted)
    others = (one for one in log if one.client != OURS and ours[0].at <= one.at <= ours[-1].at)
    return Use(
        in_all=len(meanwhile) / room if room > 0 else None,
        by_us=meanwhile.count(OURS) / room if room > 0 else None,
        requests=len(ours),
        refused=sum(not one.admitted for one in ours),
        refused_to_others=sum(not one.admitted for one in others),
        longest_streak=max(streaks, default=0),
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"


@contextmanager
def _second_client(store: SandboxProcess, quota: Quota) -> Iterator[None]:
    """Plain GETs, each at its moment, until the end; it is under way before the pull begins."""
    stop = threading.Event()
    between = quota.window / (quota.requests / 2)

    def ask() -> None:
        with requests.Session() as session:
            session.headers.update({"X-Auth-Token": FULL_TOKEN, "User-Agent": THEIRS})
            due = time.monotonic()
            while not stop.wait(max(due - time.monotonic(), 0)):
                due += between
                session.get(f"{store.url}/v2/time", timeout=10)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
