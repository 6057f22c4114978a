"""An import without Airflow: each step in a process of its own, which tells its seconds, memory and requests.

``python -m benchmarks.steps STEP PORT RUN_ID`` is one of these processes; ``BENCHMARK_WAREHOUSE`` names the warehouse.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.cost import STEPS, Cost
from benchmarks.databases import open_warehouse
from sandbox.process import FULL_TOKEN, SandboxProcess
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations import import_listings
from storekeeper.settings import Channel
from storekeeper.warehouse.runs import Run

WAREHOUSE = "BENCHMARK_WAREHOUSE"


@contextmanager
def by_steps(uri: str, store: SandboxProcess, run_id: str) -> Iterator[Callable[[], Cost]]:
    """A run whose every step starts when it is called; its seconds leave the start out."""

    def import_all() -> Cost:
        done = {step: run_step(uri, store, step, run_id) for step in STEPS}
        return Cost(
            seconds_by_step={step: measured["seconds"] for step, measured in done.items()},
            requests=sum(measured["requests"] for measured in done.values()),
            mib={step: measured["mib"] for step, measured in done.items()},
        )

    yield import_all


def run_step(uri: str, store: SandboxProcess, step: str, run_id: str) -> dict[str, Any]:
    """One step in a process of its own: ``seconds``, ``mib`` above its imports, ``requests``, ``throttled``.

    :raises RuntimeError: it failed; the message ends with what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.steps", step, str(store.port), run_id],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, WAREHOUSE: uri},
    )
    if done.returncode != 0:
        raise RuntimeError(f"{step} of {run_id} failed:\n{done.stderr[-2000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main(step: str, port: str, run_id: str) -> None:
    """Do one step, and print what it cost."""
    warehouse = open_warehouse(os.environ[WAREHOUSE])
    warehouse.prepare()
    channel = Channel.model_validate({"channel": "bench"})
    store = StoreClient(f"http://127.0.0.1:{port}", "sandbox", FULL_TOKEN)
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
