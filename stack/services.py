"""Start and stop what runs on this machine: ``python -m stack.services warehouse|sandbox|up|down|status|psql``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version

import psycopg
import requests

from stack import environment
from stack.places import LOCAL, database_home, free_port, is_listening, kept_port, move_port, throwaway_homes
from stack.postgres import EmbeddedPostgres, wheel_programs
from stack.processes import Background

PROGRAMS = LOCAL / "venv" / "bin"
SANDBOX = Background("sandbox")
AIRFLOW = Background("airflow")
AIRFLOW_PORT = LOCAL / "run" / "airflow.port"


def start_warehouse() -> None:
    """The embedded Postgres with both its databases, and Airflow's tables in one of them."""
    server = EmbeddedPostgres(database_home())
    port = server.port if (database_home() / "port").exists() else None
    server.start()
    for name in ("warehouse", "airflow"):
        server.create_database(name)
    if server.port != port:
        environment.write()
        if port is not None:
            print(f"Port {port} was taken: Postgres moved to {server.port}. Source .local/env again in a new shell.")
    _migrate_airflow(server)


def _migrate_airflow(server: EmbeddedPostgres) -> None:
    """Airflow's own tables; `airflow db migrate` takes 10 s to find that there is nothing to do, this takes none."""
    env = _environment(server)
    if (
        env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
        != environment.variables(server)["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    ):
        return  # somebody else's metadata database is theirs to migrate
    marker = f"airflow tables of version {version('apache-airflow-core')}"
    with psycopg.connect(server.uri("airflow"), autocommit=True) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = 'airflow'"
        ).fetchone()
        if row and row[0] == marker:
            return
    print("Making Airflow's tables ...", flush=True)
    done = subprocess.run(
        [str(PROGRAMS / "airflow"), "db", "migrate"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"airflow db migrate failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    with psycopg.connect(server.uri("airflow"), autocommit=True) as connection:
        connection.execute(f"comment on database airflow is '{marker}'")


def start_sandbox() -> str:
    """The sandbox store that the connection ``bigcommerce_demo`` points to; returns its address."""
    port = kept_port("sandbox", 15500)
    if SANDBOX.process is not None and is_listening(port):
        return f"http://127.0.0.1:{port}"
    SANDBOX.stop()
    if is_listening(port):
        port = move_port("sandbox", port + 1)
        environment.write()
    ready = LOCAL / "run" / "sandbox.port"
    ready.unlink(missing_ok=True)
    SANDBOX.start(
        [str(PROGRAMS / "python"), "-m", "sandbox", "serve", "--port", str(port), "--port-file", str(ready),
         "--products", "500", "--orders", "400", "--orders-days", "60", "--state", str(LOCAL / "sandbox.json")]
    )  # fmt: skip
    SANDBOX.wait_for(ready, 60)
    return f"http://127.0.0.1:{port}"


def start_airflow() -> None:
    """Airflow with its UI, left running; says where it is and how to log in."""
    if AIRFLOW.process is not None and not EmbeddedPostgres(database_home()).is_running():
        print("The embedded Postgres was down, and Airflow's parts end with it: starting Airflow anew.")
        AIRFLOW.stop()
    start_warehouse()
    start_sandbox()
    if AIRFLOW.process is None:
        port = free_port(int(os.environ.get("AIRFLOW__API__PORT", "8080")))
        address = f"http://127.0.0.1:{port}"
        env = _environment(EmbeddedPostgres(database_home())) | {
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__BASE_URL": address,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port(18793)),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port(18894)),
        }
        AIRFLOW.start([str(PROGRAMS / "airflow"), "standalone"], env)
        AIRFLOW_PORT.write_text(str(port))
        print("Starting Airflow ...", flush=True)
    address = f"http://127.0.0.1:{AIRFLOW_PORT.read_text()}"
    _wait_until_healthy(address)
    print(f"\nAirflow is up: {address}\n{login()}\n`make down` stops everything.")


def login() -> str:
    """How to log in to the UI."""
    password = json.loads(environment.PASSWORDS.read_text())[environment.ADMIN]
    return f"User {environment.ADMIN}, password {password}"


def stop_all() -> None:
    """Airflow first, then the store, then the database they use."""
    AIRFLOW.stop()
    SANDBOX.stop()
    EmbeddedPostgres(database_home()).stop()


def _warehouse() -> None:
    start_warehouse()
    print("The warehouse is up; after `. .local/env` any shell knows its connection.")


def _down() -> None:
    stop_all()
    print("Airflow, the sandbox store and the embedded Postgres are stopped; their data stays.")


def _clean() -> None:
    """Remove the embedded Postgres with its data; what lies below .local is left to the caller."""
    stop_all()
    home = database_home()
    for place in throwaway_homes():
        for left in place.parent.glob(f"{place.name}-*"):  # of tests that were killed
            EmbeddedPostgres(left).stop(at_once=True)
            shutil.rmtree(left, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _wait_until_healthy(address: str, seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if AIRFLOW.process is None:
            raise RuntimeError(f"Airflow ended; the end of {AIRFLOW.log}:\n{AIRFLOW.tail()}")
        try:
            health = requests.get(f"{address}/api/v2/monitor/health", timeout=5).json()
            if all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")):
                return
        except (requests.RequestException, ValueError, KeyError):
            pass
        time.sleep(1)
    raise RuntimeError(f"Airflow was not healthy within {seconds:.0f} s; the end of {AIRFLOW.log}:\n{AIRFLOW.tail()}")


def _environment(server: EmbeddedPostgres) -> dict[str, str]:
    """What a service is started in: what is set already wins over the checkout's own."""
    programs = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", "")])
    return {**environment.variables(server), **os.environ, "PATH": programs}


def _status() -> None:
    server = EmbeddedPostgres(database_home())
    print(f"Postgres   {f'127.0.0.1:{server.port}' if server.data.exists() and server.is_running() else 'not running'}")
    sandbox = f"127.0.0.1:{kept_port('sandbox', 15500)}"
    print(f"sandbox    {sandbox if SANDBOX.process else 'not running'}")
    print(f"Airflow    {f'127.0.0.1:{AIRFLOW_PORT.read_text()}' if AIRFLOW.process else 'not running'}")


def psql_command(*arguments: str) -> list[str]:
    """The wheel's own psql on the warehouse, since a fresh machine has none."""
    return [str(wheel_programs() / "psql"), os.environ["AIRFLOW_CONN_STOREKEEPER_WAREHOUSE"], *arguments]


def _psql() -> None:
    server = EmbeddedPostgres(database_home())
    is_ours = os.environ["AIRFLOW_CONN_STOREKEEPER_WAREHOUSE"] == server.uri("warehouse")
    if is_ours and not server.is_running():
        start_warehouse()
        os.environ["AIRFLOW_CONN_STOREKEEPER_WAREHOUSE"] = server.uri("warehouse")  # its port may have moved
    os.execv(psql_command()[0], psql_command())  # noqa: S606 - psql takes this terminal over


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; an error is one clear message, not a traceback."""
    doing = {
        "warehouse": _warehouse,
        "sandbox": lambda: print(f"The sandbox store is up: {start_sandbox()}/stores/sandbox"),
        "up": start_airflow,
        "down": _down,
        "status": _status,
        "psql": _psql,
        "clean": _clean,
    }
    if len(arguments) != 1 or arguments[0] not in doing:
        print(__doc__)
        return 2
    try:
        doing[arguments[0]]()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
