"""Peak memory of each step of two imports, above what its process holds once all is imported and connected."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.cost import STEPS
from benchmarks.databases import fresh_warehouse
from benchmarks.steps import by_steps
from benchmarks.stores import measured_store
from benchmarks.table import Table
from stack.postgres import EmbeddedPostgres

RUNS = ("first", "second")


def measure_memory(server: EmbeddedPostgres, sizes: Sequence[int]) -> None:
    """Measure and print."""
    table = Table("Peak memory above the imports, MiB (the second import has nothing new)", ("products", "run", *STEPS))
    peaks: dict[int, dict[str, dict[str, float]]] = {}
    for size in sizes:
        peaks[size] = {}
        with measured_store(size) as store:
            uri = fresh_warehouse(server)
            for run in RUNS:
                with by_steps(uri, store, run) as import_all:
                    peaks[size][run] = dict(import_all().mib)
                table.row(size, run, *(round(peaks[size][run][step]) for step in STEPS))
    if len(sizes) > 1:
        _print_growth(peaks)


def _print_growth(peaks: dict[int, dict[str, dict[str, float]]]) -> None:
    smallest = min(peaks)
    table = Table(f"Growth of the peak over that of {smallest:,} products, MiB", ("products", "run", *STEPS))
    for size in sorted(peaks):
        for run in RUNS:
            table.row(size, run, *(round(peaks[size][run][step] - peaks[smallest][run][step]) for step in STEPS))
