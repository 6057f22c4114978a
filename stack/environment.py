"""Writes ``.local/env``: the environment that every command here works in, and any shell that sources it.

A variable already set wins over the file, so that the same commands run against a real store or another Postgres.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
from collections.abc import Callable
from pathlib import Path

from stack.places import AIRFLOW_HOME, ENV_FILE, LOCAL, PROJECT, database_home, kept_port
from stack.postgres import EmbeddedPostgres

ADMIN = "admin"
PASSWORDS = AIRFLOW_HOME / "passwords.json"


def variables(server: EmbeddedPostgres) -> dict[str, str]:
    """The environment's variables, with what they hold where nobody has set them."""
    metadata = server.uri("airflow").removeprefix("postgresql://")
    return {
        "AIRFLOW_HOME": str(AIRFLOW_HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # on a busy machine the imports alone may take the 30 s that Airflow allows, and then it deactivates the DAG
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "120",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "150",
        "AIRFLOW__CORE__FERNET_KEY": _kept("fernet_key", lambda: base64.urlsafe_b64encode(os.urandom(32)).decode()),
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(PASSWORDS),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{metadata}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{metadata}",
        "AIRFLOW__API_AUTH__JWT_SECRET": _kept("jwt_secret", lambda: secrets.token_hex(32)),
        "AIRFLOW__API__SECRET_KEY": _kept("api_secret_key", lambda: secrets.token_hex(32)),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "15",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(LOCAL / "logs" / "airflow"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": server.uri("warehouse"),
        "AIRFLOW_CONN_BIGCOMMERCE_DEMO": json.dumps(
            {
                "conn_type": "bigcommerce",
                "host": f"http://127.0.0.1:{kept_port('sandbox', 15500)}",
                "login": "sandbox-client",
                "password": "sandbox-token",
                "extra": {"store_hash": "sandbox", "client_secret": "sandbox-secret"},
            }
        ),
    }


def write() -> Path:
    """Write the file, readable to its owner alone since it holds secrets."""
    server = EmbeddedPostgres(database_home())
    server.prepare()
    AIRFLOW_HOME.mkdir(parents=True, exist_ok=True)
    if not PASSWORDS.exists():
        _write_secret(PASSWORDS, json.dumps({ADMIN: secrets.token_urlsafe(9)}))
    lines = ["# Written by `make setup`. Source it: . .local/env    A variable that is set already keeps its value."]
    for name, value in variables(server).items():
        lines.append(f'[ -n "${{{name}+set}}" ] || {name}={shlex.quote(value)}; export {name}')
    path = shlex.quote(str(LOCAL / "venv" / "bin"))
    lines.append(f'case ":$PATH:" in *:{path}:*) ;; *) PATH={path}:"$PATH"; export PATH ;; esac')
    _write_secret(ENV_FILE, "\n".join(lines) + "\n")
    return ENV_FILE


def _kept(name: str, make: Callable[[], str]) -> str:
    """A secret of this checkout, made once."""
    file = LOCAL / "secrets" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_secret(file, make())
    return file.read_text()


def _write_secret(file: Path, content: str) -> None:
    """Never readable to others, not even for a moment, and never half-written."""
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(content)
    aside.replace(file)


if __name__ == "__main__":
    write()
