"""Whole runs of Import Listings through Airflow: what is loaded, said, tried again, and never shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from stack.places import free_port
from tests.airflow.conftest import airflow_environment, connection, write_channel
from tests.airflow.forks import Forks
from tests.databases import Database, WarehouseTemplate

TOKEN = "canary-t0ken-7f3a"
SCOPES = ["store_v2_products", "store_inventory", "store_v2_information_read_only"]
# `dag.test()` keeps one run's conf for the next run of the same DAG in a process: each conf has a channel of its own.
RUNS: list[dict[str, Any]] = [
    {"name": "dry", "dag_id": "import_listings__dry", "conf": {"dry_run": True}},
    {"name": "first", "dag_id": "import_listings__good"},
    {"name": "narrowed", "dag_id": "import_listings__narrowed", "conf": {"skus": ["no-such-sku", " "]}},
    {"name": "nonsense", "dag_id": "import_listings__nonsense", "conf": {"overwrite": {"price": "perhaps"}}},
    {"name": "wrong token", "dag_id": "import_listings__wrong_token"},
    {"name": "unknown store", "dag_id": "import_listings__unknown_store"},
    {"name": "no scope", "dag_id": "import_listings__no_scope"},
    {"name": "down", "dag_id": "import_listings__down"},
    {"name": "no connection", "dag_id": "import_listings__no_connection"},
    {"name": "red", "dag_id": "import_listings__red"},
    {
        "name": "no warehouse",
        "dag_id": "import_listings__nowhere",
        "environment": {"AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": "postgresql://nobody@127.0.0.1:1/nothing"},
    },
]


class Ran:
    """What the runs left behind."""

    def __init__(self, found: dict[str, Any], database: Database, log: str, home: Path) -> None:
        self.found = found
        self.database = database
        self.log = log
        self.home = home

    def said(self, name: str) -> str:
        return self.log.split(f"==== {name} ====")[1].split("\n==== ")[0]

    def ledger(self, name: str) -> dict[str, Any]:
        return self.database.row("select * from mart.runs where run_id = %s and channel = %s", *self._key(name))

    def _key(self, name: str) -> tuple[str, str]:
        channel = next(run["dag_id"] for run in RUNS if run["name"] == name).split("__", 1)[1]
        return self.found[name]["run_id"], channel


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=300, quota=0, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR")) as running:
        running.add_token(TOKEN, SCOPES)
        running.add_token("canary-no-scope", ["store_v2_information_read_only"])
        yield running
        assert running.violations() == []


@pytest.fixture(scope="module")
def world(
    store: SandboxProcess, warehouse_template: WarehouseTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, str], Database]]:
    folder = tmp_path_factory.mktemp("whole runs")
    channels = folder / "channels"
    well = ("good", "dry", "narrowed", "nonsense", "nowhere")
    for channel in (*well, "wrong_token", "unknown_store", "no_scope", "down", "no_connection"):
        write_channel(channels, channel)
    write_channel(channels, "red", import_listings={"problems_fail_run": True})
    environment = airflow_environment(folder / "home", "import_listings") | {
        "STOREKEEPER_CHANNELS_DIR": str(channels),
        **{f"AIRFLOW_CONN_BIGCOMMERCE_{name.upper()}": connection(store.root, password=TOKEN) for name in well},
        "AIRFLOW_CONN_BIGCOMMERCE_RED": connection(store.root, password=TOKEN),
        "AIRFLOW_CONN_BIGCOMMERCE_WRONG_TOKEN": connection(store.root, password="canary-wrong"),
        "AIRFLOW_CONN_BIGCOMMERCE_UNKNOWN_STORE": connection(store.root, password=TOKEN, store_hash="elsewhere"),
        "AIRFLOW_CONN_BIGCOMMERCE_NO_SCOPE": connection(store.root, password="canary-no-scope"),
        "AIRFLOW_CONN_BIGCOMMERCE_DOWN": connection(f"http://127.0.0.1:{free_port()}", password=TOKEN),
    }
    with warehouse_template.copied("whole_runs") as database:
        yield folder, environment | {"AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": database.uri}, database


@pytest.fixture(scope="module")
def ran(forks: Forks, world: tuple[Path, dict[str, str], Database]) -> Ran:
    folder, environment, database = world
    found = forks.run(RUNS, environment, folder, retry_soon=True)
    return Ran(found, database, (folder / "run.log").read_text(errors="replace"), folder / "home")


def test_a_whole_catalog_comes_in_and_the_ledger_says_so(ran: Ran) -> None:
    assert ran.found["first"]["state"] == "success"
    first = ran.ledger("first")
    assert first["state"] == "success"
    assert first["read"] == first["created"] + first["skipped"] > 300
    assert first["requests"] == 5
    assert first["work_seconds"] > 0
    assert first["finished_at"] >= first["started_at"]
    listed = ran.database.value("select count(*) from mart.listing_variants where channel = 'good'")
    assert listed == first["created"]


def test_the_log_ends_with_a_summary(ran: Ran) -> None:
    said = ran.said("first")
    assert "import_listings of channel 'good': success" in said
    assert "missing_master_sku" in said
    assert "extracted: 300 of 300 products" in said


def test_a_dry_run_leaves_its_own_row_and_nothing_else(ran: Ran) -> None:
    assert ran.ledger("dry")["dry_run"]
    assert ran.ledger("dry")["created"] == ran.ledger("first")["created"]
    assert ran.database.value("select count(*) from core.listing where channel = 'dry'") == 0


def test_a_run_may_be_narrowed(ran: Ran) -> None:
    assert ran.found["narrowed"]["state"] == "success"
    assert ran.ledger("narrowed")["read"] == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wrong token", "the access token is wrong or was revoked"),
        ("unknown store", "there is no store with the hash 'elsewhere'"),
        ("no scope", "lacks the scope"),
    ],
)
def test_what_a_person_must_mend_is_said_once_and_not_tried_again(ran: Ran, name: str, said: str) -> None:
    run = ran.found[name]
    assert run["state"] == "failed"
    assert run["tasks"]["extract"] == ["failed", 1]
    assert said in ran.ledger(name)["message"]
    assert said in ran.said(name)
    assert ran.database.value("select count(*) from core.listing where channel = %s", ran._key(name)[1]) == 0


def test_a_run_parameter_that_is_no_choice_is_refused_by_name(ran: Ran) -> None:
    assert ran.found["nonsense"]["state"] == "failed"
    assert ran.found["nonsense"]["tasks"]["extract"] == ["failed", 1]
    why = "run parameter overwrite.price: Input should be 'update' or 'skip' (got 'perhaps')"
    assert why in ran.said("nonsense")
    assert why in ran.ledger("nonsense")["message"]


def test_a_missing_connection_is_named_and_asked_for_again(ran: Ran) -> None:
    """Airflow says the same while its own database is down."""
    assert ran.found["no connection"]["tasks"]["extract"] == ["failed", 3]
    assert "there is no Airflow connection 'bigcommerce_no_connection'" in ran.ledger("no connection")["message"]


@pytest.mark.parametrize("name", ["down", "no warehouse"])
def test_what_may_pass_is_tried_three_times(ran: Ran, name: str) -> None:
    assert ran.found[name]["state"] == "failed"
    assert ran.found[name]["tasks"]["extract"] == ["failed", 3]


def test_a_store_that_is_down_and_a_warehouse_that_is_down_are_named(ran: Ran) -> None:
    assert "no connection (is the store's API up and reachable?)" in ran.ledger("down")["message"]
    assert "WarehouseUnavailable: the warehouse (connection storekeeper_warehouse) cannot be reached" in ran.said(
        "no warehouse"
    )


def test_a_channel_may_want_runs_with_problems_to_end_red(ran: Ran) -> None:
    assert ran.found["red"]["state"] == "failed"
    assert ran.found["red"]["tasks"]["load"] == ["failed", 1]
    assert ran.ledger("red")["state"] == "failed"
    assert ran.database.value("select count(*) from core.listing where channel = 'red'") > 290


def test_a_token_never_shows(ran: Ran) -> None:
    canaries = (TOKEN, "canary-wrong", "canary-no-scope")
    assert [canary for canary in canaries if canary in ran.log] == []
    files = [file for file in ran.home.rglob("*") if file.is_file()]
    assert any(file.name == "airflow.db" for file in files)
    shown = [(file.name, canary) for file in files for canary in canaries if canary.encode() in file.read_bytes()]
    assert shown == []
    tables = ran.database.rows(
        "select table_schema || '.' || table_name as name from information_schema.tables"
        " where table_schema in ('ops', 'core', 'raw', 'mart')"
    )
    for table in tables:
        rows = ran.database.value(f"select count(*) from {table['name']} as t where t::text like '%%canary-%%'")
        assert rows == 0, table["name"]


@pytest.mark.parametrize(("channel", "ends_well"), [("good", True), ("wrong_token", False)])
def test_the_exit_code_tells_a_lost_access_from_single_records(
    forks: Forks, ran: Ran, world: tuple[Path, dict[str, str], Database], channel: str, ends_well: bool
) -> None:
    folder, environment, _ = world
    done = forks.airflow(
        "dags", "test", f"import_listings__{channel}", environment=environment, log=folder / f"{channel}.log"
    )
    assert (done.wait() == 0) == ends_well, done.said()[-5000:]
