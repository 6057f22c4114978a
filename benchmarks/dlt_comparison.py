"""dlt's own REST source pulling the same products with the same include into Postgres, beside the floor.

dlt is none of the project's requirements: it is measured where it can be imported, or by the Python that
``STOREKEEPER_BENCH_DLT`` names.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.databases import fresh_database, settle
from benchmarks.floor import prepare_floor, run_floor
from benchmarks.measured import IMPORT_LISTINGS
from benchmarks.stores import VARIANTS, measured_store
from benchmarks.table import Table
from sandbox.process import SandboxProcess
from stack.postgres import EmbeddedPostgres

PYTHON = "STOREKEEPER_BENCH_DLT"
PAIRS = 3


def measure_dlt(server: EmbeddedPostgres, sizes: Sequence[int]) -> None:
    """Measure and print, or say that there is no dlt."""
    python = os.environ.get(PYTHON) or (sys.executable if importlib.util.find_spec("dlt") else None)
    if python is None:
        print(f"\ndlt is not installed here, so it was not compared: {PYTHON}=/path/to/python names one that has it.")
        return
    table = Table("dlt's REST source and floor", ("products", "pair", "floor", "dlt", "dlt/floor", "MiB above imports"))
    for size in sizes:
        ratios = []
        with measured_store(size) as store:
            run_floor(prepare_floor(server), store, IMPORT_LISTINGS, size)  # a store's first answers are slower
            for number in range(1, PAIRS + 1):
                floor_uri, uri = prepare_floor(server), fresh_database(server, "benchmark_dlt")
                settle(server)
                floor = run_floor(floor_uri, store, IMPORT_LISTINGS, size)
                settle(server)
                seconds, mib = _pull(python, uri, store)
                _check(uri, size)
                ratios.append(seconds / floor)
                table.row(size, number, floor, seconds, ratios[-1], round(mib))
        table.row(size, "median", None, None, median(ratios), None)


def _check(uri: str, products: int) -> None:
    with psycopg.connect(uri) as connection:
        counted = connection.execute(
            "select count(*), (select count(*) from catalog.products__variants) from catalog.products"
        )
        if counted.fetchall() != [(products, VARIANTS * products)]:
            raise RuntimeError("dlt did not bring the whole catalog")


def _pull(python: str, uri: str, store: SandboxProcess) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="benchmark") as folder:
        done = subprocess.run(
            [python, str(Path(__file__).with_name("dlt_pull.py")), store.url, folder],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder, "BENCHMARK_WAREHOUSE": uri},
        )
    if done.returncode != 0:
        raise RuntimeError(f"dlt's pull failed:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
    measured = json.loads(done.stdout.splitlines()[-1])
    return float(measured["seconds"]), float(measured["mib"])
