"""What the tests that need Airflow share: settings of Airflow's own for this session, channel files, processes.

Nothing here touches the Airflow that the checkout runs: every ``AIRFLOW...`` variable of the caller's is left out.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.places import PROJECT
from tests.airflow.forks import Forks

SECRETS = {
    "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
    "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
}


def airflow_environment(home: Path, *dag_files: str) -> dict[str, str]:
    """The variables of an Airflow that keeps everything in ``home``; its metadata database is a SQLite file there.

    :param dag_files: those that are needed, all of them if none is named: before each run, ``dag.test()`` parses every
        file anew and writes its DAGs into the database.
    """
    home.mkdir(parents=True, exist_ok=True)
    folder = PROJECT / "dags"
    if dag_files:
        folder = home / "dags"
        folder.mkdir()
        for name in dag_files:
            shutil.copy(PROJECT / "dags" / f"{name}.py", folder)
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
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


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """What starts processes of Airflow's at once."""
    folder = tmp_path_factory.mktemp("forks")
    with Forks(folder, without_airflow() | airflow_environment(folder / "home")) as running:
        yield running


@pytest.fixture
def channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty channels directory."""
    directory = tmp_path / "channels"
    directory.mkdir()
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", str(directory))
    return directory
