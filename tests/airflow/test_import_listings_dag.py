"""Whole runs of Import Listings through Airflow: what is loaded, said, tried again, and never shown."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.process import SandboxProcess
from stack.places import PROJECT, free_port
from stack.postgres import EmbeddedPostgres
from tests.airflow.conftest import airflow_environment, connection, run_child, without_airflow, write_channel
from tests.conftest import Database

TOKEN = "canary-t0ken-7f3a"
CLIENT_SECRET = "canary-s3cret-91bc"
OTHER_CANARIES = ("canary-wrong", "canary-no-scope", "canary-warehouse")
SCOPES = ["store_v2_products", "store_inventory", "store_v2_information_read_only"]
WELL = ("good", "dry", "narrowed", "nonsense", "overwrite", "nowhere", "red")
COUNTS = ("read", "created", "linked", "updated", "overwritten", "unchanged", "skipped", "failed")


def planned(sku: str) -> list[dict[str, Any]]:
    """The runs of one child; the first finds an empty warehouse.

    ``dag.test()`` keeps one run's conf for the next run of the same DAG in a process, so that each conf has a channel
    of its own, or is its channel's last run.

    :param sku: a variant's SKU that no other variant has.
    """
    pasted = {"skus": [f"  {sku} ", "", "no-such-sku,"]}
    nowhere = "postgresql://nobody:canary-warehouse@127.0.0.1:1/nothing"
    return [
        {"name": "dry", "dag_id": "import_listings__dry", "conf": {"dry_run": True}},
        {"name": "first", "dag_id": "import_listings__good"},
        {"name": "narrowed", "dag_id": "import_listings__narrowed", "conf": pasted},
        {"name": "narrowed later", "dag_id": "import_listings__good", "conf": pasted},
        {"name": "nonsense", "dag_id": "import_listings__nonsense", "conf": {"mode": "nonsense"}},
        {"name": "overwrite", "dag_id": "import_listings__overwrite", "conf": {"overwrite": {"price": "perhaps"}}},
        {"name": "wrong token", "dag_id": "import_listings__wrong_token"},
        {"name": "unknown store", "dag_id": "import_listings__unknown_store"},
        {"name": "no scope", "dag_id": "import_listings__no_scope"},
        {"name": "no connection", "dag_id": "import_listings__no_connection"},
        {"name": "down", "dag_id": "import_listings__down", "retries": 0},
        {"name": "red", "dag_id": "import_listings__red"},
        {
            "name": "no warehouse",
            "dag_id": "import_listings__nowhere",
            "environment": {"AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": nowhere},
        },
    ]


@dataclass(frozen=True)
class World:
    """A store, a warehouse and an Airflow of these tests' own; ``product`` has only SKUs that no other product has."""

    folder: Path
    environment: dict[str, str]
    store: SandboxProcess
    database: Database
    product: dict[str, Any]

    @property
    def home(self) -> Path:
        return Path(self.environment["AIRFLOW_HOME"])


@dataclass(frozen=True)
class Ran:
    """What the runs left behind."""

    found: dict[str, Any]
    runs: list[dict[str, Any]]
    database: Database
    log: str

    def said(self, name: str) -> str:
        return self.log.split(f"\n==== {name} ====\n")[1].split("\n==== ")[0]

    def channel(self, name: str) -> str:
        (dag_id,) = (str(run["dag_id"]) for run in self.runs if run["name"] == name)
        return dag_id.split("__", 1)[1]

    def ledger(self, name: str) -> dict[str, Any]:
        return self.database.row(
            "select * from mart.runs where run_id = %s and channel = %s",
            self.found[name]["run_id"],
            self.channel(name),
        )


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=300, quota=0, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR")) as running:
        running.add_token(TOKEN, SCOPES)
        running.add_token("canary-no-scope", ["store_v2_information_read_only"])
        yield running
        assert running.violations() == []


@pytest.fixture(scope="module")
def world(
    store: SandboxProcess, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("whole runs")
    name = f"test_airflow_{os.getpid()}"
    postgres.create_database(name)
    channels = folder / "channels"
    for channel in (*WELL, "wrong_token", "unknown_store", "no_scope", "down", "no_connection"):
        write_channel(channels, channel)
    write_channel(channels, "red", import_listings={"problems_fail_run": True})
    closed = f"http://127.0.0.1:{free_port()}"
    connections = {
        **{channel: connection(store.root, password=TOKEN, client_secret=CLIENT_SECRET) for channel in WELL},
        "wrong_token": connection(store.root, password="canary-wrong"),
        "unknown_store": connection(store.root, password=TOKEN, store_hash="elsewhere"),
        "no_scope": connection(store.root, password="canary-no-scope"),
        "down": connection(closed, password=TOKEN, client_secret=CLIENT_SECRET),
    }
    environment = airflow_environment(folder / "home") | {
        "STOREKEEPER_CHANNELS_DIR": str(channels),
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": postgres.uri(name),
        **{f"AIRFLOW_CONN_BIGCOMMERCE_{channel.upper()}": value for channel, value in connections.items()},
    }
    database = Database(postgres, name)
    yield World(folder, environment, store, database, _unmistakable(store.products()))
    database.close()
    with psycopg.connect(postgres.uri(), autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)")


def _unmistakable(products: list[dict[str, Any]]) -> dict[str, Any]:
    used = Counter(str(variant["sku"]).strip().lower() for product in products for variant in product["variants"])
    return next(
        product
        for product in products
        if len(product["variants"]) > 1
        and all(used[str(variant["sku"]).strip().lower()] == 1 and variant["sku"] for variant in product["variants"])
    )


@pytest.fixture(scope="module")
def ran(world: World) -> Ran:
    runs = planned(world.product["variants"][0]["sku"])
    plan = {
        "runs": runs,
        "retry_soon": True,
        "sandbox": world.store.root,
        "warehouse": world.environment["AIRFLOW_CONN_STOREKEEPER_WAREHOUSE"],
    }
    found = run_child("run", plan, world.environment, world.folder)
    return Ran(found, runs, world.database, (world.folder / "run.log").read_text(errors="replace"))


@pytest.fixture(scope="module")
def by_cli(world: World, ran: Ran) -> dict[str, subprocess.CompletedProcess[str]]:
    """``airflow dags test`` as a person types it, for a channel whose catalog is in already and for a lost access."""
    return {
        channel: subprocess.run(
            [str(Path(sys.executable).parent / "airflow"), "dags", "test", f"import_listings__{channel}"],
            cwd=PROJECT,
            env=without_airflow() | world.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        for channel in ("good", "wrong_token")
    }


# --- a run that ends well ---


def test_a_whole_catalog_comes_in_and_the_ledger_says_so(ran: Ran, world: World) -> None:
    assert ran.found["first"]["state"] == "success"
    assert ran.found["first"]["tasks"] == {task: ["success", 1] for task in ("extract", "transform", "load")}
    first = ran.ledger("first")
    assert (first["operation"], first["state"], first["dry_run"], first["message"]) == (
        "import_listings",
        "success",
        False,
        None,
    )
    products = world.store.products()
    assert first["read"] == sum(len(product["variants"]) for product in products)
    assert first["read"] == first["created"] + first["skipped"]
    assert first["created"] > 900
    assert first["skipped"] > 0
    assert (first["updated"], first["unchanged"], first["failed"]) == (0, 0, 0)
    assert first["work_seconds"] > 0
    assert first["finished_at"] >= first["started_at"]
    rows = {
        table: ran.database.value(f"select count(*) from {table} where channel = 'good'")
        for table in ("core.listing", "raw.product", "core.listing_variant", "mart.listing_variants")
    }
    assert rows["core.listing"] > 290
    assert rows["raw.product"] > 290
    assert rows["core.listing_variant"] == rows["mart.listing_variants"] == first["created"]
    problems = ran.database.value("select count(*) from mart.problems where channel = 'good' and open")
    assert problems == first["skipped"]


@pytest.mark.parametrize("name", ["first", "dry", "narrowed", "narrowed later", "wrong token", "no scope", "red"])
def test_the_ledger_counts_the_requests_that_the_store_counted(ran: Ran, name: str) -> None:
    assert ran.ledger(name)["requests"] == ran.found[name]["requests"] > 0


def test_the_requests_of_a_catalog_of_two_pages_are_few(ran: Ran) -> None:
    assert ran.ledger("first")["requests"] == 5, "profile, brands, categories and two pages"


def test_no_run_leaves_staging_behind_that_has_loaded(ran: Ran) -> None:
    assert [table for table in ran.found["first"]["rows"] if table.startswith("staging.")] == []


def test_the_log_ends_with_a_summary(ran: Ran) -> None:
    said = ran.said("first")
    assert "import_listings of channel 'good': success" in said
    assert "extracted: 300 of 300 products" in said
    first = ran.ledger("first")
    summary = said.split("import_listings of channel 'good': success")[1].splitlines()
    for label, column in (("read", "read"), ("created", "created"), ("left out", "skipped")):
        assert f"  {label:<36}{first[column]:>10,}" in summary
    assert f"  {'requests to the store':<36}{first['requests']:>10,}" in summary
    assert any(line.strip().startswith("missing_master_sku ") and "such as" in line for line in summary)


def test_xcom_holds_counts_and_nothing_else(ran: Ran, world: World, by_cli: object) -> None:
    with sqlite3.connect(world.home / "airflow.db") as metadata:
        kept = metadata.execute("select dag_id, run_id, task_id, key, value from xcom").fetchall()
    good = {
        task: json.loads(value)
        for dag_id, run_id, task, _, value in kept
        if (dag_id, run_id) == ("import_listings__good", ran.found["first"]["run_id"])
    }
    assert set(good) == {"extract", "transform", "load"}
    first = ran.ledger("first")
    assert {name: good["load"][name] for name in COUNTS} == {name: first[name] for name in COUNTS}
    assert len(kept) > 12
    for dag_id, _, task, key, value in kept:
        assert key == "return_value", (dag_id, task, key)
        counts = json.loads(value)
        assert isinstance(counts, dict), (dag_id, task)
        assert all(type(count) is int for count in counts.values()), (dag_id, task, counts)


# --- what a person may want of one run ---


def test_a_dry_run_says_what_it_would_do(ran: Ran) -> None:
    assert ran.found["dry"]["state"] == "success"
    dry, first = ran.ledger("dry"), ran.ledger("first")
    assert dry["dry_run"]
    assert {name: dry[name] for name in COUNTS} == {name: first[name] for name in COUNTS}
    assert "nothing but this row was written" in dry["message"]
    assert "import_listings of channel 'dry': success (dry run)" in ran.said("dry")


def test_a_dry_run_leaves_its_own_row_in_the_ledger_and_nothing_else(ran: Ran) -> None:
    """It was the first run of all: whatever the warehouse held after it was its doing."""
    assert ran.found["dry"]["rows"] == {"ops.run": 1}


def test_a_run_may_be_narrowed_to_skus(ran: Ran, world: World) -> None:
    assert ran.found["narrowed"]["state"] == "success"
    narrowed = ran.ledger("narrowed")
    assert narrowed["read"] == narrowed["created"] == len(world.product["variants"])
    rows = ran.database.rows("select product_id, sku from mart.listing_variants where channel = 'narrowed'")
    assert {row["product_id"] for row in rows} == {world.product["id"]}
    assert {row["sku"] for row in rows} == {variant["sku"] for variant in world.product["variants"]}


def test_a_narrowed_run_leaves_all_other_listings_alone(ran: Ran, world: World) -> None:
    assert ran.found["narrowed later"]["state"] == "success"
    later = ran.ledger("narrowed later")
    assert later["read"] == later["unchanged"] + later["updated"] == len(world.product["variants"])
    gone = "select count(*) from core.listing where channel = 'good' and status in ('not_listed', 'delisted')"
    assert ran.database.value(gone) == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nonsense", ("mode", "nonsense", "create_only", "create_and_overwrite")),
        ("overwrite", ("run parameter overwrite.price: Input should be 'update' or 'skip' (got 'perhaps')",)),
    ],
)
def test_a_run_parameter_that_is_no_choice_is_refused_by_name(ran: Ran, name: str, said: tuple[str, ...]) -> None:
    run = ran.found[name]
    assert run["state"] in ("failed", "refused")
    assert run["tasks"].get("extract", ["failed", 1]) == ["failed", 1]
    told = run.get("error") or "".join(line for line in ran.said(name).splitlines() if "rror" in line)
    assert [part for part in said if part not in told] == []
    assert run["requests"] == 0
    assert ran.database.value("select count(*) from core.listing where channel = %s", ran.channel(name)) == 0


# --- a run that cannot end well ---


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wrong token", "the access token is wrong or was revoked; put a valid one into the connection"),
        ("unknown store", "there is no store with the hash 'elsewhere': correct store_hash in the connection"),
        ("no scope", "the access token lacks a scope for this; grant it to the API account"),
        (
            "no connection",
            "there is no Airflow connection 'bigcommerce_no_connection': add one of type BigCommerce, or set"
            " AIRFLOW_CONN_BIGCOMMERCE_NO_CONNECTION",
        ),
    ],
)
def test_what_a_person_must_mend_is_said_once_and_not_tried_again(ran: Ran, name: str, said: str) -> None:
    run = ran.found[name]
    assert run["state"] == "failed"
    assert run["tasks"] == {
        "extract": ["failed", 1],
        "transform": ["upstream_failed", 0],
        "load": ["upstream_failed", 0],
    }
    ledger = ran.ledger(name)
    assert ledger["state"] == "failed"
    assert ledger["finished_at"] is not None
    assert ledger["message"].startswith("extract: ")
    assert said in ledger["message"]
    assert said in ran.said(name)
    assert ran.database.value("select count(*) from core.listing where channel = %s", ran.channel(name)) == 0


def test_a_warehouse_that_is_down_is_named_and_tried_three_times(ran: Ran) -> None:
    assert ran.found["no warehouse"]["state"] == "failed"
    assert ran.found["no warehouse"]["tasks"]["extract"] == ["failed", 3]
    assert ran.found["no warehouse"]["requests"] == 0
    said = ran.said("no warehouse")
    assert said.count("WarehouseUnavailable: the warehouse (connection storekeeper_warehouse) cannot be reached") >= 3
    assert "nothing is half-loaded: start it again and repeat the run" in said.replace("\n", " ")


def test_a_store_that_is_down_is_named(ran: Ran) -> None:
    assert ran.found["down"]["state"] == "failed"
    assert ran.ledger("down")["state"] == "failed"
    assert "no connection (is the store's API up and reachable?)" in ran.ledger("down")["message"]
    assert "no connection (is the store's API up and reachable?)" in ran.said("down")


def test_a_channel_may_want_runs_with_problems_to_end_red(ran: Ran) -> None:
    assert ran.found["red"]["state"] == "failed"
    assert ran.found["red"]["tasks"]["load"] == ["failed", 1]
    red = ran.ledger("red")
    assert red["state"] == "failed"
    assert "import_listings.problems_fail_run" in red["message"]
    assert f"ProblemsLeft: {red['skipped']} records were left out; see mart.problems" in ran.said("red")
    assert ran.database.value("select count(*) from core.listing where channel = 'red'") > 290


# --- the command line ---


def test_the_command_ends_well_though_single_records_have_problems(
    ran: Ran, by_cli: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    done = by_cli["good"]
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "import_listings of channel 'good': success" in done.stdout + done.stderr
    last = ran.database.row("select * from mart.runs where channel = 'good' order by started_at desc limit 1")
    assert last["run_id"] not in (ran.found["first"]["run_id"], ran.found["narrowed later"]["run_id"])
    assert (last["state"], last["created"], last["updated"]) == ("success", 0, 0)
    assert last["skipped"] == ran.ledger("first")["skipped"] > 0


def test_the_command_fails_when_access_is_lost(ran: Ran, by_cli: dict[str, subprocess.CompletedProcess[str]]) -> None:
    done = by_cli["wrong_token"]
    assert done.returncode != 0
    assert "the access token is wrong or was revoked" in done.stdout + done.stderr
    states = ran.database.rows("select state from mart.runs where channel = 'wrong_token'")
    assert states == [{"state": "failed"}] * 2


# --- secrets ---


def test_no_secret_shows_in_any_log(
    ran: Ran, world: World, postgres: EmbeddedPostgres, by_cli: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    logs = {"the child": ran.log} | {f"airflow {name}": done.stdout + done.stderr for name, done in by_cli.items()}
    logs |= {str(file): file.read_text(errors="replace") for file in world.home.rglob("*.log")}
    canaries = (TOKEN, CLIENT_SECRET, *OTHER_CANARIES, postgres.password)
    assert [(name, canary) for name, log in logs.items() for canary in canaries if canary in log] == []


def test_no_secret_is_in_what_airflow_keeps(ran: Ran, world: World, by_cli: object) -> None:
    """XCom, rendered templates, the DAGs as they were serialized: all that the metadata database has."""
    canaries = (TOKEN, CLIENT_SECRET, *OTHER_CANARIES)
    files = {file.name: file.read_bytes() for file in world.home.rglob("*") if file.is_file()}
    assert any(b"import_listings__wrong_token" in content for content in files.values()), "the search finds something"
    assert [(name, canary) for name, kept in files.items() for canary in canaries if canary.encode() in kept] == []


def test_no_secret_is_in_the_warehouse(ran: Ran) -> None:
    def holding(text: str) -> set[str]:
        return {
            table["name"]
            for table in ran.database.rows(
                "select format('%I.%I', table_schema, table_name) as name from information_schema.tables"
                " where table_schema in ('ops', 'core', 'raw', 'mart', 'staging')"
            )
            if ran.database.value(f"select exists (select from {table['name']} as t where t::text like '%{text}%')")
        }

    assert {"ops.run", "mart.runs"} <= holding("wrong_token"), "the search finds something"
    assert holding("canary-") == set()
