"""Processes of Airflow's that start at once: forks of one that has it imported, see :mod:`tests.airflow.child`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from stack.places import PROJECT

LIMIT_SECONDS = 300.0


class Fork:
    """A process of Airflow's.

    :param log: where all that it says goes.
    """

    def __init__(self, forks: Forks, pid: int, *, warm: bool, log: Path) -> None:
        self._forks = forks
        self._warm = warm
        self._status: int | None = None
        self.pid = pid
        self.log = log

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        return self._wait(0)

    def wait(self, seconds: float = LIMIT_SECONDS) -> int:
        """Its exit status, when it has ended.

        :raises AssertionError: it took longer, and was killed.
        """
        status = self._wait(seconds)
        if status is None:
            os.kill(self.pid, signal.SIGKILL)
            self._wait(20)
            raise AssertionError(f"not done after {seconds} s: {self.said()[-4000:]}")
        return status

    def stop(self, seconds: float = 60) -> None:
        """End it."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
            self.wait(seconds)

    def said(self) -> str:
        """All that it has said."""
        return self.log.read_text(errors="replace")

    def _wait(self, seconds: float) -> int | None:
        if self._status is None:
            self._status = self._forks.ask(do="await", warm=self._warm, pid=self.pid, seconds=seconds)["status"]
        return self._status


class Forks:
    """What forks them.

    :param folder: for its log, and for the empty metadata database that each home of Airflow's gets a copy of.
    :param environment: its own, to begin with; each child has another.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._empty_database: Path | None = None
        with (folder / "forks.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.airflow.child"],
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)

    def ask(self, **order: Any) -> dict[str, Any]:
        """Give an order; its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, (self._folder / "forks.log").read_text(errors="replace")[-4000:]
        answer: dict[str, Any] = json.loads(line)
        return answer

    def start(
        self, task: str, arguments: list[str], environment: Mapping[str, str], log: Path, *, warm: bool = True
    ) -> Fork:
        """A process that does a task of :mod:`tests.airflow.child`.

        :param environment: all of it that is of Airflow and of Storekeeper.
        :param warm: it may begin with our own code imported.
        """
        others = {n: v for n, v in self._environment.items() if not n.startswith(("AIRFLOW", "STOREKEEPER"))}
        log.write_bytes(b"")
        order = {"task": task, "arguments": arguments, "environment": {**others, **environment}, "log": str(log)}
        return Fork(self, self.ask(do="start", warm=warm, **order)["pid"], warm=warm, log=log)

    def airflow(self, *arguments: str, environment: Mapping[str, str], log: Path, warm: bool = True) -> Fork:
        """A command line of ``airflow``."""
        return self.start("command", [*arguments], environment, log, warm=warm)

    def find(self, task: str, plan: object, environment: Mapping[str, str], folder: Path, *, warm: bool = True) -> Any:
        """What a task finds; its log stays as ``{task}.log`` in ``folder``.

        :raises AssertionError: the child broke.
        """
        asked, found, log = (folder / f"{task}.{ending}" for ending in ("plan.json", "found.json", "log"))
        asked.write_text(json.dumps(plan))
        child = self.start(task, [str(asked), str(found)], environment, log, warm=warm)
        assert child.wait() == 0, child.said()[-4000:]
        return json.loads(found.read_text())

    def run(
        self, runs: list[dict[str, Any]], environment: Mapping[str, str], folder: Path, *, retry_soon: bool = False
    ) -> dict[str, Any]:
        """What comes of runs of DAGs one after the other, by their names, in a home of Airflow's that is new."""
        self.make_database(Path(environment["AIRFLOW_HOME"]))
        found: dict[str, Any] = self.find("run", {"runs": runs, "retry_soon": retry_soon}, environment, folder)
        return found

    def make_database(self, home: Path) -> None:
        """An empty metadata database in a home of Airflow's; ``airflow db migrate`` makes it, once for all of them."""
        if self._empty_database is None:
            made = self._folder / "empty"
            made.mkdir()
            environment = {
                **self._environment,
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{made}/airflow.db",
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"sqlite+aiosqlite:///{made}/airflow.db",
            }
            migrated = self.airflow("db", "migrate", environment=environment, log=made / "migrate.log")
            assert migrated.wait() == 0, migrated.said()[-3000:]
            self._empty_database = made / "airflow.db"
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._empty_database, home / "airflow.db")
