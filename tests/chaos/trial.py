"""A trial: fail at one point, go on as Airflow would, and look whether all that is promised holds."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.faults import FAULTS, FROM_HERE_ON, Point
from tests.chaos.lane import FIRST, SECOND, SECONDS, Ended, Lane, Place, Undisturbed
from tests.chaos.proxy import Strike
from tests.chaos.state import (
    EARLY,
    PUSHED,
    SEEN,
    Warehouse,
    differences,
    shown_to_shoppers,
    store_differences,
    store_state,
    without,
)

CLEAR_ERRORS = {
    "AccessLost",
    "ClaimLost",
    "ClaimTaken",
    "NotNow",
    "PagingStuck",
    "RunSuperseded",
    "Unknown",
    "WarehouseUnavailable",
}
"""What a run may end with when the world breaks; anything else is an error that nobody foresaw."""

MOST_EXTRA_REQUESTS = 6
"""After one kill: the store's profile, brands and categories again, and the pages that were under way."""

MOST_EXTRA_WRITES = 14
"""The call that was under way and, where that was a batch with a refused record, the calls that take it apart."""


@dataclass(slots=True)
class Verdict:
    """What a trial showed.

    :param reached: the fault did strike.
    :param label: of a statement, what it was.
    :param broken: what did not hold; empty where all did.
    """

    point: Point
    reached: bool
    label: str = ""
    broken: list[str] = field(default_factory=list)
    ended: str = ""
    seconds: float = 0.0


def try_point(lane: Lane, point: Point) -> Verdict:
    """Fail at one point, go on as its fault says, and compare with the undisturbed run."""
    fault, expected = FAULTS[point.fault], lane.undisturbed(point.situation)
    began = time.monotonic()
    with lane.place(point.situation) as place:
        strike = arm(place, point, expected)
        trial = _Trial(place, point, expected)
        if strike and fault.recovery in ("successor", "overtaken"):
            verdict = trial.stalled(strike, overtaken=fault.recovery == "overtaken")
        else:
            ended = place.run(FIRST)
            reached = has_struck(place, strike)
            place.store.clear_faults()
            lane.proxy.arm(None)
            verdict = trial.ended(ended, reached, fault.recovery)
    verdict.seconds = time.monotonic() - began
    if strike and point.at <= len(expected.statements):
        verdict.label = expected.statements[point.at - 1].label
    return verdict


def arm(place: Place, point: Point, expected: Undisturbed) -> Strike | None:
    """Put a point's fault in force; the strike where it is one at a statement."""
    fault = FAULTS[point.fault]
    if fault.strike:
        action, side = fault.strike
        strike = Strike(point.at, side, action)
        place.lane.proxy.arm(strike)
        return strike
    rule = {"times": FROM_HERE_ON if fault.lasting else 1, **fault.rule, "match": {"nth": point.at}}
    if point.fault == "request-store-moves":
        rule["changes"] = expected.moves
    elif point.fault == "request-store-blinks":
        gone, back = expected.blink
        rule["changes"] = [gone]
        # the last request of a pull asks for what it did not show
        place.store.admin("faults", {**rule, "changes": [back], "match": {"nth": expected.requests}})
    place.store.admin("faults", rule)
    return None


def has_struck(place: Place, strike: Strike | None) -> bool:
    """Whether the fault in force has struck."""
    if strike:
        return strike.begun.is_set() and strike.struck.wait(SECONDS)
    return any(rule["struck"] for rule in place.store.admin("faults"))


class _Trial:
    """What follows a fault, and what must hold."""

    def __init__(self, place: Place, point: Point, expected: Undisturbed) -> None:
        self._place = place
        self._expected = expected
        self._verdict = Verdict(point, reached=True)
        self._outbound = place.lane.operation.outbound

    def ended(self, ended: Ended, reached: bool, recovery: str) -> Verdict:
        """The first attempt has ended, in whichever way."""
        self._verdict.reached = reached
        self._verdict.ended = ended["ended"] + (f" ({ended['error']})" if "error" in ended else "")
        if not reached:
            return self._verdict
        if recovery == "none":
            self._moved(ended)
        elif ended["ended"] == "success":
            self._equal("it says that all went well", [self._expected.after])
        else:
            self._unharmed(ended)
            if self._verdict.point.fault == "statement-disk-full" and "disk is full" not in ended.get("message", ""):
                self._broken(f"a full disk is not named: {ended.get('message')}")
            if recovery == "next":
                self._another_run()
            else:
                self._retry(ended)
        still = FAULTS[self._verdict.point.fault].rule.get("kind") != "change"
        if recovery == "retry" and still and store_state(self._place.store.dump()) != self._expected.store:
            self._broken(
                "the store differs from what an undisturbed run leaves",
                *store_differences(self._expected.store, store_state(self._place.store.dump())),
            )
        self._same_effects()
        return self._verdict

    def stalled(self, strike: Strike, *, overtaken: bool) -> Verdict:
        """The first attempt stands still; another does its work; then the first wakes."""
        first = self._place.start(FIRST)
        until = time.monotonic() + SECONDS
        while not strike.struck.is_set() and _alive(first) and time.monotonic() < until:
            time.sleep(0.002)
        if not strike.struck.is_set():
            self._place.wait(first)
            self._verdict.reached = False
            return self._verdict
        self._place.lane.proxy.arm(None)
        try:
            if overtaken:
                wanted = self._another_run()
            else:
                wanted = (self._expected.after,)
                self._succeeds("its retry", FIRST, self._next_task())
                self._equal("after the retry of a stalled attempt", wanted)
        finally:
            strike.resumed.set()
            with contextlib.suppress(ProcessLookupError):
                os.kill(strike.stalled, signal.SIGCONT)
            ended = self._place.wait(first)
        self._verdict.ended = ended["ended"] + (f" ({ended['error']})" if "error" in ended else "")
        self._clear(ended)
        if overtaken and ended["ended"] != "success":
            self._succeeds("the retry of the one that woke", FIRST, ended["task"])
        # an attempt that woke before it had begun is one more run, as if somebody had cleared the first
        another = overtaken or ended["ended"] == "success"
        leaving_out = (*EARLY, "staging") if another else ()
        if another and not overtaken and not self._outbound:
            leaving_out = (*leaving_out, "raw.product")  # one more run handles again what left a problem
        self._equal("after the stalled attempt woke", wanted, *leaving_out)
        self._same_effects()
        return self._verdict

    def _broken(self, *what: str) -> None:
        self._verdict.broken += what

    def _clear(self, ended: Ended) -> None:
        if ended["ended"] == "hung":
            self._broken(f"hung in {ended['task']} for {SECONDS:.0f} s")
        if "error" in ended and ended["error"] not in CLEAR_ERRORS:
            self._broken(
                f"ended with an error that nobody foresaw: {ended['error']}: {ended['message'][:300]}", ended["trace"]
            )

    def _unharmed(self, ended: Ended) -> None:
        """After a failure the warehouse is as it was, or as it must become; nothing in between."""
        self._clear(ended)
        if self._outbound:
            return  # what the store has confirmed by then stays
        found = without(self._place.state(), *EARLY, "staging")
        if found not in (
            without(self._expected.before, *EARLY, "staging"),
            without(self._expected.after, *EARLY, "staging"),
        ):
            self._broken(
                "half of the effect was left", *differences(without(self._expected.after, *EARLY, "staging"), found)
            )

    def _retry(self, ended: Ended) -> None:
        point, requests = self._verdict.point, self._expected.requests
        fault = FAULTS[point.fault]
        task = ended["task"]
        if point.again:
            strike = Strike(point.again, "before", "kill")
            self._place.lane.proxy.arm(strike)
            again = self._place.run(FIRST, task)
            self._place.lane.proxy.arm(None)
            if not strike.begun.is_set():
                self._verdict.reached = False
            if again["ended"] == "success":
                self._equal("after the second attempt", [self._expected.after])
                return
            self._unharmed(again)
            task = again["task"] or task
        self._succeeds("the retry", FIRST, task)
        self._equal("after the retry", [self._expected.after])
        extra = self._place.store.request_count() - requests
        most = MOST_EXTRA_WRITES if self._outbound else MOST_EXTRA_REQUESTS
        if fault.strike and fault.strike[0] == "kill" and not point.again and extra > most:
            self._broken(f"{extra} requests more than the undisturbed run")

    def _another_run(self) -> Sequence[Warehouse]:
        """The store moves on, and the next run begins; what must be there depends on whether the first had loaded."""
        self._place.move(self._expected.moves)
        loaded = self._place.committed_step(FIRST) == "loaded"
        self._succeeds("the next run", SECOND, None)
        wanted = self._expected.after_and_moved if loaded else self._expected.moved
        self._equal("after the next run", [wanted], *EARLY, "staging")
        if self._outbound:
            shown = shown_to_shoppers(self._place.store.dump())
            if shown not in self._expected.moved_shown:
                strange = {sku: each for sku, each in shown.items() if self._expected.moved_shown[0].get(sku) != each}
                self._broken(f"after the next run shoppers meet something else: {str(strange)[:300]}")
        return wanted, self._expected.later[loaded]

    def _moved(self, ended: Ended) -> None:
        """The store moved while it was read: what did not move is there, once; the rest is as it was or as it is."""
        if ended["ended"] != "success":
            self._broken(f"a store that moves ended the run: {ended}")
            return
        known = [self._expected.after, self._expected.moved, self._expected.after_and_moved]
        self._between("while the store moved", known[:2], known)
        self._succeeds("the next run", SECOND, None)
        self._between("once the store was quiet", known[1:], known[1:])

    def _between(self, when: str, always: Sequence[Warehouse], ever: Sequence[Warehouse]) -> None:
        found = self._place.state()
        for table in ("core.listing", "core.listing_variant", "raw.product"):
            there = set(found[table])
            lost = set.intersection(*(set(each[table]) for each in always)) - there
            strange = there - set.union(*(set(each[table]) for each in ever))
            doubled = len(found[table]) - len(there)
            if lost or strange or doubled:
                self._broken(f"{when}: {table}: {len(lost)} lost, {len(strange)} strange, {doubled} twice")
                self._broken(
                    *(f"  - {row[:300]}" for row in sorted(lost)[:2]),
                    *(f"  + {row[:300]}" for row in sorted(strange)[:2]),
                )

    def _succeeds(self, who: str, run_id: str, task: str | None) -> None:
        ended = self._place.run(run_id, task)
        if ended["ended"] != "success":
            self._broken(
                f"{who} ended {ended['ended']}: {ended.get('error')}: {ended.get('message')}", ended.get("trace", "")
            )

    def _equal(self, when: str, allowed: Sequence[Warehouse], *leaving_out: str) -> None:
        leaving_out = (*leaving_out, *((PUSHED, SEEN) if self._outbound else ()))
        found = without(self._place.state(), *leaving_out)
        wanted = [without(each, *leaving_out) for each in allowed]
        if found not in wanted:
            self._broken(f"{when} the warehouse differs from the undisturbed run", *differences(wanted[0], found))

    def _same_effects(self) -> None:
        """The effects log is the store's own: an effect made twice stands there twice, whatever the end looks like."""
        effects = [{**each, "request_id": "", "at": ""} for each in self._place.store.effects()]
        if self._outbound:
            self._same_settings()
        elif effects != [{**each, "request_id": "", "at": ""} for each in self._expected.effects]:
            self._broken(f"effects on the store differ: {len(effects)} instead of {len(self._expected.effects)}")

    def _same_settings(self) -> None:
        """Nothing that was confirmed is sent again, and nothing but what was wanted is ever sent."""
        made, usual = _made(self._place.store.effects()), _made(self._expected.effects)
        doubled = [name for name, count in made.items() if count > max(usual[name], 1)]
        if doubled:
            self._broken(f"made twice in the store: {doubled}")
        confirmed = self._place.confirmed_twice()
        if confirmed:
            self._broken(f"confirmed by the store, and sent again all the same: {confirmed}")
        if self._verdict.point.again is None and FAULTS[self._verdict.point.fault].recovery in ("retry", "successor"):
            wanted = {_set(each) for each in self._expected.effects}
            strange = [each for each in self._place.store.effects() if _set(each) not in wanted]
            if strange:
                self._broken(f"{len(strange)} effects that the undisturbed run does not have, such as {strange[0]}")

    def _next_task(self) -> str:
        """The task that Airflow would try again: the one after the last committed step."""
        tasks = list(self._place.lane.operation.steps)
        done = {"started": 0, "extracted": 1, "transformed": 2, "loaded": 2}[self._place.committed_step(FIRST)]
        return tasks[min(done, len(tasks) - 1)]


def _made(effects: Sequence[dict[str, Any]]) -> Counter[str]:
    """What was made in the store, and how often: products by name, shipments by all that they are."""
    return Counter(
        each["change"]["name"] if each["kind"] == "product.created" else _set(each)
        for each in effects
        if each["kind"] in ("product.created", "shipment.created")
    )


def _set(effect: dict[str, Any]) -> str:
    """What an effect set, whatever was there before."""
    change = {name: value for name, value in (effect["change"] or {}).items() if name != "before"}
    made = effect["kind"].startswith(("shipment.", "shopper."))  # the order of making gives the ids
    return repr((effect["kind"], None if made else effect["id"], sorted(change.items())))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
