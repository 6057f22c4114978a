"""A process that has everything imported and forks a child for each attempt: ``python -m tests.chaos.runner``.

Airflow takes seconds to start a task; a fork takes milliseconds, and the child is a process of its own that may be
killed. Orders come as JSON lines on standard input, answers go to standard output.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
import traceback
from typing import Any

import psycopg
from sqlalchemy import create_engine

from storekeeper.bigcommerce import last_look
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.operations.step import attempt
from storekeeper.settings import Channel
from storekeeper.warehouse.database import Warehouse
from tests.chaos.operations import CHANNEL, OPERATIONS

PATIENCE = Patience(connect=2, read=0.6, total=1.2, attempts=3, backoff=0.01, backoff_most=0.05, throttled_most=5)
STALL_SECONDS = 0.5
LOOK_SECONDS = 0.4
WRITING = {"claim_wait_seconds": 15, "lease_seconds": 1, "heartbeat_seconds": 0.5}


def perform(order: dict[str, Any], log: Any) -> dict[str, Any]:
    """One attempt of a run: its tasks from the one named on; stops at the first that fails, as Airflow would.

    :return: ``ended`` (``success`` or ``failed``), ``task``, and of a failure ``error`` and ``message``.
    """
    operation = OPERATIONS[order["operation"]]
    if order["mutant"]:
        from tests.chaos.mutants import MUTANTS

        MUTANTS[order["mutant"]].apply()
    channel = Channel.model_validate({"channel": CHANNEL, operation.name: order["settings"], "writing": WRITING})
    last_look.LOOK_SECONDS = LOOK_SECONDS
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(order["uri"]), max_overflow=20)
    warehouse = Warehouse(engine, stall_seconds=STALL_SECONDS)
    tasks = list(operation.steps)
    task = order["task"]
    try:
        for task in tasks[tasks.index(order["task"]) :]:
            log(task)
            warehouse.prepare()
            with attempt(
                task,
                warehouse,
                channel,
                operation.name,
                run_id=order["run_id"],
                params={},
                open_store=lambda: StoreClient(order["store"], "sandbox", "sandbox-token", patience=PATIENCE),
            ) as step:
                operation.steps[task](step)
    except Exception as error:
        trace = "".join(traceback.format_exception(error))[-6000:]  # it must fit into a pipe
        return {"ended": "failed", "task": task, "error": type(error).__name__, "message": str(error), "trace": trace}
    return {"ended": "success", "task": task}


def _child(order: dict[str, Any], pipe: int) -> None:
    def say(what: dict[str, Any]) -> None:
        os.write(pipe, json.dumps(what).encode() + b"\n")

    logging.basicConfig(filename=order["log"], level=logging.INFO, force=True)
    os.dup2(os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT), 2)
    say(perform(order, lambda task: say({"ended": "died", "task": task})))


def main() -> None:
    """``{"do": "start", ...}`` is answered with the child's pid, ``{"do": "await", "pid", "seconds"}`` with its end."""
    children: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "start":
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(reading)
                try:
                    _child(order, writing)
                finally:
                    os._exit(0)
            os.close(writing)
            children[pid] = reading
            answer: dict[str, Any] = {"pid": pid}
        else:
            answer = _await(order["pid"], children.pop(order["pid"]), order["seconds"])
        print(json.dumps(answer), flush=True)


def _await(pid: int, pipe: int, seconds: float) -> dict[str, Any]:
    until = time.monotonic() + seconds
    hung = False
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            until, hung = float("inf"), True
        time.sleep(0.002)
    with os.fdopen(pipe) as said:
        words = [json.loads(line) for line in said]
    last: dict[str, Any] = words[-1] if words else {"ended": "died", "task": None}
    return {**last, "ended": "hung"} if hung else last


if __name__ == "__main__":
    main()
