"""A process that has Airflow imported and forks a child for each task: ``python -m tests.airflow.child``.

Airflow takes many seconds to import, and as many again before the first task of a process has ended; a fork takes
milliseconds. A child has an environment, a log and an exit status of its own, as if it had been started by itself.

Orders come as JSON lines on standard input, and each is answered by a line on standard output:

- ``start`` with ``task``, ``environment``, ``log`` and ``arguments`` is answered with the child's ``pid``;
- ``await`` with ``pid`` and ``seconds`` is answered with its ``status``, null while it runs.

An order that is ``warm`` is for a second process like this one, which has parsed the DAG files too. Tasks that ask what
Airflow does at its start are not for that one.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, NoReturn

SOON = timedelta(seconds=0.2)

Order = dict[str, Any]


# --- what a child does ---


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
        bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
        found["parsed"].append(
            {
                "dag_ids": sorted(bag.dags),
                "import_errors": {Path(file).name: error for file, error in bag.import_errors.items()},
            }
        )
    folders = {Path(entry or ".").resolve() for entry in sys.path}
    found["copies"] = sorted(str(folder) for folder in folders if (folder / "storekeeper" / "__init__.py").exists())
    found["imported_from"] = str(Path(sys.modules["storekeeper"].__file__ or "").resolve().parent)
    return found


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Run DAGs one after the other; between the runs' parts of the log stands a marker.

    :param plan: ``runs`` of ``name``, ``dag_id``, ``conf`` and ``environment`` (for that run alone); ``retry_soon``
        cuts the wait before a repeat to a moment, and leaves what is repeated, and how often, as it is.
    """
    from airflow.dag_processing.dagbag import DagBag

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


def _answering(task: Callable[[Any], Any]) -> Callable[[list[str]], None]:
    """A task that reads its plan from a file and writes what it found into another."""

    def answered(arguments: list[str]) -> None:
        asked, answer = (Path(argument) for argument in arguments)
        answer.write_text(json.dumps(task(json.loads(asked.read_text()))))

    return answered


def command(arguments: list[str]) -> None:
    """What ``airflow`` does on a command line, its exit status included."""
    from airflow.__main__ import main as airflow

    sys.argv = ["airflow", *arguments]
    airflow()


TASKS = {"look": _answering(look), "run": _answering(run), "command": command}


# --- the process that forks ---


def _settle(environment: Mapping[str, str]) -> None:
    """What Airflow does with its environment when it is imported, once more for another environment."""
    os.environ.clear()
    os.environ.update(environment)
    from airflow import configuration, settings

    configuration.AIRFLOW_HOME = settings.AIRFLOW_HOME = environment["AIRFLOW_HOME"]
    settings.configure_vars()
    settings.configure_logging()
    settings.reconfigure_orm()
    settings.configure_adapters()


def _child(order: Order) -> NoReturn:
    """Do a task, and end as a process of Python's does."""
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    status = 1
    try:
        _settle(order["environment"])
        TASKS[order["task"]](order["arguments"])
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            from airflow import settings

            settings.dispose_orm(do_log=False)  # what SQLite has in its journal comes into the database's file
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _warm_up() -> None:
    """Import what the first run in a process imports, and make what it makes; no thread may be left."""
    import asyncio

    import a2wsgi
    import airflow.__main__
    import airflow.cli.commands.dag_command
    import airflow.dag_processing.collection
    import httpx
    import sqlalchemy.orm
    from airflow.cli import cli_parser
    from airflow.dag_processing.dagbag import DagBag
    from airflow.providers_manager import ProvidersManager
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    cli_parser.get_parser()
    ProvidersManager().initialize_providers_configuration()
    DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    sqlalchemy.orm.configure_mappers()

    async def ask_the_api() -> None:
        transport = httpx.ASGITransport(app=in_process_api_server().app)
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process.invalid") as client:
            await client.get("/task-instances/none")

    asyncio.run(ask_the_api())
    assert threading.enumerate() == [threading.current_thread()]
    del a2wsgi, airflow


def _await(pid: int, seconds: float) -> int | None:
    descriptor = os.pidfd_open(pid)
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


class _Warm:
    """The second process."""

    def __init__(self) -> None:
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._orders)
            os.close(self._answers)
            with open(orders) as reading, open(answers, "w") as writing:
                _warm_up()
                serve(reading, writing)
            os._exit(0)
        os.close(orders)
        os.close(answers)
        self._reading = open(self._answers)  # noqa: SIM115

    def ask(self, order: Order) -> Order:
        os.write(self._orders, json.dumps({**order, "warm": False}).encode() + b"\n")
        answer: Order = json.loads(self._reading.readline())
        return answer

    def close(self) -> None:
        os.close(self._orders)
        os.waitpid(self._pid, 0)


def serve(orders: IO[str], answers: IO[str]) -> None:
    """Do what is ordered until nobody orders any more."""
    warm: _Warm | None = None
    for line in orders:
        order = json.loads(line)
        if order["warm"]:
            warm = warm or _Warm()
            answer = warm.ask(order)
        elif order["do"] == "start":
            pid = os.fork()
            if pid == 0:
                os.closerange(3, 256)
                _child(order)
            answer = {"pid": pid}
        else:
            answer = {"status": _await(order["pid"], order["seconds"])}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    if warm:
        warm.close()


def main() -> None:
    """Import Airflow, then serve."""
    import airflow.dag_processing.dagbag

    del airflow
    answers = os.dup(1)
    os.dup2(2, 1)
    with open(answers, "w") as writing:
        serve(sys.stdin, writing)


if __name__ == "__main__":
    main()
