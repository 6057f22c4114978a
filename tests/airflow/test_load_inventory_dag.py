"""Load Inventory through Airflow: files wherever they are, and the event that makes channels sync."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from stack.postgres import EmbeddedPostgres
from storekeeper.channels import PROJECT
from storekeeper.outcomes import FeedRefused, SettingsError
from tests.airflow.conftest import airflow_environment, run_child, write_channel
from tests.conftest import Database


def test_a_load_that_wrote_something_makes_an_event_and_others_none(
    tmp_path: Path, database: Database, postgres: EmbeddedPostgres
) -> None:
    write_channel(tmp_path / "channels", "waiting", sync_listings={"schedule": "on_inventory"})
    (tmp_path / "stock.csv").write_text("master_sku,quantity\nA-1,3\nA-2,x\n")
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "inventory.yaml").write_text(f"path: {tmp_path / 'stock.csv'}\n")
    environment = airflow_environment(tmp_path / "home") | {
        "STOREKEEPER_CHANNELS_DIR": str(tmp_path / "channels"),
        "STOREKEEPER_FEEDS_DIR": str(tmp_path / "feeds"),
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": database.uri,
    }
    plan = {"runs": [{"name": name, "dag_id": "load_inventory"} for name in ("first", "again")]}
    found = run_child("run", plan, environment, tmp_path)
    assert [found[name]["state"] for name in ("first", "again")] == ["success", "success"]
    log = (tmp_path / "run.log").read_text()
    assert "load_inventory: success" in log
    runs = {row["run_id"]: row for row in database.rows("select * from mart.runs")}
    assert [runs[found[name]["run_id"]]["created"] for name in ("first", "again")] == [1, 0]
    with sqlite3.connect(tmp_path / "home" / "airflow.db") as connection:
        events = connection.execute(
            "select a.name, e.source_run_id, e.extra from asset_event as e inner join asset as a on e.asset_id = a.id"
        ).fetchall()
    ((name, run_id, extra),) = events
    assert (name, run_id) == ("storekeeper_inventory", found["first"]["run_id"])
    counts: dict[str, Any] = json.loads(extra)
    assert {key: counts[key] for key in ("run_id", "read", "created", "updated", "failed")} == {
        "run_id": run_id, "read": 2, "created": 1, "updated": 0, "failed": 1,
    }  # fmt: skip


def test_what_the_paper_says_to_try_works_after_a_larger_file_and_says_what_it_shows(
    tmp_path: Path, database: Database, postgres: EmbeddedPostgres
) -> None:
    section = (PROJECT / "docs" / "load_inventory.md").read_text().partition("\nTry it ")[2].partition("\n## ")[0]
    (written,) = re.findall(r"^printf '(.*)' > stock\.csv$", section, re.MULTILINE)
    confs = [
        json.loads(conf) for conf in re.findall(r"^airflow dags test load_inventory --conf '(.*)'$", section, re.M)
    ]
    shown = [block for block in section.split("\n\n") if block.startswith("    ")]
    assert ([conf["path"] for conf in confs], len(shown)) == (["stock.csv", "stock.csv"], 2)
    (tmp_path / "stock.csv").write_text(written.replace("\\n", "\n"))
    (tmp_path / "demo.csv").write_text("master_sku,quantity\n" + "".join(f"A-{number},1\n" for number in range(60)))
    # in one process, a DAG keeps the parameters of its last run; the paper's commands are processes of their own
    demo = {"path": str(tmp_path / "demo.csv"), "dry_run": False}
    tried = [{"dry_run": False} | conf | {"path": str(tmp_path / "stock.csv")} for conf in confs]
    names = ("demo", "dry run", "run", "demo again")
    plan = {
        "runs": [
            {"name": name, "dag_id": "load_inventory", "conf": conf}
            for name, conf in zip(names, (demo, *tried, demo), strict=True)
        ]
    }
    environment = airflow_environment(tmp_path / "home") | {"AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": database.uri}
    found = run_child("run", plan, environment, tmp_path)
    assert [found[name]["state"] for name in names] == ["success"] * 4
    log = (tmp_path / "run.log").read_text()
    for name, block in zip(names[1:], shown, strict=False):
        said = log.partition(f"==== {name} ====")[2].partition("\n==== ")[0]
        assert [line for line in block.splitlines() if line.removeprefix("    ") not in said] == []


def test_a_file_is_found_by_path_relative_path_and_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from storekeeper.operators import feed_file

    monkeypatch.setattr(feed_file, "PROJECT", tmp_path)
    (tmp_path / "stock.csv").write_bytes(b"master_sku\n")
    for path in ("stock.csv", str(tmp_path / "stock.csv"), f"file://{tmp_path}/stock.csv"):
        with feed_file.open_feed_file(path) as opened:
            assert (opened.stream.read(), opened.size, opened.name) == (b"master_sku\n", 11, path)


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("nowhere.csv", FeedRefused, "nowhere.csv: there is no such file; nothing was loaded"),
        ("file:///no/where.csv", FeedRefused, "there is no such file"),
        ("folder", FeedRefused, "folder: cannot be read"),
        ("s3://bucket/stock.csv?signature=secret", SettingsError, "path: s3://bucket/stock.csv: cannot be opened"),
        ("nonsense://bucket/stock.csv", SettingsError, "cannot be opened"),
    ],
)
def test_a_file_that_cannot_be_opened_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: type[Exception], said: str
) -> None:
    from storekeeper.operators import feed_file

    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(feed_file, "PROJECT", tmp_path)
    with pytest.raises(kind) as caught, feed_file.open_feed_file(path):
        pass
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/srv/stock?.csv", "/srv/stock?.csv"),
        ("s3://warehouse_bucket@stock/a.csv", "s3://warehouse_bucket@stock/a.csv"),
        ("https://ann:secret@example.com:8443/a.csv?sig=secret#x", "https://***@example.com:8443/a.csv"),
    ],
)
def test_what_is_secret_of_a_url_is_not_shown(path: str, shown: str) -> None:
    from storekeeper.operators.feed_file import shown_path

    assert shown_path(path) == shown
