"""The claim on a store: one run at a time writes to it, and one that was taken over can send nothing more.

Airflow may run a task twice at once, and an advisory lock vanishes with its connection while its worker goes on
calling. So the right to write is a row with an epoch and a heartbeat. A run whose heart stops is taken over by raising
the epoch; each call and each record of its outcome asks for the epoch first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from storekeeper.outcomes import ClaimLost, ClaimTaken, WarehouseUnavailable
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

LOST = (
    "another worker has taken over the writing to this store, because this one gave no sign of life; what was confirmed"
    " stays, and the next run sends the rest"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds throughout.

    :param wait: how long to wait for another holder.
    :param lease: after so long without a sign of life the holder may be taken over.
    :param heartbeat: how often the holder gives one.
    :param call: how long one call may take, from its check until the store has done it or never will.
    """

    wait: float
    lease: float
    heartbeat: float
    call: float


@dataclass(frozen=True, slots=True)
class Settling:
    """A transaction in which a call's outcome is recorded.

    :param sent_at: when the call began, on the warehouse's clock; None where there was none.
    """

    session: Session
    sent_at: datetime | None


class Claim:
    """The right to write to one store, held by one attempt of one run.

    :param epoch: which taking it is.
    """

    def __init__(self, run: Run, store_hash: str, epoch: int, terms: Terms) -> None:
        self.run = run
        self.store_hash = store_hash
        self.epoch = epoch
        self.terms = terms
        self._called_at: float | None = None

    @classmethod
    @contextmanager
    def held(cls, run: Run, store_hash: str, terms: Terms) -> Iterator[Self]:
        """Hold the claim for the length of the block, with a heartbeat in a thread of its own.

        :raises ClaimTaken: somebody living holds it and did not finish within ``terms.wait``.
        :raises ClaimLost: somebody has taken over, be it at the very end: whoever took over has called this run failed.
        """
        claim = cls(run, store_hash, cls._take(run, store_hash, terms), terms)
        over = threading.Event()
        heart = threading.Thread(target=claim._beat, args=(over,), name="claim", daemon=True)
        heart.start()
        ours = True
        try:
            yield claim
        finally:
            over.set()
            heart.join()
            with suppress(WarehouseUnavailable):  # then it lapses
                ours = claim._run("claim/release") > 0
        if not ours:
            raise ClaimLost(LOST)

    @classmethod
    def _take(cls, run: Run, store_hash: str, terms: Terms) -> int:
        until = time.monotonic() + terms.wait
        said = False
        with run.warehouse.transaction() as session:
            session.run("claim/add", store_hash=store_hash)
        while True:
            with run.transaction() as session:
                taken = session.rows(
                    "claim/take",
                    store_hash=store_hash,
                    run_no=run.run_no,
                    attempt=run.attempt,
                    lease_seconds=terms.lease,
                    call_seconds=terms.call,
                )
            if taken:
                break
            if time.monotonic() >= until:
                raise ClaimTaken(f"{cls._holder(run, store_hash)}; waited {terms.wait:.0f} s. Nothing was sent")
            if not said:
                log.info("%s: waiting", cls._holder(run, store_hash))
                said = True
            time.sleep(min(1.0, terms.lease / 4, max(until - time.monotonic(), 0.01)))
        epoch, quiet = int(taken[0]["epoch"]), float(taken[0]["quiet_seconds"] or 0)
        if taken[0]["taken_over"]:
            log.warning("took over from a run that gave no sign of life")
        claim = cls(run, store_hash, epoch, terms)
        if quiet:
            log.info("a call of the one before may still be under way: waiting %.1f s", quiet)
        while quiet > 0:
            nap = min(quiet, terms.heartbeat)
            time.sleep(nap)
            quiet -= nap
            claim._still("claim/beat")
        return epoch

    @staticmethod
    def _holder(run: Run, store_hash: str) -> str:
        with run.warehouse.transaction() as session:
            holders = session.rows("claim/describe", store_hash=store_hash)
        if not holders:
            return "another run has just written to this store"
        holder = holders[0]
        return (
            f"run {holder['run_id']!r} of {holder['operation']} (channel {holder['channel']!r}) has been writing to"
            f" this store for {holder['held_seconds']:.0f} s"
        )

    def check(self) -> float:
        """The claim is still ours, and a call is about to be made.

        :return: the moment before the database was asked, in monotonic seconds.
        :raises ClaimLost: somebody has taken over; nothing may be sent.
        """
        moment = time.monotonic()
        self._still("claim/check")
        self._called_at = moment
        return moment

    @contextmanager
    def settling(self) -> Iterator[Settling]:
        """A transaction that records the outcome of a call; nobody takes over before it ends.

        :raises ClaimLost: somebody has taken over: what the store did is theirs to find out.
        """
        with self.run.transaction() as session:
            held = session.rows("claim/settle", store_hash=self.store_hash, epoch=self.epoch)
            if not held:
                raise ClaimLost(LOST)
            yield Settling(session, held[0]["calling_since"])
        self._called_at = None

    def wait_out(self) -> None:
        """Wait until the last call, whose fate nobody knows, has taken effect or never will."""
        if self._called_at is not None:
            time.sleep(max(self._called_at + self.terms.call - time.monotonic(), 0))

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(self.terms.heartbeat):
            with suppress(WarehouseUnavailable):  # the next call asks for itself
                self._run("claim/beat")

    def _still(self, name: str) -> None:
        if not self._run(name):
            raise ClaimLost(LOST)

    def _run(self, name: str) -> int:
        with self.run.warehouse.transaction() as session:
            return session.run(name, store_hash=self.store_hash, epoch=self.epoch)
