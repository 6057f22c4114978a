"""Peak memory of each step of two imports, above what its process holds once all is imported and connected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.cost import STEPS
from benchmarks.databases import fresh_warehouse
from benchmarks.measured import Measured
from benchmarks.steps import by_steps
from benchmarks.table import Table
from stack.postgres import EmbeddedPostgres

Peaks = Mapping[int, Mapping[str, Mapping[str, float]]]
"""By size, run and step, MiB."""


def measure_memory(server: EmbeddedPostgres, measured: Measured, sizes: Sequence[int]) -> None:
    """Measure and print."""
    peaks: dict[int, dict[str, Mapping[str, float]]] = {}
    for size in sizes:
        peaks[size] = {}
        with measured.store(size) as store:
            uri = fresh_warehouse(server)
            for run in measured.read:
                with by_steps(measured, uri, store, run) as run_all:
                    peaks[size][run] = run_all().mib
    print_memory(measured, peaks)


def print_memory(measured: Measured, peaks: Peaks) -> None:
    """The peaks, and with several sizes how they grow."""
    table = Table("Peak memory above the imports, MiB (nothing is new after the first run)", _columns(measured))
    for size, runs in peaks.items():
        for run, steps in runs.items():
            table.row(size, run, *(round(steps[step]) for step in STEPS))
    if len(peaks) > 1:
        smallest = min(peaks)
        table = Table(f"Growth of the peak over that of {smallest:,} {measured.records}, MiB", _columns(measured))
        for size in sorted(peaks):
            for run in measured.read:
                table.row(size, run, *(round(peaks[size][run][step] - peaks[smallest][run][step]) for step in STEPS))


def _columns(measured: Measured) -> list[str]:
    return [measured.records, "run", *STEPS]
