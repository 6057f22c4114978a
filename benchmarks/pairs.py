"""An operation and the floor in neighbouring pairs: a first run into an empty warehouse, then runs with nothing new.

With several sizes a pair of each follows a pair of the other, so that they too are neighbours.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.airflow_process import AirflowProcess, write_channel
from benchmarks.cost import STEPS, Cost, Ready
from benchmarks.databases import check_read, fresh_warehouse, read_spent, rows_written, settle
from benchmarks.floor import prepare_floor, run_floor
from benchmarks.measured import FIRST, Measured
from benchmarks.memory import print_memory
from benchmarks.steps import by_steps
from benchmarks.table import Table
from sandbox.process import FULL_TOKEN, SandboxProcess
from stack.postgres import EmbeddedPostgres

CHANNEL = "bench"

Prepare = Callable[[Measured, str, SandboxProcess, str], Ready]


@dataclass(frozen=True, slots=True)
class Pair:
    """A floor, the first run beside it, and the runs after that.

    :param runs: by name, the first and those after it.
    :param rows: by run, the rows in core that it wrote.
    :param requests: by run, how many requests the store met, by the names of ``Measured.routes`` and ``others``.
    """

    floor: float
    runs: Mapping[str, Cost]
    rows: Mapping[str, int]
    requests: Mapping[str, Mapping[str, int]]

    @property
    def first(self) -> Cost:
        """The run beside the floor."""
        return self.runs[FIRST]

    @property
    def ratio(self) -> float:
        """The first run in multiples of the floor."""
        return self.first.seconds / self.floor


Done = Mapping[int, Sequence[Pair]]
"""The pairs of each size."""


def measure_pairs(
    server: EmbeddedPostgres, measured: Measured, sizes: Sequence[int], pairs: int, *, with_airflow: bool
) -> None:
    """Measure and print."""
    way = "through Airflow's own tasks" if with_airflow else "each step in a process of its own, without Airflow"
    with ExitStack() as stack:
        prepare: Prepare = by_steps
        if with_airflow:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark")))
            prepare = partial(through_airflow, home)
        stores = {size: stack.enter_context(measured.store(size)) for size in sizes}
        for size, store in stores.items():
            run_floor(prepare_floor(server), store, measured, size)  # a store's first answers are slower
        table = Table(
            f"{measured.operation} and floor, {way}: seconds ({measured.records} x {measured.each}, no quota)",
            (measured.records, "pair", "floor", *STEPS, "all", "all/floor"),
        )
        done: dict[int, list[Pair]] = {size: [] for size in sizes}
        for number in range(1, pairs + 1):
            for size, store in stores.items():
                pair = _measure(server, measured, store, size, prepare)
                done[size].append(pair)
                steps = (pair.first.seconds_by_step[step] for step in STEPS)
                table.row(size, number, pair.floor, *steps, pair.first.seconds, pair.ratio)
    for size, measurements in done.items():
        table.row(size, "median", *_medians(measurements))
    _print_again(measured, done)
    _print_requests(measured, done)
    if not with_airflow:
        print_memory(measured, {size: _peaks(measured, measurements) for size, measurements in done.items()})
    if len(sizes) > 1:
        _print_growth(measured, done)


@contextmanager
def through_airflow(
    home: Path, measured: Measured, uri: str, store: SandboxProcess, run_id: str
) -> Iterator[Callable[[], Cost]]:
    """A run through Airflow; its seconds are those of ``mart.runs.work_seconds``.

    :param home: Airflow's own folder.
    :param run_id: unused, since Airflow names its runs itself.
    """
    write_channel(home / "channels", CHANNEL)
    address = {"host": store.root, "login": "client-id", "password": FULL_TOKEN}
    connections = {
        f"AIRFLOW_CONN_BIGCOMMERCE_{CHANNEL.upper()}": json.dumps(
            {"conn_type": "bigcommerce", **address, "extra": {"store_hash": store.store_hash}}
        ),
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": uri,
    }
    with AirflowProcess(home, home / "channels", connections) as airflow:
        yield lambda: Cost(*read_spent(uri, airflow.run(f"{measured.operation}__{CHANNEL}")))


def _measure(server: EmbeddedPostgres, measured: Measured, store: SandboxProcess, size: int, prepare: Prepare) -> Pair:
    uri, floor_uri = fresh_warehouse(server), prepare_floor(server)
    floor, runs, rows, requests = 0.0, {}, {}, {}
    for run in measured.read:
        written = rows_written(uri, "core")
        with prepare(measured, uri, store, run) as run_all:
            settle(server)
            if run == FIRST:
                floor = run_floor(floor_uri, store, measured, size)
                settle(server)
            store.forget_requests()
            runs[run] = run_all()
        requests[run] = _by_name(measured, store.requests_by_route())
        rows[run] = rows_written(uri, "core") - written
    check_read(uri, [None if each is None else each * size for each in measured.read.values()])
    return Pair(floor, runs, rows, requests)


def _by_name(measured: Measured, routes: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    counts = {route: sum(statuses.values()) for route, statuses in routes.items()}
    named = {name: counts.pop(route, 0) for name, route in measured.routes.items()}
    return {**named, "others": sum(counts.values())}


def _medians(pairs: Sequence[Pair]) -> list[float]:
    columns: list[Callable[[Pair], float]] = [lambda pair: pair.floor]
    columns += [lambda pair, step=step: pair.first.seconds_by_step[step] for step in STEPS]  # type: ignore[misc]
    columns += [lambda pair: pair.first.seconds, lambda pair: pair.ratio]
    return [median(column(pair) for pair in pairs) for column in columns]


def _print_again(measured: Measured, done: Done) -> None:
    table = Table(
        "The runs after the first, nothing changed: seconds",
        (measured.records, "pair", "run", *STEPS, "all", "first", "all/first", "rows in core"),
    )
    for size, pairs in done.items():
        for run in measured.again:
            for number, pair in enumerate(pairs, 1):
                cost, first = pair.runs[run], pair.first.seconds
                steps = (cost.seconds_by_step[step] for step in STEPS)
                table.row(size, number, run, *steps, cost.seconds, first, cost.seconds / first, pair.rows[run])
            table.row(
                size,
                "median",
                run,
                *(median(pair.runs[run].seconds_by_step[step] for pair in pairs) for step in STEPS),
                median(pair.runs[run].seconds for pair in pairs),
                median(pair.first.seconds for pair in pairs),
                median(pair.runs[run].seconds / pair.first.seconds for pair in pairs),
                max(pair.rows[run] for pair in pairs),
            )


def _print_requests(measured: Measured, done: Done) -> None:
    names = [*measured.routes, "others"]
    table = Table(
        f"Requests, the most of all pairs (at most one a page and {measured.most_beside_pages})",
        (measured.records, "run", *names, "all", "at most"),
    )
    for size, pairs in done.items():
        for run in measured.read:
            counts = [max(pair.requests[run][name] for pair in pairs) for name in names]
            most = max(sum(pair.requests[run].values()) for pair in pairs)
            table.row(size, run, *counts, most, measured.most_requests(size))


def _peaks(measured: Measured, pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    return {run: {step: max(pair.runs[run].mib[step] for pair in pairs) for step in STEPS} for run in measured.read}


def _print_growth(measured: Measured, done: Done) -> None:
    """Medians over neighbours again: each size's pair beside the smallest one's."""
    smallest = min(done)
    table = Table(
        f"Growth: multiples of {smallest:,} {measured.records}, medians",
        (measured.records, f"{measured.records} x", "floor x", "all x"),
    )
    for size in sorted(done):
        beside = list(zip(done[smallest], done[size], strict=True))
        table.row(
            size,
            size / smallest,
            median(bigger.floor / smaller.floor for smaller, bigger in beside),
            median(bigger.first.seconds / smaller.first.seconds for smaller, bigger in beside),
        )
