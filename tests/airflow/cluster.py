"""The services of docker-compose.yaml as processes of this machine: the same commands, settings and secrets.

What a container would give by itself is put in here: host names, ports, and where secrets and files are mounted.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import psycopg
import yaml

from stack.places import PROJECT, free_port
from stack.postgres import EmbeddedPostgres, wheel_programs
from tests.airflow.conftest import without_airflow
from tests.airflow.site import Person

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())
REDIS = shutil.which("redis-server")
AIRFLOW_SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")
WAIT_SECONDS = 240.0

Triggered = tuple[str, str]
"""A run: its DAG's id and its own."""


class Cluster:
    """Airflow with Celery, as the compose file describes it.

    :param home: for secrets, logs and files; the databases are the embedded server's.
    :param workers: the number that the compose file's ``STOREKEEPER_WORKERS`` is.
    :param changes: environment variables beside those of the compose file.
    """

    def __init__(self, home: Path, server: EmbeddedPostgres, *, workers: int, changes: Mapping[str, str]) -> None:
        self.home = home
        self.secrets = home / "secrets"
        self.logs = home / "logs"
        self.channels = home / "channels"
        self.workers = workers
        self._server = server
        self._changes = dict(changes)
        self._ports = {name: free_port(start) for name, start in (("redis", 16379), ("api-server", 18900))}
        self._ports["scheduler"] = free_port(18974)
        self._databases = [f"{name}_{os.getpid()}" for name in ("cluster_airflow", "cluster_celery", "cluster_store")]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.root = f"http://127.0.0.1:{self._ports['api-server']}"

    def start(self) -> Cluster:
        """Start all of it, in the order that the compose file asks for."""
        self.logs.mkdir(parents=True)
        self._make_secrets()
        self._make_databases()
        self.launch("redis")
        assert self.launch("init").wait(WAIT_SECONDS) == 0, self.said("init")[-3000:]
        for name in AIRFLOW_SERVICES:
            self.launch(name)
        for number in range(1, self.workers + 1):
            self.launch("worker", number)
        until = time.monotonic() + WAIT_SECONDS
        while not all(self.is_healthy(name) for name in ("redis", "api-server", "scheduler")):
            assert time.monotonic() < until, self.said("api-server")[-2000:]
            time.sleep(0.5)
        return self

    def stop(self) -> None:
        """Stop all, and remove its databases."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for name in list(self.processes):
            try:
                self.processes[name].wait(10)
            except subprocess.TimeoutExpired:
                self.kill(name)
        with psycopg.connect(self._server.uri(), autocommit=True) as connection:
            for database in self._databases:
                connection.execute(f'drop database if exists "{database}" with (force)')
            for role in self._roles:
                connection.execute(f'drop role if exists "{role}"')

    @property
    def _roles(self) -> tuple[str, str, str]:
        return (f"airflow_{os.getpid()}", f"celery_{os.getpid()}", f"storekeeper_{os.getpid()}")

    def _make_secrets(self) -> None:
        address = f"127.0.0.1:{self._server.port}"
        places = {"METADATA": address, "WAREHOUSE": address, "REDIS": f"127.0.0.1:{self._ports['redis']}"}
        made = ["sh", str(PROJECT / "deploy" / "make_secrets.sh"), str(self.home)]
        subprocess.run(made, env={**os.environ, **places}, check=True)
        for file in self.secrets.iterdir():  # the databases' and roles' names, which a server of its own needs not vary
            text = file.read_text()
            for role, database, name in zip(
                self._roles, self._databases, ("airflow", "celery", "warehouse"), strict=True
            ):
                text = re.sub(
                    rf"//(airflow|celery|storekeeper):(\w+)@(\S+)/{name}\b", rf"//{role}:\2@\3/{database}", text
                )
            file.write_text(text)

    def _make_databases(self) -> None:
        """What the images of Postgres and the scripts below deploy do in servers of their own."""
        passwords = ("metadata_password", "celery_password", "warehouse_password")
        with psycopg.connect(self._server.uri(), autocommit=True) as connection:
            for role, database, password in zip(self._roles, self._databases, passwords, strict=True):
                connection.execute(f"create role \"{role}\" login createrole password '{self.secret(password)}'")
                connection.execute(f'create database "{database}"')
                connection.execute(f'alter database "{database}" owner to "{role}"')
                connection.execute(f'revoke connect on database "{database}" from public')

    def secret(self, name: str) -> str:
        """One of the secrets."""
        return (self.secrets / name).read_text().strip()

    def warehouse_uri(self) -> str:
        """The warehouse as its owner sees it."""
        return self._server.uri(self._databases[2])

    def metadata_uri(self) -> str:
        """Airflow's own database."""
        return self._server.uri(self._databases[0])

    def dump(self, uri: str, *options: str) -> str:
        """All that is in a database, as text."""
        program = str(wheel_programs() / "pg_dump")
        return subprocess.run([program, uri, *options], check=True, capture_output=True).stdout.decode(errors="replace")

    def environment(self, service: str, number: int | None = None) -> dict[str, str]:
        """A service's variables as the compose file sets them, with this machine's places."""
        own = {name: self._here(str(value)) for name, value in COMPOSE["services"][service]["environment"].items()}
        name = service if number is None else f"{service}-{number}"
        home = self.home / "services" / name
        home.mkdir(parents=True, exist_ok=True)
        return {
            **own,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self._ports["api-server"]),
            "AIRFLOW__API__BASE_URL": self.root,
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port(18990)),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port(19090)),
            "STOREKEEPER_CHANNELS_DIR": str(self.channels),
            **self._changes,
        }

    def _here(self, text: str) -> str:
        text = (
            text.replace("$$", "$")
            .replace("/run/secrets", str(self.secrets))
            .replace("/opt/airflow/logs", str(self.logs))
        )
        text = text.replace("http://api-server:8080", self.root).replace(
            "localhost:8080", self.root.removeprefix("http://")
        )
        text = text.replace("8974", str(self._ports["scheduler"])).replace("6379", str(self._ports["redis"]))
        text = text.replace("/tmp/redis.conf", f"{self.home}/redis.conf").replace("--dir /data", f"--dir {self.home}")
        return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)

    def launch(self, service: str, number: int | None = None) -> subprocess.Popen[bytes]:
        """Start a service by its command, in a process group of its own, as a container would be."""
        name = service if number is None else f"{service}-{number}"
        command = [self._here(part) for part in COMPOSE["services"][service]["command"]]
        if service == "worker":
            command += ["--celery-hostname", f"{name}@%h"]
        environment = self.environment(service, number) if "environment" in COMPOSE["services"][service] else {}
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**without_airflow(), **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.processes[name]

    def kill(self, name: str) -> None:
        """``kill -9`` for all processes of a service, as when its machine is gone."""
        for process in self.family(name):
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.processes[name].wait(20)

    def family(self, name: str) -> list[psutil.Process]:
        """A service's processes."""
        try:
            first = psutil.Process(self.processes[name].pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def said(self, name: str) -> str:
        """What a service has said."""
        return (self.home / f"{name}.log").read_text(errors="replace")

    def is_healthy(self, service: str, number: int | None = None) -> bool:
        """What the compose file's health check of a service says."""
        kind, *asked = COMPOSE["services"][service]["healthcheck"]["test"]
        asked = [self._here(part) for part in asked]
        environment = {**without_airflow(), **(self.environment(service, number) if service != "redis" else {})}
        if number is not None:
            name = f"{service}-{number}@{os.uname().nodename}"
            asked = [part.replace("celery@$HOSTNAME", name) for part in asked]
            assert name in asked[0]
        environment["HOSTNAME"] = os.uname().nodename
        command = (
            asked
            if kind == "CMD"
            else ["sh", "-c", asked[0].replace("redis-cli", f"redis-cli -p {self._ports['redis']}")]
        )
        return subprocess.run(command, env=environment, capture_output=True, check=False, cwd=PROJECT).returncode == 0

    def person(self, name: str = "admin", password: str | None = None) -> Operator:
        """Somebody who has logged in."""
        person = Operator(self.root)
        person.log_in(name, password or self.secret("admin_password"))
        return person


class Operator(Person):
    """Somebody who triggers runs and waits for them."""

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call Airflow's API; what it answers."""
        answer = self.api(method, path, json=body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def trigger(self, dag_id: str, **conf: object) -> Triggered:
        """Begin a run."""
        self.call("PATCH", f"dags/{dag_id}", {"is_paused": False})
        run = self.call("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
        return dag_id, str(run["dag_run_id"])

    def states(self, runs: Sequence[Triggered]) -> dict[str, str]:
        """What became of runs, by the DAG's id."""
        return {dag_id: str(self.call("GET", f"dags/{dag_id}/dagRuns/{run}")["state"]) for dag_id, run in runs}

    def tasks(self, run: Triggered) -> list[dict[str, Any]]:
        """The tasks of a run, as Airflow sees them."""
        dag_id, run_id = run
        return list(self.call("GET", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"])

    def wait(self, runs: Sequence[Triggered], seconds: float = WAIT_SECONDS) -> dict[str, str]:
        """Wait until all of them have ended."""
        until = time.monotonic() + seconds
        while True:
            states = self.states(runs)
            if all(state in ("success", "failed") for state in states.values()):
                return states
            assert time.monotonic() < until, states
            time.sleep(1)
