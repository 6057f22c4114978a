"""Load Listings through Airflow: a channel's file comes in, and a run that leaves problems ends red where it should."""

from __future__ import annotations

from pathlib import Path

from tests.airflow.conftest import airflow_environment, write_channel
from tests.airflow.forks import Forks
from tests.databases import Database


def test_a_channels_file_comes_in_and_a_run_may_name_another(forks: Forks, tmp_path: Path, database: Database) -> None:
    own, other = tmp_path / "drafts.csv", tmp_path / "other.csv"
    own.write_text("listing_key,master_sku,title,option.Colour\nL,A,Lamp,Red\nL,B,,Blue\nM,C,Desk,\n")
    other.write_text("listing_key,master_sku,price\nL,A,x\nN,D,1\n")
    write_channel(tmp_path / "channels", "shop", load_listings={"path": str(own), "queue": "publish"})
    environment = airflow_environment(tmp_path / "home", "load_listings") | {
        "STOREKEEPER_CHANNELS_DIR": str(tmp_path / "channels"),
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": database.uri,
    }
    conf = {"path": f"file://{other}", "problems_fail_run": True, "queue": "none"}
    runs = [
        {"name": "own", "dag_id": "load_listings__shop"},
        {"name": "other", "dag_id": "load_listings__shop", "conf": conf},
    ]
    found = forks.run(runs, environment, tmp_path)
    assert [found[name]["state"] for name in ("own", "other")] == ["success", "failed"]
    assert "load_listings of channel 'shop': success" in (tmp_path / "run.log").read_text()
    queued = database.rows("select listing_key, queued_action from core.listing order by listing_key")
    assert [tuple(row.values()) for row in queued] == [("L", "publish"), ("M", "publish"), ("N", None)]
    kept = {row["run_id"]: row for row in database.rows("select * from mart.runs")}
    assert [kept[found[name]["run_id"]]["created"] for name in ("own", "other")] == [3, 1]
    assert kept[found["other"]["run_id"]]["failed"] == 1
