"""Import and floor in neighbouring pairs, each import run twice: once into an empty warehouse, once with nothing new.

With several sizes a pair of each follows a pair of the other, so that they too are neighbours.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from statistics import median

from benchmarks.airflow_process import AirflowProcess, write_channel
from benchmarks.cost import STEPS, Cost, Ready
from benchmarks.databases import check_read, fresh_warehouse, read_spent, rows_written, settle
from benchmarks.floor import PRODUCTS_A_PAGE, prepare_floor, run_floor
from benchmarks.steps import by_steps
from benchmarks.stores import VARIANTS, measured_store
from benchmarks.table import Table
from sandbox.process import FULL_TOKEN, SandboxProcess
from stack.postgres import EmbeddedPostgres

CHANNEL = "bench"
MOST_BESIDE_PAGES = 10
"""Requests that an import may make besides one for each page of products."""

Prepare = Callable[[str, SandboxProcess, str], Ready]


@dataclass(frozen=True, slots=True)
class Pair:
    """A floor and the import beside it, and the second import."""

    floor: float
    first: Cost
    second: Cost
    rows: int

    @property
    def ratio(self) -> float:
        """The first import in multiples of the floor."""
        return self.first.seconds / self.floor

    @property
    def again(self) -> float:
        """The second import in parts of the first."""
        return self.second.seconds / self.first.seconds


def measure_pairs(server: EmbeddedPostgres, sizes: Sequence[int], pairs: int, *, with_airflow: bool) -> None:
    """Measure and print."""
    way = "through Airflow's own tasks" if with_airflow else "each step in a process of its own, without Airflow"
    with ExitStack() as stack:
        prepare: Prepare = by_steps
        if with_airflow:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark")))
            prepare = partial(through_airflow, home)
        stores = {size: stack.enter_context(measured_store(size)) for size in sizes}
        for store in stores.values():
            run_floor(prepare_floor(server), store)  # a store's first answers are slower
        table = Table(
            f"Import and floor, {way}: seconds (products x 2 variants, no quota)",
            ("products", "pair", "floor", *STEPS, "import", "import/floor"),
        )
        done: dict[int, list[Pair]] = {size: [] for size in sizes}
        for number in range(1, pairs + 1):
            for size, store in stores.items():
                pair = _measure(server, store, size, prepare)
                done[size].append(pair)
                table.row(
                    size,
                    number,
                    pair.floor,
                    *(pair.first.seconds_by_step[step] for step in STEPS),
                    pair.first.seconds,
                    pair.ratio,
                )
    for size, measured in done.items():
        table.row(size, "median", *_medians(measured))
    _print_second(done)
    if len(sizes) > 1:
        _print_growth(done)


@contextmanager
def through_airflow(home: Path, uri: str, store: SandboxProcess, run_id: str) -> Iterator[Callable[[], Cost]]:
    """A run through Airflow; its seconds are those of ``mart.runs.work_seconds``.

    :param home: Airflow's own folder.
    :param run_id: unused, since Airflow names its runs itself.
    """
    dag_id = write_channel(home / "channels", CHANNEL)
    address = {"host": store.root, "login": "client-id", "password": FULL_TOKEN}
    connections = {
        f"AIRFLOW_CONN_BIGCOMMERCE_{CHANNEL.upper()}": json.dumps(
            {"conn_type": "bigcommerce", **address, "extra": {"store_hash": store.store_hash}}
        ),
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": uri,
    }
    with AirflowProcess(home, home / "channels", connections) as airflow:
        yield lambda: Cost(*read_spent(uri, airflow.run(dag_id)))


def _measure(server: EmbeddedPostgres, store: SandboxProcess, products: int, prepare: Prepare) -> Pair:
    uri, floor_uri = fresh_warehouse(server), prepare_floor(server)
    with prepare(uri, store, "first") as import_all:
        settle(server)
        floor = run_floor(floor_uri, store)
        settle(server)
        first = import_all()
    written = rows_written(uri, "core")
    with prepare(uri, store, "second") as import_all:
        settle(server)
        second = import_all()
    check_read(uri, products * VARIANTS)
    return Pair(floor, first, second, rows_written(uri, "core") - written)


def _medians(measured: Sequence[Pair]) -> list[float]:
    columns: list[Callable[[Pair], float]] = [lambda pair: pair.floor]
    columns += [lambda pair, step=step: pair.first.seconds_by_step[step] for step in STEPS]  # type: ignore[misc]
    columns += [lambda pair: pair.first.seconds, lambda pair: pair.ratio]
    return [median(column(pair) for pair in measured) for column in columns]


def _print_second(done: dict[int, list[Pair]]) -> None:
    table = Table(
        f"The second import, nothing changed (at most {MOST_BESIDE_PAGES} requests besides the pages)",
        ("products", "pair", "first", "second", "second/first", "rows in core", "requests", "at most"),
    )
    for size, measured in done.items():
        most = ceil(size / PRODUCTS_A_PAGE) + MOST_BESIDE_PAGES
        for number, pair in enumerate(measured, 1):
            seconds = (pair.first.seconds, pair.second.seconds, pair.again)
            table.row(size, number, *seconds, pair.rows, pair.second.requests, most)
        table.row(
            size,
            "median",
            median(pair.first.seconds for pair in measured),
            median(pair.second.seconds for pair in measured),
            median(pair.again for pair in measured),
            max(pair.rows for pair in measured),
            max(pair.second.requests for pair in measured),
            most,
        )


def _print_growth(done: dict[int, list[Pair]]) -> None:
    """Medians over neighbours again: each size's pair beside the smallest one's."""
    smallest = min(done)
    table = Table(
        f"Growth: multiples of {smallest:,} products, medians", ("products", "products x", "floor x", "import x")
    )
    for size in sorted(done):
        beside = list(zip(done[smallest], done[size], strict=True))
        table.row(
            size,
            size / smallest,
            median(bigger.floor / smaller.floor for smaller, bigger in beside),
            median(bigger.first.seconds / smaller.first.seconds for smaller, bigger in beside),
        )
