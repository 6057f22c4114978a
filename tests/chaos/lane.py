"""One place where trials are made, one after the other: a store, a Postgres, a proxy and a runner of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from psycopg import sql

from sandbox.process import SandboxProcess
from stack.places import PROJECT
from tests.chaos.operations import OPERATIONS, Operation, Situation
from tests.chaos.proxy import PostgresProxy, Statement
from tests.chaos.state import EARLY, Warehouse, shown_to_shoppers, store_state, warehouse_state, without
from tests.databases import Database, ThrowawayServer

SECONDS = 30.0
"""After so long an attempt hangs."""

FIRST, SECOND, THIRD = "scheduled__1", "scheduled__2", "scheduled__3"

Ended = dict[str, Any]
"""How an attempt ended; see :func:`tests.chaos.runner.perform`, and ``hung``."""


@dataclass(slots=True)
class Undisturbed:
    """What an operation does in a situation when nothing goes wrong.

    :param before: the warehouse where it begins.
    :param after: the warehouse where it ends.
    :param moved: where it ends when the store has moved before it began.
    :param after_and_moved: where a second run ends when the store moved after the first.
    :param later: where one more run ends after ``moved``, and after ``after_and_moved``.
    :param store: everything in the store where it ends.
    :param moves: how the store moves.
    :param blink: takes a product out of the store, and puts it back.
    :param moved_shown: what shoppers meet after ``moved``, and after ``after_and_moved``.
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
    moved_shown: tuple[dict[str, tuple[Any, ...]], ...]


class Runner:
    """A process that makes attempts, see :mod:`tests.chaos.runner`; lanes that are not used side by side share one."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.chaos.runner"]
        self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Have it do something, and get its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Lane:
    """Everything that trials of one operation need.

    :param number: tells several lanes of one operation apart.
    :ivar mutant: name of a change to our own code that each attempt of a trial runs with; empty for none.
    """

    def __init__(self, operation: Operation, runner: Runner, number: int = 0) -> None:
        self.operation = operation
        self.runner = runner
        self.mutant = ""
        self.log = PROJECT / ".local" / "logs" / f"chaos-{os.getpid()}-{operation.name}-{number}.log"
        self.server = ThrowawayServer(f"chaos-{operation.name}-{number}")
        self.proxy = PostgresProxy(lambda: self.server.port, self._restart)
        self._stores: dict[str, SandboxProcess] = {}
        self._undisturbed: dict[str, Undisturbed] = {}

    def __enter__(self) -> Lane:
        """Start all parts; situations are prepared when they are first asked for."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.server.__enter__()
        self.proxy.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all parts, and remove what they kept."""
        for store in self._stores.values():
            store.stop()
        self.proxy.stop()
        self.server.__exit__()
        self.log.unlink(missing_ok=True)

    def undisturbed(self, name: str) -> Undisturbed:
        """What happens in a situation when nothing goes wrong, by our own code as it is; run when first asked for."""
        if name not in self._undisturbed:
            mutant, self.mutant = self.mutant, ""
            self._undisturbed[name] = self._prepare(self.operation.situation(name))
            self.mutant = mutant
        return self._undisturbed[name]

    def _prepare(self, situation: Situation) -> Undisturbed:
        store = SandboxProcess(**self.operation.store, quota=0).start()
        self._stores[situation.name] = store
        template = f"at_{situation.name}"
        self.server.create_database(template)
        database = Database(self.server, template)
        warehouse = database.warehouse()
        warehouse.prepare()
        warehouse.close()
        origin = Place(self, situation, store, template)
        situation.before(store, database, lambda: origin.must_succeed("before"))
        database.close()
        store.forget_requests()
        moves = list(situation.moves(store))
        blink = self.operation.blink(store) if self.operation.blink else ({}, {})
        store.snapshot()
        before = origin.state()
        with self.place(situation.name) as place:
            place.must_succeed(FIRST)
            statements, requests = list(self.proxy.statements), store.request_count()
            after, effects, catalog = place.state(), store.effects(), store_state(store.dump())
            place.move(moves)
            place.must_succeed(SECOND)
            after_and_moved, shown = place.state(), [shown_to_shoppers(store.dump())]
            place.must_succeed(THIRD)
            after_and_later = place.state()
        with self.place(situation.name) as place:
            place.move(moves)
            place.must_succeed(SECOND)
            moved, shown = place.state(), [shown_to_shoppers(store.dump()), *shown]
            place.must_succeed(THIRD)
            later = (place.state(), after_and_later)
        if without(moved, *EARLY) == without(after, *EARLY):
            raise RuntimeError(f"{situation.name}: nothing shows that the store moves, so trials of that show nothing")
        return Undisturbed(
            before,
            after,
            moved,
            after_and_moved,
            later,
            catalog,
            effects,
            requests,
            statements,
            moves,
            blink,
            tuple(shown),
        )

    @contextlib.contextmanager
    def place(self, situation: str) -> Iterator[Place]:
        """Store and warehouse as a situation begins, for one trial."""
        name = f"trial_{situation}"
        self._stores[situation].reset()
        self.log.write_text("")
        self.proxy.arm(None)
        self._on_server("drop database if exists {} with (force)", name)
        self._on_server("create database {} template {} strategy file_copy", name, f"at_{situation}")
        try:
            yield Place(self, self.operation.situation(situation), self._stores[situation], name)
        finally:
            self.proxy.arm(None)

    def _on_server(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.server.uri(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _restart(self) -> None:
        self.server.stop(at_once=True)
        self.server.start()


class Lanes:
    """Lanes that are opened when they are first asked for, and stay open until the end of the block."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], Lane] = {}
        self._runners: dict[int, Runner] = {}
        self._opened = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Nothing is opened yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all."""
        self._opened.close()

    def get(self, operation: str, number: int = 0, mutant: str = "") -> Lane:
        """The lane of an operation; each of its trials runs with the mutant named."""
        lane = self._open.get((operation, number))
        if lane is None:
            if number not in self._runners:
                self._runners[number] = Runner()
                self._opened.callback(self._runners[number].stop)
            lane = self._opened.enter_context(Lane(OPERATIONS[operation], self._runners[number], number))
            self._open[operation, number] = lane
        lane.mutant = mutant
        return lane


@dataclass(frozen=True, slots=True)
class Place:
    """A store and a warehouse in which attempts are made.

    :param database: the warehouse's name on the lane's server.
    """

    lane: Lane
    situation: Situation
    store: SandboxProcess
    database: str

    @property
    def uri(self) -> str:
        """The warehouse by way of the proxy."""
        server, proxy = self.lane.server, self.lane.proxy
        uri = server.uri(self.database).replace(f":{server.port}/", f":{proxy.port}/")
        return f"{uri}?sslmode=disable&gssencmode=disable"

    def start(self, run_id: str, task: str | None = None) -> int:
        """Begin an attempt of a run, from a task on (the first where left out); its process id."""
        order = {
            "do": "start",
            "operation": self.lane.operation.name,
            "settings": dict(self.situation.settings),
            "mutant": self.lane.mutant,
            "uri": self.uri,
            "store": self.store.root,
            "run_id": run_id,
            "task": task or next(iter(self.lane.operation.steps)),
            "log": str(self.lane.log),
        }
        return int(self.lane.runner.order(order)["pid"])

    def wait(self, pid: int) -> Ended:
        """How an attempt ends."""
        return self.lane.runner.order({"do": "await", "pid": pid, "seconds": SECONDS})

    def run(self, run_id: str, task: str | None = None) -> Ended:
        """Make an attempt."""
        return self.wait(self.start(run_id, task))

    def must_succeed(self, run_id: str) -> None:
        """Make an attempt that nothing disturbs.

        :raises RuntimeError: it fails all the same.
        """
        ended = self.run(run_id)
        if ended["ended"] != "success":
            why = ended.get("trace") or self.lane.log.read_text()
            raise RuntimeError(f"an undisturbed run ends {ended['ended']}: {why}")

    def state(self) -> Warehouse:
        """What the warehouse holds."""
        return warehouse_state(self.lane.server.uri(self.database), makes=self.lane.operation.makes)

    def move(self, moves: Sequence[dict[str, Any]]) -> None:
        """Let the store move."""
        for move in moves:
            if "sql" in move:
                with psycopg.connect(self.lane.server.uri(self.database)) as connection:
                    connection.execute(move["sql"])
            else:
                self.store.admin(move["path"], move.get("body"), method=move["method"])

    def confirmed_twice(self) -> list[str]:
        """What the ledger says the store confirmed to more than one call, with the same values."""
        with psycopg.connect(self.lane.server.uri(self.database)) as connection:
            rows = connection.execute(
                "select entity_key || ' ' || action from ops.push where state = 'done' and detail ? 'to'"
                " and action <> 'overwrite'"
                " group by entity_key, action, detail -> 'to' having count(*) > 1"
            ).fetchall()
        return [str(row[0]) for row in rows]

    def committed_step(self, run_id: str) -> str:
        """The last step of a run that is committed."""
        with psycopg.connect(self.lane.server.uri(self.database)) as connection:
            row = connection.execute("select step from ops.run where run_id = %s", (run_id,)).fetchone()
        return str(row[0]) if row else "started"
