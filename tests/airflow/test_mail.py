"""Who is told of runs that failed or are late."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.airflow.conftest import airflow_environment, connection, write_channel
from tests.airflow.forks import Forks
from tests.airflow.listeners import MailBox
from tests.databases import Database


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailBox]:
    with MailBox() as box:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", box.connection())
        yield box


def late(run_id: str) -> None:
    """A run is late: what the triggerer does then."""
    from storekeeper.hooks.mail import LateMail

    mail = LateMail(to=["keeper@example.com"], subject=f"{run_id} is late", html_content="<p>It is.</p>")
    asyncio.run(mail.async_notify({"dag_run": {"run_id": run_id}}))


def test_a_late_run_is_told_and_one_of_a_backfill_is_not(mails: MailBox) -> None:
    late("backfill__2026-01-01T00:00:00+00:00")
    late("scheduled__2026-01-01T00:00:00+00:00")
    assert mails.subjects() == ["scheduled__2026-01-01T00:00:00+00:00 is late"]


def test_a_failed_run_is_told_by_airflow_dags_test_too(
    forks: Forks, mails: MailBox, channels: Path, tmp_path: Path, database: Database
) -> None:
    alerts = {"emails": ["keeper@example.com"]}
    write_channel(channels, "told", connection_id="bigcommerce_nobody", alerts=alerts)
    environment = {
        **airflow_environment(tmp_path / "home", "get_orders"),
        "STOREKEEPER_CHANNELS_DIR": str(channels),
        "AIRFLOW_CONN_SMTP_DEFAULT": mails.connection(),
        "AIRFLOW_CONN_STOREKEEPER_WAREHOUSE": database.uri,
        "AIRFLOW_CONN_BIGCOMMERCE_NOBODY": connection("http://store.example.com"),
    }
    forks.make_database(tmp_path / "home")
    command = ("dags", "test", "get_orders__told")
    done = forks.airflow(*command, environment=environment, log=tmp_path / "run.log")
    assert done.wait() != 0
    assert mails.subjects() == ["Storekeeper: get_orders__told has failed"], done.said()[-3000:]


def test_dags_tell_those_whom_their_file_names(channels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    monkeypatch.setenv("STOREKEEPER_FEEDS_DIR", str(feeds))
    alerts = {"emails": ["stock@example.com"], "late_after_minutes": 5}
    (feeds / "inventory.yaml").write_text(yaml.safe_dump({"alerts": alerts}))
    write_channel(channels, "told", alerts={"emails": ["keeper@example.com"]})
    write_channel(channels, "late", alerts={"emails": ["keeper@example.com"], "late_after_minutes": 90})
    write_channel(channels, "quiet")
    dags = parsed()
    failed = {name: dag.on_failure_callback for name, dag in dags.items()}
    assert [mail.to for mail in failed["sync_orders__told"]] == [["keeper@example.com"]]
    assert [mail.to for mail in failed["load_inventory"]] == [["stock@example.com"]]
    assert not failed["sync_orders__quiet"]
    assert not failed["forget_shopper"]
    waits = {name: [alert.interval.total_seconds() for alert in dag.deadline or []] for name, dag in dags.items()}
    assert (waits["sync_orders__late"], waits["sync_orders__told"], waits["load_inventory"]) == ([5400], [], [300])


def parsed() -> dict[str, Any]:
    from tests.airflow.test_dag_laws import parse

    return dict(parse().dags)


@pytest.mark.parametrize(
    ("alerts", "told"),
    [
        ({"late_after_minutes": 5}, "late_after_minutes tells nobody: emails is empty"),
        ({"emails": ["nobody"]}, "alerts.emails"),
        ({"emails": ["a@b, c@d"]}, "alerts.emails"),
        ({"emails": ["a@b.example"], "late_after_minutes": 0}, "alerts.late_after_minutes"),
    ],
)
def test_alerts_that_would_reach_nobody_are_refused_with_their_place(
    channels: Path, alerts: dict[str, Any], told: str
) -> None:
    from storekeeper.channels import broken_channels

    write_channel(channels, "acme", alerts=alerts)
    (error,) = broken_channels()
    assert told in str(error)
