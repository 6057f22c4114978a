"""A backfill's run hands its data interval over as plain moments: Airflow's are of a class of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pendulum
import pytest

from storekeeper.operators.step import _backfill
from storekeeper.outcomes import SettingsError


def context(run_type: str, *interval: Any) -> Any:
    start, end = interval or (None, None)
    return {
        "dag_run": SimpleNamespace(run_type=run_type),
        "data_interval_start": start,
        "data_interval_end": end,
    }


DAY = (pendulum.datetime(2026, 3, 29, tz="UTC"), pendulum.datetime(2026, 3, 30, 1, tz="Europe/Berlin"))


def test_a_backfills_interval_is_its_window_in_plain_utc() -> None:
    window = _backfill(context("backfill", *DAY))
    assert window == (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 23, tzinfo=UTC))
    assert [type(moment) for moment in window] == [datetime, datetime]
    msgspec.json.encode(window)


@pytest.mark.parametrize("run_type", ["manual", "scheduled"])
def test_the_interval_of_another_run_means_nothing(run_type: str) -> None:
    assert _backfill(context(run_type, *DAY)) is None


def test_a_backfill_without_interval_says_what_it_needs() -> None:
    with pytest.raises(SettingsError, match="needs a schedule"):
        _backfill(context("backfill"))
