"""An Airflow of the benchmarks' own, in a process of its own: it is started, waits, and does what it is told.

Its metadata database is a SQLite file, nothing of the caller's Airflow is touched, and all it says goes to a file.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from stack.environment import variables
from stack.places import PROJECT, database_home
from stack.postgres import EmbeddedPostgres

START_SECONDS = 300
ANSWER_SECONDS = 3600


class AirflowProcess:
    """A context manager: comes back when Airflow is imported and the channels' DAG files are parsed.

    :param home: keeps its metadata database and its log; the same one may serve many processes one after the other.
    :param channels: the channels directory.
    :param connections: ``AIRFLOW_CONN_...`` variables.
    """

    def __init__(self, home: Path, channels: Path, connections: Mapping[str, str] | None = None) -> None:
        self._log = home / "airflow.log"
        environment = _environment(home) | {"STOREKEEPER_CHANNELS_DIR": str(channels)} | dict(connections or {})
        spawn = multiprocessing.get_context("spawn")
        self._ours, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, environment, str(self._log)))

    def __enter__(self) -> Self:
        self._process.start()
        self._answer(START_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ours.close()  # it ends when nobody speaks to it any more
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def run(self, dag_id: str) -> str:
        """Run a DAG as ``airflow dags test`` does.

        :return: the run's id.
        :raises RuntimeError: the run did not end well.
        """
        self._ours.send(("run", dag_id))
        return str(self._answer(ANSWER_SECONDS))

    def parse(self, channels: Path) -> tuple[int, float]:
        """Parse the DAG files for a channels directory: how many DAGs, in how many seconds."""
        self._ours.send(("parse", str(channels)))
        dags, seconds = self._answer(ANSWER_SECONDS)
        return int(dags), float(seconds)

    def _answer(self, seconds: float) -> Any:
        answer, broken = None, "it did not answer in time"
        try:
            if self._ours.poll(seconds):
                answer, broken = self._ours.recv()
        except EOFError:
            broken = "it ended"
        if broken:
            said = self._log.read_text(errors="replace")[-3000:] if self._log.exists() else ""
            raise RuntimeError(f"Airflow's process: {broken}\nThe end of {self._log}:\n{said}")
        return answer


def write_channel(directory: Path, name: str) -> str:
    """A channel with the defaults of all settings; its import's DAG id is returned."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.yaml").write_text(yaml.safe_dump({"channel": name}))
    return f"import_listings__{name}"


def _environment(home: Path) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True)
    others = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "STOREKEEPER"))}
    return (
        others
        | variables(EmbeddedPostgres(database_home()))
        | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"sqlite+aiosqlite:///{home}/airflow.db",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        }
    )


def _serve(connection: Connection, environment: Mapping[str, str], log: str) -> None:
    """The process: Airflow reads its settings when it is imported, so they are set before."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(PROJECT)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(said, stream.fileno())
    try:
        from airflow.dag_processing.dagbag import DagBag
        from airflow.utils.db import initdb

        if not Path(environment["AIRFLOW_HOME"], "airflow.db").exists():
            initdb()
        bag = DagBag(dag_folder=environment["AIRFLOW__CORE__DAGS_FOLDER"])
        connection.send((None, None))
        while True:
            asked, argument = connection.recv()
            if asked == "run":
                run = bag.dags[argument].test()
                broken = None if run.state == "success" else f"the run ended {run.state}"
                connection.send((run.run_id, broken))
            else:
                os.environ["STOREKEEPER_CHANNELS_DIR"] = argument
                began = time.perf_counter()
                parsed = DagBag(dag_folder=environment["AIRFLOW__CORE__DAGS_FOLDER"])
                seconds = time.perf_counter() - began
                connection.send(((len(parsed.dags), seconds), str(parsed.import_errors or "") or None))
    except EOFError:
        pass
    except Exception:
        traceback.print_exc()
        raise
