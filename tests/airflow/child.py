"""What child processes do for these tests: ``python -m tests.airflow.child TASK PLAN.json FOUND.json``.

Airflow takes many seconds to start, so that one child does as much as the facts allow.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

SOON = timedelta(seconds=1)


def look(channel_directories: list[str]) -> dict[str, Any]:
    """Load the plugins, then parse the DAG files for each channels directory; no socket may be opened meanwhile."""
    socket.socket.connect = socket.socket.connect_ex = _refuse  # type: ignore[assignment, method-assign]

    from airflow.dag_processing.dagbag import DagBag
    from airflow.plugins_manager import ensure_plugins_loaded, get_import_errors

    ensure_plugins_loaded()
    package = Path(os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"], "storekeeper").resolve()
    found: dict[str, Any] = {
        "plugin_errors": dict(get_import_errors()),
        "modules_after_plugins": sorted(
            name
            for name, module in list(sys.modules.items())
            if (file := getattr(module, "__file__", None)) and Path(file).resolve().is_relative_to(package)
        ),
        "parsed": [],
    }
    for directory in channel_directories:
        os.environ["STOREKEEPER_CHANNELS_DIR"] = directory
        started = time.perf_counter()
        bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
        found["parsed"].append(
            {
                "dag_ids": sorted(bag.dags),
                "import_errors": {Path(file).name: error for file, error in bag.import_errors.items()},
                "seconds": time.perf_counter() - started,
            }
        )
    folders = {Path(entry or ".").resolve() for entry in sys.path}
    found["copies"] = sorted(str(folder) for folder in folders if (folder / "storekeeper" / "__init__.py").exists())
    found["imported_from"] = str(Path(sys.modules["storekeeper"].__file__ or "").resolve().parent)
    return found


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Make the metadata database and run DAGs one after the other; between the runs' parts of the log stands a marker.

    :param plan: ``runs`` of ``name``, ``dag_id``, ``conf`` and ``environment`` (for that run alone); ``retry_soon``
        cuts the wait before a repeat to a second, and leaves what is repeated, and how often, as it is.
    """
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    if plan.get("retry_soon"):
        for dag in bag.dags.values():
            for task in dag.tasks:
                task.retry_delay = SOON
                for rule in task.retry_policy.rules:
                    rule.retry_delay = rule.retry_delay and SOON
    found = {}
    for one in plan["runs"]:
        print(f"\n==== {one['name']} ====", flush=True)
        with _variables(one.get("environment", {})):
            found[one["name"]] = _run_once(bag.dags[one["dag_id"]], one.get("conf"))
        sys.stderr.flush()
    print("\n==== end ====", flush=True)
    return found


def _run_once(dag: Any, conf: dict[str, Any] | None) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        dag_run = dag.test(run_conf=conf)
    except Exception as error:
        return {"state": "refused", "error": f"{type(error).__name__}: {error}", "tasks": {}, "seconds": 0.0}
    return {
        "state": str(dag_run.state),
        "run_id": dag_run.run_id,
        "tasks": {one.task_id: [str(one.state), one.try_number] for one in dag_run.get_task_instances()},
        "seconds": time.perf_counter() - started,
    }


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _refuse(*_: object) -> None:
    raise RuntimeError("something opened a connection while the DAG files were parsed")


if __name__ == "__main__":
    task, asked, answer = sys.argv[1:]
    result = {"look": look, "run": run}[task](json.loads(Path(asked).read_text()))
    Path(answer).write_text(json.dumps(result))
