"""Load Inventory through Airflow: files wherever they are, and the event that makes channels sync."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from storekeeper.channels import PROJECT
from storekeeper.outcomes import FeedRefused, SettingsError
from tests.airflow.conftest import airflow_environment, write_channel
from tests.airflow.forks import Forks
from tests.databases import Database


def test_a_load_that_wrote_something_makes_an_event_and_others_none(
    forks: Forks, tmp_path: Path, database: Database
) -> None:
    write_channel(tmp_path / "channels", "waiting", sync_listings={"schedule": "on_inventory"})
    (tmp_path / "stock.csv").write_text("master_sku,quantity\nA-1,3\nA-2,x\n")
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "inventory.yaml").write_text(f"path: {tmp_path / 'stock.csv'}\n")
    environment = airflow_environment(tmp_path / "home", "load_inventory", "sync_listings") | {
        "STOREKEEPER_CHANNELS_DIR": str(tmp_path / "channels"),
        "STOREKEEPER_FEEDS_DIR": str(tmp_path / "feeds"),
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": database.uri,
    }
    found = forks.run(
        [{"name": name, "dag_id": "load_inventory"} for name in ("first", "again")], environment, tmp_path
    )
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
    forks: Forks, tmp_path: Path, database: Database
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
    runs = [
        {"name": name, "dag_id": "load_inventory", "conf": conf}
        for name, conf in zip(names, (demo, *tried, demo), strict=True)
    ]
    environment = airflow_environment(tmp_path / "home", "load_inventory") | {
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": database.uri
    }
    found = forks.run(runs, environment, tmp_path)
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


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with feeds in two folders, and links that lead out of them."""
    from storekeeper.operators import feed_file

    for name in ("include/feeds/stock.csv", "include/feeds-old/stock.csv", "srv/stock.csv", "key.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"master_sku\n")
    (tmp_path / "include/feeds/link.csv").symlink_to(tmp_path / "key.csv")
    (tmp_path / "include/feeds/out").symlink_to(tmp_path)
    (tmp_path / "include/in.csv").symlink_to(tmp_path / "include/feeds/stock.csv")
    monkeypatch.setattr(feed_file, "PROJECT", tmp_path)
    monkeypatch.delenv("STOREKEEPER_FEED_PLACES", raising=False)
    return tmp_path


PLACES = "include/feeds, {project}/srv/,s3://stock@bucket/feeds/, https://host.example/feeds,"


@pytest.mark.parametrize(
    "path",
    [
        "include/feeds/stock.csv",
        "include/../include/feeds/./stock.csv",
        "include/in.csv",
        "{project}/include/feeds/stock.csv",
        "{project}/srv/stock.csv",
        "file://{project}/srv/stock.csv",
        "file://nobody@{project}/srv/stock.csv",
    ],
)
def test_a_file_within_the_places_is_opened(project: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    from storekeeper.operators.feed_file import open_feed_file

    monkeypatch.setenv("STOREKEEPER_FEED_PLACES", PLACES.format(project=project))
    with open_feed_file(path.format(project=project)) as opened:
        assert (opened.stream.read(), opened.size) == (b"master_sku\n", 11)


@pytest.mark.parametrize(
    "path",
    [
        "s3://stock@bucket/feeds/a/stock 2.csv?versionId=1",
        "S3://stock@bucket/feeds/100%25.csv",
        "https://host.example/feeds/..stock..csv",
    ],
)
def test_a_url_within_the_places_comes_as_far_as_its_reader(
    project: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    from storekeeper.operators.feed_file import open_feed_file

    monkeypatch.setenv("STOREKEEPER_FEED_PLACES", PLACES.format(project=project))
    with pytest.raises(SettingsError, match="cannot be opened"), open_feed_file(path):
        pass


@pytest.mark.parametrize(
    "path",
    [
        "key.csv",
        "include/feeds/../../key.csv",
        "include/feeds/link.csv",
        "include/feeds/out/key.csv",
        "include/feeds-old/stock.csv",
        "{project}/key.csv",
        "/etc/passwd",
        "include/feeds/nowhere/../../../key.csv",
        "file://{project}/key.csv",
        "FILE://{project}/key.csv",
        "fi\tle://{project}/key.csv",
        "local://{project}/key.csv",
        "file://nobody@{project}/key.csv",
        "file://~/.profile",
        "file:///{project}/srv/../key.csv",
        "file://{project}/include/feeds/link.csv",
        "no_scheme://{project}/key.csv",
        "simplecache::file://{project}/key.csv",
        "s3://stock@bucket/other/stock.csv",
        "s3://stock@bucket/feeds-old/stock.csv",
        "s3://stock@bucket/feeds?/stock.csv",
        "s3://stock@bucket/feeds/../other/stock.csv",
        "s3://stock@bucket/feeds/%2e%2e/other/stock.csv",
        "s3://stock@bucket/feeds/%252E%252e%252fother/stock.csv",
        "s3://stock@bucket/feeds/.\t./other/stock.csv",
        "s3://stock@bucket//feeds/stock.csv",
        "s3://other@bucket/feeds/stock.csv",
        "s3://bucket/feeds/stock.csv",
        "s3://stock@bucket.evil/feeds/stock.csv",
        "gs://stock@bucket/feeds/stock.csv",
        "https://host.example/feeds/..\\other/stock.csv",
        "https://nobody@host.example/feeds/stock.csv",
        "https://host.example@evil.example/feeds/stock.csv",
        "http://host.example/feeds/stock.csv",
    ],
)
def test_a_path_out_of_the_places_is_refused_before_anything_is_opened(
    project: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    from storekeeper.operators.feed_file import open_feed_file

    monkeypatch.setenv("STOREKEEPER_FEED_PLACES", PLACES.format(project=project))
    with pytest.raises(SettingsError) as caught, open_feed_file(path.format(project=project)):
        pass
    assert (
        f"is refused: STOREKEEPER_FEED_PLACES allows feeds in include/feeds, {project}/srv/, s3://stock@bucket/feeds/,"
        " https://host.example/feeds only"
    ) in str(caught.value)


def test_without_places_any_file_is_opened_and_with_none_no_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storekeeper.operators.feed_file import open_feed_file

    for places in (None, "", "  ", "/"):
        if places is not None:
            monkeypatch.setenv("STOREKEEPER_FEED_PLACES", places)
        for path in ("include/feeds/link.csv", str(project / "key.csv"), f"file://{project}/key.csv"):
            with open_feed_file(path) as opened:
                assert (opened.stream.read(), opened.name) == (b"master_sku\n", path)
    monkeypatch.setenv("STOREKEEPER_FEED_PLACES", ",")
    with pytest.raises(SettingsError, match="allows feeds in no place only"), open_feed_file("key.csv"):
        pass


@pytest.mark.parametrize("places", [None, "/", "/proc,/dev,file:///sys"])
@pytest.mark.parametrize(
    "path",
    [
        "/proc/self/environ",
        "/proc/self/root/proc/self/environ",
        "../../../../../../../../proc/self/environ",
        "file:///proc/self/environ",
        "file://nobody@/proc/self/environ",
        "local:///proc/self/mem",
        " file:///proc/self/environ",
        "fi\nle:///proc/self/environ",
        "environ",
        "/dev/stdin",
        "/sys/kernel/notes",
        "/run/secrets/fernet_key",
        "/var/../run/secrets/connections.yaml",
    ],
)
def test_what_a_worker_knows_is_no_feed_whatever_the_places(
    project: Path, monkeypatch: pytest.MonkeyPatch, places: str | None, path: str
) -> None:
    from storekeeper.operators.feed_file import open_feed_file

    (project / "environ").symlink_to("/proc/self/environ")
    if places is not None:
        monkeypatch.setenv("STOREKEEPER_FEED_PLACES", places)
    with pytest.raises(SettingsError, match="no feed lies in /proc, /sys, /dev, /run/secrets"), open_feed_file(path):
        pass


def test_in_production_places_are_set() -> None:
    services = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())["services"]
    for name in ("worker", "sandbox-worker"):
        places = services[name]["environment"]["STOREKEEPER_FEED_PLACES"]
        assert places == "${STOREKEEPER_FEED_PLACES:-include/feeds}"
        assert "/opt/storekeeper/include/feeds:ro" in " ".join(services[name]["volumes"])


def test_a_run_whose_path_is_refused_says_so_and_loads_nothing(
    forks: Forks, tmp_path: Path, database: Database
) -> None:
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "stock.csv").write_text("master_sku,quantity\nA-1,3\n")
    (tmp_path / "other.csv").write_text("master_sku,quantity\nA-2,3\n")
    environment = airflow_environment(tmp_path / "home", "load_inventory") | {
        "STOREKEEPER_FEED_PLACES": str(tmp_path / "feeds"),
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": database.uri,
    }
    confs = {"within": "feeds/stock.csv", "out": "feeds/../other.csv"}
    runs = [
        {"name": name, "dag_id": "load_inventory", "conf": {"path": str(tmp_path / path)}}
        for name, path in confs.items()
    ]
    found = forks.run(runs, environment, tmp_path)
    assert {name: found[name]["state"] for name in confs} == {"within": "success", "out": "failed"}
    assert database.value("select string_agg(master_sku, ' ') from core.inventory_item") == "A-1"
    (message,) = (row["message"] for row in database.rows("select message from mart.runs where state = 'failed'"))
    assert f"STOREKEEPER_FEED_PLACES allows feeds in {tmp_path}/feeds only" in message


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
