"""One place where trials are made, one after the other: a store, a Postgres, a proxy and a runner of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from sandbox.process import SandboxProcess
from stack.places import PROJECT, database_home
from stack.postgres import EmbeddedPostgres
from tests.chaos.faults import FAULTS, FROM_HERE_ON, Point
from tests.chaos.operations import Operation, Situation, a_product_that_blinks
from tests.chaos.proxy import PostgresProxy, Statement, Strike
from tests.chaos.state import EARLY, Warehouse, differences, warehouse_state, without
from tests.conftest import Database

THROWAWAY = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
"""Only the server is made to crash, never the machine: nothing need reach the disk, and a copy takes milliseconds."""

CLEAR_ERRORS = {"AccessLost", "NotNow", "PagingStuck", "RunSuperseded", "WarehouseUnavailable"}
"""What a run may end with when the world breaks; anything else is an error that nobody foresaw."""

MOST_EXTRA_REQUESTS = 6
"""After one kill: the store's profile, brands and categories again, and the pages that were under way."""

SECONDS = 30.0
FIRST, SECOND, THIRD = "scheduled__1", "scheduled__2", "scheduled__3"
RUNS = "ops.run"


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


@dataclass(slots=True)
class Undisturbed:
    """What an operation does in a situation when nothing goes wrong.

    :param before: the warehouse where it begins.
    :param after: the warehouse where it ends.
    :param moved: where it ends when the store has moved before it began.
    :param after_and_moved: where a second run ends when the store moved after the first.
    :param store: everything in the store where it ends.
    :param later: where one more run ends after ``moved``, and after ``after_and_moved``.
    """

    before: Warehouse
    after: Warehouse
    moved: Warehouse
    after_and_moved: Warehouse
    later: tuple[Warehouse, Warehouse]
    store: dict[str, list[Any]]
    effects: list[Any]
    requests: int
    statements: list[Statement]
    moves: list[dict[str, Any]]
    blink: tuple[dict[str, Any], dict[str, Any]]


class Lane:
    """Everything that trials of one operation need.

    :param number: tells several lanes of one process apart.
    :param mutant: name of a change to our own code that each attempt runs with; empty for none.
    """

    def __init__(self, operation: Operation, number: int = 0, mutant: str = "") -> None:
        self.operation = operation
        self.mutant = mutant
        home = database_home()
        self._home = home.with_name(f"{home.name}-chaos-{os.getpid()}-{number}")
        self._log = PROJECT / ".local" / "logs" / f"chaos-{os.getpid()}-{number}.log"
        self._server = EmbeddedPostgres(self._home, THROWAWAY)
        self._proxy = PostgresProxy(lambda: self._server.port, self._restart)
        self._stores: dict[str, SandboxProcess] = {}
        self._runner: subprocess.Popen[str] | None = None
        self._undisturbed: dict[str, Undisturbed] = {}

    def __enter__(self) -> Lane:
        """Start all parts; situations are prepared when they are first asked for."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._server.start()
        self._proxy.start()
        self._runner = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.runner"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all parts, and remove what they kept."""
        if self._runner is not None and self._runner.stdin is not None:
            self._runner.stdin.close()
            self._runner.wait(10)
        for store in self._stores.values():
            store.stop()
        self._proxy.stop()
        self._server.stop(at_once=True)
        shutil.rmtree(self._home, ignore_errors=True)
        self._log.unlink(missing_ok=True)

    # What is tried against.

    def undisturbed(self, name: str) -> Undisturbed:
        """What happens in a situation when nothing goes wrong; run when first asked for."""
        if name not in self._undisturbed:
            self._undisturbed[name] = self._prepare(self.operation.situation(name))
        return self._undisturbed[name]

    def _prepare(self, situation: Situation) -> Undisturbed:
        mutant, self.mutant = self.mutant, ""
        store = SandboxProcess(**self.operation.store, quota=0, clean=False).start()
        self._stores[situation.name] = store
        template = f"at_{situation.name}"
        self._server.create_database(template)
        database = Database(self._server, template)
        warehouse = database.warehouse()
        warehouse.prepare()
        warehouse.close()
        situation.before(store, database, lambda: self._must_succeed(situation, template, "before"))
        database.close()
        store.admin("requests", method="DELETE")
        moves, blink = situation.moves(store), a_product_that_blinks(store)
        store.admin("snapshot", method="POST")
        before = warehouse_state(self._server.uri(template))
        with self._world(situation) as at:
            self._proxy.arm(None)
            self._must_succeed(situation, at, FIRST)
            statements, requests = list(self._proxy.statements), store.request_count()
            after, effects, catalog = self._state(at), store.effects(), store.dump()
            self._move(store, moves)
            self._must_succeed(situation, at, SECOND)
            after_and_moved = self._state(at)
            self._must_succeed(situation, at, THIRD)
            later = self._state(at)
        with self._world(situation) as at:
            self._move(store, moves)
            self._must_succeed(situation, at, SECOND)
            moved = self._state(at)
            self._must_succeed(situation, at, THIRD)
            laters = (self._state(at), later)
        self.mutant = mutant
        return Undisturbed(
            before, after, moved, after_and_moved, laters, catalog, effects, requests, statements, moves, blink
        )

    def _must_succeed(self, situation: Situation, database: str, run_id: str) -> None:
        ended = self._run(situation, database, run_id)
        if ended["ended"] != "success":
            raise RuntimeError(
                f"an undisturbed run ends {ended['ended']}: {ended.get('trace') or self._log.read_text()}"
            )

    @contextlib.contextmanager
    def _world(self, situation: Situation) -> Iterator[str]:
        """Store and warehouse as the situation begins; the name of the database."""
        name = f"trial_{situation.name}"
        self._stores[situation.name].reset()
        self._log.write_text("")
        self._on_server("drop database if exists {} with (force)", name)
        self._on_server("create database {} template {} strategy file_copy", name, f"at_{situation.name}")
        try:
            yield name
        finally:
            self._proxy.arm(None)

    def _on_server(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server.uri(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _restart(self) -> None:
        self._server.stop(at_once=True)
        self._server.start()

    # How an attempt is made.

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._runner is not None
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        self._runner.stdin.write(json.dumps(order) + "\n")
        self._runner.stdin.flush()
        answer: dict[str, Any] = json.loads(self._runner.stdout.readline())
        return answer

    def _start(self, situation: Situation, database: str, run_id: str, task: str | None = None) -> int:
        return int(
            self._order(
                {
                    "do": "start",
                    "operation": self.operation.name,
                    "settings": dict(situation.settings),
                    "mutant": self.mutant,
                    "uri": self._uri(database),
                    "store": self._stores[situation.name].root,
                    "run_id": run_id,
                    "task": task or next(iter(self.operation.steps)),
                    "log": str(self._log),
                }
            )["pid"]
        )

    def _uri(self, database: str) -> str:
        uri = self._server.uri(database).replace(f":{self._server.port}/", f":{self._proxy.port}/")
        return f"{uri}?sslmode=disable&gssencmode=disable"

    def _await(self, pid: int) -> dict[str, Any]:
        return self._order({"do": "await", "pid": pid, "seconds": SECONDS})

    def _run(self, situation: Situation, database: str, run_id: str, task: str | None = None) -> dict[str, Any]:
        return self._await(self._start(situation, database, run_id, task))

    def _state(self, database: str) -> Warehouse:
        return warehouse_state(self._server.uri(database))

    def _move(self, store: SandboxProcess, moves: Sequence[dict[str, Any]]) -> None:
        for move in moves:
            store.admin(move["path"], method=move["method"], json=move.get("body"))

    # How a trial is made.

    def try_(self, point: Point) -> Verdict:
        """Fail at one point, go on as its fault says, and compare with the undisturbed run."""
        fault, situation = FAULTS[point.fault], self.operation.situation(point.situation)
        expected, store = self.undisturbed(situation.name), self._stores[situation.name]
        began = time.monotonic()
        with self._world(situation) as at:
            strike = self._arm(store, point, expected)
            trial = _Trial(self, point, situation, expected, at)
            if fault.recovery in ("successor", "overtaken"):
                assert strike is not None
                verdict = trial.stalled(strike, overtaken=fault.recovery == "overtaken")
            else:
                ended = self._run(situation, at, FIRST)
                if strike:
                    reached = strike.begun.is_set() and strike.struck.wait(SECONDS)
                else:
                    reached = any(rule["struck"] for rule in store.admin("faults"))
                store.clear_faults()
                if not reached:
                    self._proxy.arm(None)
                verdict = trial.ended(ended, reached, fault.recovery)
        verdict.seconds = time.monotonic() - began
        if strike and point.at <= len(expected.statements):
            verdict.label = expected.statements[point.at - 1].label
        return verdict

    def _arm(self, store: SandboxProcess, point: Point, expected: Undisturbed) -> Strike | None:
        fault = FAULTS[point.fault]
        self._proxy.arm(None)
        if fault.strike:
            action, side = fault.strike
            strike = Strike(point.at, side, action)
            self._proxy.arm(strike)
            return strike
        rule = {"times": FROM_HERE_ON if fault.lasting else 1, **fault.rule, "match": {"nth": point.at}}
        if point.fault == "request-store-moves":
            rule["changes"] = expected.moves
        elif point.fault == "request-store-blinks":
            gone, back = expected.blink
            rule["changes"] = [gone]
            # the last request of a pull asks for what it did not show
            put_back = {**rule, "changes": [back], "match": {"nth": expected.requests}}
            store.admin("faults", method="POST", json=put_back)
        store.admin("faults", method="POST", json=rule)
        return None


class _Trial:
    """What follows a fault, and what must hold."""

    def __init__(self, lane: Lane, point: Point, situation: Situation, expected: Undisturbed, database: str) -> None:
        self._lane = lane
        self._situation = situation
        self._expected = expected
        self._database = database
        self._store = lane._stores[situation.name]
        self._verdict = Verdict(point, reached=True)

    def ended(self, ended: dict[str, Any], reached: bool, recovery: str) -> Verdict:
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
            if recovery == "next":
                self._another_run()
            else:
                self._retry(ended)
        if recovery == "retry" and self._store.dump() != self._expected.store:
            self._broken("the store differs from what an undisturbed run leaves")
        self._same_effects()
        return self._verdict

    def stalled(self, strike: Strike, *, overtaken: bool) -> Verdict:
        """The first attempt stands still; another does its work; then the first wakes."""
        first = self._lane._start(self._situation, self._database, FIRST)
        until = time.monotonic() + SECONDS
        while not strike.struck.is_set() and _alive(first) and time.monotonic() < until:
            time.sleep(0.002)
        if not strike.struck.is_set():
            self._lane._await(first)
            self._verdict.reached = False
            return self._verdict
        self._lane._proxy.arm(None)
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
            ended = self._lane._await(first)
        self._verdict.ended = ended["ended"] + (f" ({ended['error']})" if "error" in ended else "")
        self._clear(ended)
        if overtaken and ended["ended"] != "success":
            self._succeeds("the retry of the one that woke", FIRST, ended["task"])
        # an attempt that woke before it had read anything is one more run
        self._equal("after the stalled attempt woke", wanted, *((*EARLY, "staging") if overtaken else ()))
        self._same_effects()
        return self._verdict

    def _broken(self, *what: str) -> None:
        self._verdict.broken += what

    def _clear(self, ended: dict[str, Any]) -> None:
        if ended["ended"] == "hung":
            self._broken(f"hung in {ended['task']} for {SECONDS:.0f} s")
        if "error" in ended and ended["error"] not in CLEAR_ERRORS:
            self._broken(
                f"ended with an error that nobody foresaw: {ended['error']}: {ended['message'][:300]}", ended["trace"]
            )

    def _unharmed(self, ended: dict[str, Any]) -> None:
        """After a failure the warehouse is as it was, or as it must become; nothing in between."""
        self._clear(ended)
        found = without(self._lane._state(self._database), *EARLY, "staging")
        if found not in (
            without(self._expected.before, *EARLY, "staging"),
            without(self._expected.after, *EARLY, "staging"),
        ):
            self._broken(
                "half of the effect was left", *differences(without(self._expected.after, *EARLY, "staging"), found)
            )

    def _retry(self, ended: dict[str, Any]) -> None:
        point, requests = self._verdict.point, self._expected.requests
        fault = FAULTS[point.fault]
        task = ended["task"]
        if point.again:
            strike = Strike(point.again, "before", "kill")
            self._lane._proxy.arm(strike)
            again = self._lane._run(self._situation, self._database, FIRST, task)
            self._lane._proxy.arm(None)
            if again["ended"] == "success":
                self._equal("after the second attempt", [self._expected.after])
                return
            self._unharmed(again)
            task = again["task"] or task
        self._succeeds("the retry", FIRST, task)
        self._equal("after the retry", [self._expected.after])
        extra = self._store.request_count() - requests
        if fault.strike and fault.strike[0] == "kill" and not point.again and extra > MOST_EXTRA_REQUESTS:
            self._broken(f"{extra} requests more than the undisturbed run")

    def _another_run(self) -> Sequence[Warehouse]:
        """The store moves on, and the next run begins; what must be there depends on whether the first had loaded."""
        self._lane._move(self._store, self._expected.moves)
        loaded = self._ledger_step() == "loaded"
        self._succeeds("the next run", SECOND, None)
        wanted = self._expected.after_and_moved if loaded else self._expected.moved
        self._equal("after the next run", [wanted], *EARLY, "staging")
        return wanted, self._expected.later[loaded]

    def _moved(self, ended: dict[str, Any]) -> None:
        """The store moved while it was read: what did not move is there, once; the rest is as it was or as it is."""
        if ended["ended"] != "success":
            self._broken(f"a store that moves ended the run: {ended}")
            return
        known = [self._expected.after, self._expected.moved, self._expected.after_and_moved]
        self._between("while the store moved", known[:2], known)
        self._succeeds("the next run", SECOND, None)
        self._between("once the store was quiet", known[1:], known[1:])

    def _between(self, when: str, always: Sequence[Warehouse], ever: Sequence[Warehouse]) -> None:
        found = self._lane._state(self._database)
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
        ended = self._lane._run(self._situation, self._database, run_id, task)
        if ended["ended"] != "success":
            self._broken(
                f"{who} ended {ended['ended']}: {ended.get('error')}: {ended.get('message')}", ended.get("trace", "")
            )

    def _equal(self, when: str, allowed: Sequence[Warehouse], *leaving_out: str) -> None:
        found = without(self._lane._state(self._database), *leaving_out)
        wanted = [without(each, *leaving_out) for each in allowed]
        if found not in wanted:
            self._broken(f"{when} the warehouse differs from the undisturbed run", *differences(wanted[0], found))

    def _same_effects(self) -> None:
        """The effects log is the store's own: an effect made twice stands there twice, whatever the end looks like."""
        effects = [{**each, "request_id": "", "at": ""} for each in self._store.effects()]
        if effects != [{**each, "request_id": "", "at": ""} for each in self._expected.effects]:
            self._broken(f"effects on the store differ: {len(effects)} instead of {len(self._expected.effects)}")

    def _ledger_step(self) -> str:
        with psycopg.connect(self._lane._server.uri(self._database)) as connection:
            row = connection.execute("select step from ops.run where run_id = %s", (FIRST,)).fetchone()
        return str(row[0]) if row else "started"

    def _next_task(self) -> str:
        """The task that Airflow would try again: the one after the last committed step."""
        tasks = list(self._lane.operation.steps)
        done = {"started": 0, "extracted": 1, "transformed": 2, "loaded": 2}[self._ledger_step()]
        return tasks[min(done, len(tasks) - 1)]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
