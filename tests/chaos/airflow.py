"""A few of the points through the real Airflow: its scheduler, its executor, its own retries.

Here nobody but Airflow starts the second attempt, after the wait that the DAG asks for: a point takes about a minute.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import requests
import yaml

from stack.environment import variables
from stack.places import PROJECT, free_port
from tests.chaos.faults import Point, every_point, sample
from tests.chaos.lane import Lanes, Place, Undisturbed
from tests.chaos.operations import CHANNEL
from tests.chaos.state import EARLY, differences, without
from tests.chaos.trial import Verdict, arm, has_struck
from tests.databases import ThrowawayServer

FAULTS = (
    "request-kill-before", "request-kill-after", "request-503-thrice", "statement-kill-before", "statement-kill-after",
    "statement-cut-before", "statement-cut-after", "statement-restart", "statement-disk-full",
)  # fmt: skip
"""Those after which Airflow itself goes on, with no person's help."""

SITUATION = "changed"


class Airflow:
    """Airflow with a home, a metadata database and a port of its own; one channel, one DAG that matters.

    :param place: whose store and warehouse its connections lead to.
    """

    def __init__(self, place: Place) -> None:
        operation = place.lane.operation.name
        settings = {**place.situation.settings, "schedule": None}
        self._dag_id = f"{operation}__{CHANNEL}"
        self._runs = 0
        self._home = tempfile.TemporaryDirectory(prefix="storekeeper-chaos-")
        home = Path(self._home.name)
        channels = home / "channels"
        channels.mkdir()
        (channels / f"{CHANNEL}.yaml").write_text(yaml.safe_dump({"channel": CHANNEL, operation: settings}))
        self._server = ThrowawayServer("airflow").__enter__()
        self._server.create_database("airflow")
        port = free_port(18080)
        self._address = f"http://127.0.0.1:{port}"
        metadata = self._server.uri("airflow").removeprefix("postgresql://")
        connection = {
            "conn_type": "bigcommerce",
            "host": place.store.root,
            "login": "client",
            "password": "sandbox-token",
            "extra": {"store_hash": "sandbox"},
        }
        others = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "STOREKEEPER"))}
        environment = {
            **others,
            **variables(self._server),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{metadata}",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{metadata}",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__BASE_URL": self._address,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self._address}/execution/",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port(28793)),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port(28894)),
            "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": place.uri,
            f"AIRFLOW_CONN_BIGCOMMERCE_{CHANNEL.upper()}": json.dumps(connection),
            "STOREKEEPER_CHANNELS_DIR": str(channels),
        }
        self._log = (home / "standalone.log").open("wb")
        airflow = Path(sys.executable).with_name("airflow")
        self._process = subprocess.Popen(
            [str(airflow), "standalone"], cwd=PROJECT, env=environment, stdout=self._log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        self._session = requests.Session()

    def __enter__(self) -> Self:
        """Come back when it knows the DAG."""
        try:
            self._until(240, "Airflow knows the DAG", self._knows_the_dag)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End all of its processes, and remove what they kept."""
        self.stop()

    def run(self) -> tuple[str, int]:
        """Trigger a run and await its end: its state, and how often its tasks were tried in all."""
        self._runs += 1
        run_id = f"chaos__{self._runs}"
        runs = f"{self._address}/api/v2/dags/{self._dag_id}/dagRuns"
        made = self._session.post(runs, json={"dag_run_id": run_id, "logical_date": None}, timeout=30)
        made.raise_for_status()
        ended: list[str] = []

        def has_ended() -> bool:
            state = self._session.get(f"{runs}/{run_id}", timeout=30).json()["state"]
            ended[:] = [state] if state in ("success", "failed") else []
            return bool(ended)

        self._until(300, f"run {run_id} ends", has_ended)
        tasks = self._session.get(f"{runs}/{run_id}/taskInstances", timeout=30).json()["task_instances"]
        return ended[0], sum(task["try_number"] for task in tasks)

    def stop(self) -> None:
        """End all of its processes, and remove what it kept."""
        os.killpg(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        for member in Path("/proc").glob("[0-9]*"):  # some of its processes lead groups of their own
            try:
                if os.getsid(int(member.name)) == self._process.pid:
                    os.kill(int(member.name), signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        self._process.wait()
        self._log.close()
        self._server.__exit__()
        self._home.cleanup()

    def _knows_the_dag(self) -> bool:
        token = self._session.get(f"{self._address}/auth/token", timeout=10)
        if not token.ok:
            return False
        self._session.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        return bool(self._session.get(f"{self._address}/api/v2/dags/{self._dag_id}", timeout=10).ok)

    def _until(self, seconds: float, what: str, true: Any) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if true():
                    return
            except (requests.RequestException, KeyError):
                pass
            if self._process.poll() is not None:
                break
            time.sleep(1)
        said = Path(self._log.name).read_text(errors="replace")[-3000:]
        raise RuntimeError(f"in vain: {what}\n{said}")


def points(most: int, seed: int, requests_sent: int, statements: int) -> list[Point]:
    """So many points of those that Airflow survives by itself."""
    every = every_point("import_listings", SITUATION, requests_sent, statements)
    return sample([point for point in every if point.fault in FAULTS], most, seed)


def try_through_airflow(most: int, seed: int) -> list[Verdict]:
    """A sample of points, each a run of the DAG."""
    with contextlib.ExitStack() as stack:
        lane = stack.enter_context(Lanes()).get("import_listings")
        usual = lane.undisturbed(SITUATION)
        airflow: Airflow | None = None
        verdicts = []
        for point in points(most, seed, usual.requests, len(usual.statements)):
            with lane.place(point.situation) as place:
                if airflow is None:  # the place of each trial has the same address
                    airflow = stack.enter_context(Airflow(place))
                verdicts.append(_try(airflow, place, point, usual))
            print(f"{point}: {verdicts[-1].ended}, {verdicts[-1].seconds:.0f} s", flush=True)
    return verdicts


def _try(airflow: Airflow, place: Place, point: Point, expected: Undisturbed) -> Verdict:
    """Fail at one point, leave the rest to Airflow, and compare with the undisturbed run."""
    began = time.monotonic()
    strike = arm(place, point, expected)
    state, attempts = airflow.run()
    verdict = Verdict(point, has_struck(place, strike), ended=f"{state}, tasks tried {attempts} times in all")
    wanted, found = without(expected.after, *EARLY), without(place.state(), *EARLY)
    if state != "success":
        verdict.broken.append(f"Airflow ended the run {state}")
    elif found != wanted:
        verdict.broken += ["the warehouse differs from the undisturbed run", *differences(wanted, found)]
    verdict.seconds = time.monotonic() - began
    return verdict
