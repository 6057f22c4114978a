"""docker-compose.yaml: what each service is given, and what it is not."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.places import PROJECT

FILE = PROJECT / "docker-compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OF_AIRFLOW = [name for name, service in SERVICES.items() if "AIRFLOW__CORE__EXECUTOR" in service.get("environment", {})]
OF_METADATA = {"init", "api-server", "scheduler", "dag-processor", "triggerer"}
WORKERS = {"worker", "sandbox-worker"}


def test_it_is_a_compose_file() -> None:
    checker = Path(sys.executable).parent / "check-jsonschema"
    command = [checker, "--builtin-schema", "vendor.compose-spec", FILE]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_every_service_of_airflow_is_there() -> None:
    assert {*OF_AIRFLOW} == OF_METADATA | WORKERS


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_without_rights_on_a_file_system_that_cannot_be_written(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & {*service}
    assert not [mount for mount in service.get("volumes", []) if "docker.sock" in mount]


@pytest.mark.parametrize("name", sorted({*SERVICES} - {"init"}))
def test_what_goes_on_running_says_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_no_secret_stands_in_the_file() -> None:
    public = {"AIRFLOW__SECRETS__BACKEND", "AIRFLOW_CONN_BIGCOMMERCE_DEMO"}  # a class's name; the sandbox's own token
    named = re.compile("PASSWORD|SECRET|KEY|SQL_ALCHEMY|BROKER_URL|RESULT_BACKEND|CONN")
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if named.search(variable) and variable not in public:
                assert "/run/secrets/" in str(value), variable


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_given_the_secrets_that_it_reads_and_no_others(name: str) -> None:
    service = SERVICES[name]
    text = str([service.get(part) for part in ("command", "environment", "healthcheck")])
    for mount in service.get("volumes", []):
        if mount.startswith("./deploy/"):
            text += (PROJECT / mount.split(":")[0]).read_text()
    assert {*service.get("secrets", [])} == {*re.findall(r"/run/secrets/([\w.]+)", text)}


def test_the_queue_is_for_who_gives_tasks_out_and_who_does_them() -> None:
    given = {name for name, service in SERVICES.items() if "celery_broker" in service.get("secrets", [])}
    assert given == WORKERS | {"scheduler"}


@pytest.mark.parametrize("name", sorted(WORKERS))
def test_a_worker_knows_neither_airflows_database_nor_the_key_of_its_connections(name: str) -> None:
    worker = SERVICES[name]
    given = set(worker["secrets"])
    assert not given & {"airflow_database", "airflow_database_async", "fernet_key", "jwt_secret", "metadata_password"}
    assert not [variable for variable in worker["environment"] if re.search("SQL_ALCHEMY|FERNET|JWT", variable)]


def test_only_the_ui_can_be_reached_from_outside_and_by_default_from_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api-server": ["${STOREKEEPER_BIND:-127.0.0.1:8080}:8080"]}
    reach_out = {name for name, service in SERVICES.items() if "outside" in service.get("networks", [])}
    assert reach_out == {"api-server", "dag-processor", "init", "scheduler", "triggerer", "worker"}
    assert {name: bool((net or {}).get("internal")) for name, net in COMPOSE["networks"].items()} == {
        "metadata": True,
        "warehouse": True,
        "broker": True,
        "execution": True,
        "outside": False,
    }


def test_databases_are_apart_and_reached_by_those_that_need_them() -> None:
    on = {
        net: {name for name, service in SERVICES.items() if net in service.get("networks", [])}
        for net in COMPOSE["networks"]
    }
    assert on["warehouse"] == {"warehouse", "api-server", "worker", "sandbox"}
    assert on["broker"] == {"redis", "scheduler", "worker", "sandbox"}


def test_one_number_says_how_many_workers_there_are() -> None:
    assert SERVICES["worker"]["deploy"]["replicas"] == "${STOREKEEPER_WORKERS:-2}"
    assert SERVICES["sandbox"]["profiles"] == SERVICES["sandbox-worker"]["profiles"] == ["sandbox"]


def test_every_image_has_a_version_and_every_file_that_is_named_is_there() -> None:
    for service in SERVICES.values():
        image = service["image"]
        assert image == "${STOREKEEPER_IMAGE:-storekeeper}" or re.fullmatch(r"[a-z]+:\d[\w.-]+", image)
        for mount in service.get("volumes", []):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", mount).split(":")[0]
            assert not source.startswith("./") or (PROJECT / source).exists(), mount
            # a script without that right is read into the image's own, whose settings it would change
            assert not source.endswith(".sh") or os.access(PROJECT / source, os.X_OK), mount
    for line in (PROJECT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            assert [name for name in line.split()[1:-1] if not (PROJECT / name).exists()] == []


def test_the_image_holds_what_a_service_needs_and_nothing_of_a_checkouts_own() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert kept == {name for line in copied for name in line.split()}
    assert "USER 50000:0" in (PROJECT / "Dockerfile").read_text()


def make_secrets(folder: Path, **places: str) -> dict[str, str]:
    command = ["sh", str(PROJECT / "deploy" / "make_secrets.sh"), str(folder)]
    subprocess.run(command, env={**os.environ, **places}, check=True)
    return {file.name: file.read_text() for file in (folder / "secrets").iterdir()}


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    first = make_secrets(tmp_path)
    assert {*first} == {*COMPOSE["secrets"]}
    assert all(secret["file"] == f"./secrets/{name}" for name, secret in COMPOSE["secrets"].items())
    assert make_secrets(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    own = [first[name] for name in first if name.endswith(("_password", "_key", "_secret"))]
    assert len({*own}) == len(own)
    assert all(len(secret) >= 44 for secret in own)
    other = tmp_path / "other"
    other.mkdir()
    assert make_secrets(other)["fernet_key"] != first["fernet_key"]


def test_a_part_that_is_elsewhere_is_named_when_secrets_are_made(tmp_path: Path) -> None:
    made = make_secrets(
        tmp_path, METADATA="db.example.com:6432", WAREHOUSE="wh.example.com:5433", REDIS="r.example.com:6380"
    )
    assert "@db.example.com:6432/airflow" in made["airflow_database"]
    assert "@db.example.com:6432/celery" in made["celery_results"]
    assert "@wh.example.com:5433/warehouse" in made["connections.yaml"]
    assert made["celery_broker"].endswith("@r.example.com:6380/0")
