"""What an import costs: ``python -m benchmarks.import_listings [PRODUCTS ...]`` (20,000 by default, 2 variants each).

Each step runs in a process of its own, as Airflow's tasks do, on a database of its own. Memory is the peak above what
the process holds once everything is imported and connected. The floor is the plainest client: four connections fetch
every page, one COPY of (id, payload); ratios to it compare, seconds of different days do not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import requests
from sqlalchemy import create_engine

from sandbox.process import SandboxProcess
from stack.places import database_home
from stack.postgres import EmbeddedPostgres
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations import import_listings
from storekeeper.settings import Channel
from storekeeper.warehouse.database import Warehouse
from storekeeper.warehouse.runs import Run

DATABASE = "benchmark"


def main(arguments: list[str]) -> int:
    """Measure each size, then a pull under a small quota."""
    if arguments[:1] == ["--step"]:
        return _step(*arguments[1:])
    server = EmbeddedPostgres(database_home())
    server.start()
    for products in [int(argument) for argument in arguments] or [20_000]:
        _measure(server, products)
    _measure_quota(server)
    return 0


def _measure(server: EmbeddedPostgres, products: int) -> None:
    with SandboxProcess(products=products, variants=2, clean=True, quota=0) as store:
        for _ in range(2):  # the first one warms the store
            floor = _floor(server, store)
        _fresh(server)
        print(f"\n{products:,} products x 2 variants; the floor is {floor:.2f} s")
        print(f"  {'run':<8}{'step':<12}{'seconds':>9}{'MiB above imports':>20}{'requests':>10}")
        for number in (1, 2):
            seconds = 0.0
            for step in ("extract", "transform", "load"):
                measured = _in_a_process(server, store.port, step, f"run-{number}")
                seconds += measured["seconds"]
                print(
                    f"  {number:<8}{step:<12}{measured['seconds']:>9.2f}{measured['mib']:>20.0f}"
                    f"{measured['requests']:>10}",
                    flush=True,
                )
            print(f"  {number:<8}{'all':<12}{seconds:>9.2f}   {seconds / floor:.2f} times the floor")


def _measure_quota(server: EmbeddedPostgres) -> None:
    """A pull that needs many windows of a quota: how much of the quota is used, and how many answers were 429."""
    quota, window = 15, 1.0
    with SandboxProcess(products=20_000, variants=2, clean=True, quota=quota, window_ms=int(window * 1000)) as store:
        _fresh(server)
        began = time.monotonic()
        measured = _in_a_process(server, store.port, "extract", "paced")
        least = measured["requests"] / quota * window
        refused = sum(statuses.get("429", 0) for statuses in store.requests_by_route().values())
        print(
            f"\nUnder a quota of {quota} per {window:.0f} s: {measured['requests']} requests in"
            f" {measured['seconds']:.1f} s, {least / measured['seconds']:.0%} of the quota used, {refused} answers 429"
            f" (whole process {time.monotonic() - began:.1f} s)"
        )


def _floor(server: EmbeddedPostgres, store: SandboxProcess) -> float:
    _fresh(server)
    with psycopg.connect(server.uri(DATABASE), autocommit=True) as connection:
        connection.execute("create table floor (id bigint, payload jsonb)")
        began = time.monotonic()
        session = requests.Session()
        session.headers["X-Auth-Token"] = "sandbox-token"

        def page(number: int) -> dict[str, Any]:
            query = f"include=variants,images,custom_fields&limit=250&page={number}"
            answer: dict[str, Any] = session.get(f"{store.url}/v3/catalog/products?{query}", timeout=60).json()
            return answer

        first = page(1)
        pages = range(2, first["meta"]["pagination"]["total_pages"] + 1)
        with (
            ThreadPoolExecutor(4) as pool,
            connection.cursor() as cursor,
            cursor.copy("copy floor (id, payload) from stdin") as copy,
        ):
            for answer in [first, *pool.map(page, pages)]:
                for product in answer["data"]:
                    copy.write_row((product["id"], json.dumps(product)))
        return time.monotonic() - began


def _fresh(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {DATABASE} with (force)")
    server.create_database(DATABASE)


def _in_a_process(server: EmbeddedPostgres, port: int, step: str, run_id: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.import_listings", "--step", server.uri(DATABASE), str(port), step, run_id],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _step(uri: str, port: str, step: str, run_id: str) -> int:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(uri), pool_size=5, max_overflow=20)
    warehouse = Warehouse(engine)
    warehouse.prepare()
    channel = Channel.model_validate({"channel": "bench"})
    store = StoreClient(f"http://127.0.0.1:{port}", "sandbox", "sandbox-token")
    run = Run.begin(warehouse, channel="bench", operation="import_listings", run_id=run_id)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, began = _memory_mib("VmRSS"), time.monotonic()
    if step == "extract":
        import_listings.extract(store, run, channel, channel.import_listings)
    elif step == "transform":
        import_listings.transform(run, channel.import_listings)
    else:
        import_listings.load(run, channel, channel.import_listings)
    seconds, peak = time.monotonic() - began, _memory_mib("VmHWM")
    print(json.dumps({"seconds": seconds, "mib": peak - before, "requests": store.requests_sent}))
    return 0


def _memory_mib(field: str) -> float:
    """This process's own figure; getrusage would count what its parent held when it was started."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
