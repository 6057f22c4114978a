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
from tests.databases import ThrowawayServer

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())
IMAGE = {
    name: value.replace("/opt/storekeeper", str(PROJECT))
    for name, value in re.findall(r"(AIRFLOW__\w+)=(\S+)", (PROJECT / "Dockerfile").read_text())
}
"""What the image says of Airflow by itself."""

PRELOADED = "__all__ = []\n" + "".join(
    f"import storekeeper.operators.{file.stem}\n"
    for file in sorted((PROJECT / "plugins" / "storekeeper" / "operators").glob("[a-z]*.py"))
)
"""``airflow_local_settings.py`` of the services that fork for each task or DAG file: each fork would import this anew,
and take most of its time for it.
"""

REDIS = shutil.which("redis-server")
AIRFLOW_SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")
WAIT_SECONDS = 240.0

Triggered = tuple[str, str]
"""A run: its DAG's id and its own."""


class Cluster:
    """Airflow with Celery, as the compose file describes it.

    :param home: for secrets, logs and files; both Postgres servers have folders of their own, until :meth:`stop`.
    :param workers: the number that the compose file's ``STOREKEEPER_WORKERS`` is.
    :param changes: environment variables beside those of the compose file.
    """

    def __init__(self, home: Path, *, workers: int, changes: Mapping[str, str]) -> None:
        self.home = home
        self.secrets = home / "secrets"
        self.logs = home / "logs"
        self.channels = home / "channels"
        self.workers = workers
        self.metadata, self.warehouse = ThrowawayServer("metadata"), ThrowawayServer("warehouse")
        self._changes = dict(changes)
        self._ports = {name: free_port(start) for name, start in (("redis", 16379), ("api-server", 18900))}
        self._ports["scheduler"] = free_port(18974)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.root = f"http://127.0.0.1:{self._ports['api-server']}"

    def start(self) -> Cluster:
        """Start all of it, in the order that the compose file asks for."""
        self.logs.mkdir(parents=True)
        for server in (self.metadata, self.warehouse):
            server.__enter__()
        self._make_secrets()
        self._set_up(self.metadata, "airflow", "metadata_password", "metadata.sh")
        self._set_up(self.warehouse, "postgres", "warehouse_admin_password", "warehouse.sh")
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
        for server in (self.metadata, self.warehouse):
            server.__exit__()

    def _make_secrets(self) -> None:
        places = {
            "METADATA": f"127.0.0.1:{self.metadata.port}",
            "WAREHOUSE": f"127.0.0.1:{self.warehouse.port}",
            "REDIS": f"127.0.0.1:{self._ports['redis']}",
        }
        command = ["sh", str(PROJECT / "deploy" / "make_secrets.sh"), str(self.home)]
        subprocess.run(command, env={**os.environ, **places}, check=True)

    def _set_up(self, server: EmbeddedPostgres, user: str, password: str, script: str) -> None:
        """What the image of Postgres does when it is started first: the user, its database, then the script."""
        service = COMPOSE["services"][script.removesuffix(".sh")]["environment"]
        assert service["POSTGRES_USER"] == user
        with psycopg.connect(server.uri(), autocommit=True) as connection:
            if user != "postgres":
                connection.execute(f"create role {user} superuser login")
            connection.execute(f"alter role {user} password '{self.secret(password)}'")
        if user == "postgres":
            (server.home / "password").write_text(self.secret(password))
        server.create_database(service["POSTGRES_DB"])
        subprocess.run(
            ["sh", "-c", self._here((PROJECT / "deploy" / script).read_text())],
            env={
                "PATH": f"{wheel_programs()}:{os.environ['PATH']}",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(server.port),
                "PGPASSWORD": self.secret(password),
                "POSTGRES_USER": user,
                "POSTGRES_DB": service["POSTGRES_DB"],
            },
            check=True,
            capture_output=True,
        )

    def secret(self, name: str) -> str:
        """One of the secrets."""
        return (self.secrets / name).read_text().strip()

    def warehouse_uri(self) -> str:
        """The warehouse as its owner sees it."""
        return self.warehouse.uri("warehouse")

    def metadata_uri(self, database: str = "airflow") -> str:
        """Airflow's own database, or that of the workers' results."""
        return self.metadata.uri(database)

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
        if service in ("worker", "dag-processor"):
            (home / "config").mkdir(exist_ok=True)
            (home / "config" / "airflow_local_settings.py").write_text(PRELOADED)
        return {
            **IMAGE,
            **own,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self._ports["api-server"]),
            "AIRFLOW__API__BASE_URL": self.root,
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port(18990 + 20 * (number or 0))),
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

    def revive(self) -> None:
        """Start what has ended again, as compose does with ``restart: unless-stopped``."""
        for name in (*AIRFLOW_SERVICES, "redis"):
            if self.processes[name].poll() is not None:
                self.launch(name)

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
