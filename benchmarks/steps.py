"""A run without Airflow: each step in a process of its own, which tells its seconds, memory and requests.

``python -m benchmarks.steps OPERATION STEP PORT RUN_ID [START END]`` is one of these processes, the moments are a
backfill's interval; ``BENCHMARK_WAREHOUSE`` names the warehouse.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.cost import STEPS, Cost
from benchmarks.databases import open_warehouse
from benchmarks.measured import BACKFILL, Measured
from benchmarks.stores import ORDER_DAYS
from sandbox.process import FULL_TOKEN, SandboxProcess
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations.step import attempt
from storekeeper.settings import Channel

WAREHOUSE = "BENCHMARK_WAREHOUSE"


@contextmanager
def by_steps(measured: Measured, uri: str, store: SandboxProcess, run_id: str) -> Iterator[Callable[[], Cost]]:
    """A run whose every step starts when it is called; its seconds leave the start out."""

    def run_all() -> Cost:
        until = datetime.now(UTC)
        interval = (until - timedelta(days=ORDER_DAYS + 1), until) if run_id == BACKFILL else ()
        done = {step: run_step(measured, uri, store, step, run_id, *interval) for step in STEPS}
        return Cost(
            seconds_by_step={step: cost["seconds"] for step, cost in done.items()},
            requests=sum(cost["requests"] for cost in done.values()),
            mib={step: cost["mib"] for step, cost in done.items()},
        )

    yield run_all


def run_step(
    measured: Measured | str, uri: str, store: SandboxProcess, step: str, run_id: str, *interval: datetime
) -> dict[str, Any]:
    """One step in a process of its own: ``seconds``, ``mib`` above its imports, ``requests``, ``throttled``.

    :param measured: the operation, or its name.
    :param interval: begin and end, where the run belongs to a backfill.
    :raises RuntimeError: it failed; the message ends with what it said.
    """
    moments = (moment.isoformat() for moment in interval)
    operation = measured if isinstance(measured, str) else measured.operation
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.steps", operation, step, str(store.port), run_id, *moments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, WAREHOUSE: uri},
    )
    if done.returncode != 0:
        raise RuntimeError(f"{step} of {run_id} failed:\n{done.stderr[-2000:]}")
    cost: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return cost


def main(operation: str, task: str, port: str, run_id: str, *interval: str) -> None:
    """Do one step, and print what it cost."""
    warehouse = open_warehouse(os.environ[WAREHOUSE])
    warehouse.prepare()
    store = StoreClient(f"http://127.0.0.1:{port}", "sandbox", FULL_TOKEN)
    work = import_module(f"storekeeper.operations.{operation}").STEPS[task]
    start, end = map(datetime.fromisoformat, interval) if interval else (None, None)
    with attempt(
        task,
        warehouse,
        Channel.model_validate({"channel": "bench"}),
        operation,
        run_id=run_id,
        params={},
        open_store=lambda: store,
        backfill=(start, end) if start and end else None,
    ) as step:
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        before, began = _memory_mib("VmRSS"), time.monotonic()
        work(step)
        seconds, peak = time.monotonic() - began, _memory_mib("VmHWM")
    warehouse.close()
    print(
        json.dumps(
            {
                "seconds": seconds,
                "mib": peak - before,
                "requests": store.requests_sent,
                "throttled": store.throttled,
            }
        )
    )


def _memory_mib(field: str) -> float:
    """This process's own figure; getrusage would count what its parent held when it was started."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
