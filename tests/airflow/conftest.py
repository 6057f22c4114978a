"""What the tests that need Airflow share: settings of Airflow's own for this session, channel files, child processes.

Nothing here touches the Airflow that the checkout runs: every ``AIRFLOW...`` variable of the caller's is left out.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.places import PROJECT

SECRETS = {
    "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
    "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
}


def airflow_environment(home: Path) -> dict[str, str]:
    """The variables of an Airflow that keeps everything in ``home``; its metadata database is a SQLite file there."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"sqlite+aiosqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        **SECRETS,
    }


def without_airflow() -> dict[str, str]:
    """The caller's environment without what it says of Airflow and of channels."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "STOREKEEPER"))}


def connection(host: str, *, password: str = "sandbox-token", store_hash: str = "sandbox", **extra: str) -> str:
    """A store's connection in Airflow's JSON form."""
    return json.dumps(
        {
            "conn_type": "bigcommerce",
            "host": host,
            "login": "client-id",
            "password": password,
            "extra": {"store_hash": store_hash, **extra},
        }
    )


def write_channel(directory: Path, name: str, **settings: Any) -> Path:
    """A channel's file; ``settings`` as it would hold them beside the name."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"{name}.yaml"
    file.write_text(yaml.safe_dump({"channel": name, **settings}))
    return file


def start_child(command: list[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A child process in the project's directory with nothing of the caller's Airflow; all it says goes to ``log``."""
    with log.open("wb") as said:
        return subprocess.Popen(
            command, cwd=PROJECT, env=without_airflow() | environment, stdout=said, stderr=subprocess.STDOUT
        )


def run_child(task: str, plan: object, environment: Mapping[str, str], folder: Path) -> Any:
    """What one task of :mod:`tests.airflow.child` finds; its log stays as ``{task}.log`` in ``folder``.

    :raises AssertionError: the child broke.
    """
    asked, found, log = (folder / f"{task}.{ending}" for ending in ("plan.json", "found.json", "log"))
    asked.write_text(json.dumps(plan))
    child = start_child([sys.executable, "-m", "tests.airflow.child", task, str(asked), str(found)], environment, log)
    try:
        status = child.wait(300)
    finally:
        child.kill()
        child.wait()
    assert status == 0, log.read_text(errors="replace")[-4000:]
    return json.loads(found.read_text())


@pytest.fixture(scope="package", autouse=True)
def airflow_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """This process's own Airflow, read when the first test imports it; it has no metadata database."""
    home = tmp_path_factory.mktemp("airflow")
    nowhere = f"sqlite:///{home}/no-such-folder/airflow.db"
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(without_airflow()):
            patch.delenv(name)
        for name, value in airflow_environment(home).items():
            patch.setenv(name, value)
        patch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", nowhere)
        yield


@pytest.fixture
def channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty channels directory."""
    directory = tmp_path / "channels"
    directory.mkdir()
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", str(directory))
    return directory
