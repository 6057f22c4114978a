"""A run's figures as Airflow's own metrics: wherever Airflow sends its own, ours go too."""

from __future__ import annotations

import logging

from airflow.configuration import conf
from airflow.sdk.observability import stats

from storekeeper.outcomes import WarehouseUnavailable
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

COUNTS = ("read", "created", "updated", "unchanged", "skipped", "failed", "requests")


def measure(run: Run) -> None:
    """Tell ``storekeeper.{operation}.{channel}...``: what a run has done, and which problems are open after it.

    A dry run has done nothing. Whatever becomes of the figures, the run has ended as it has.
    """
    if run.dry_run or not _wanted():
        return
    try:
        outcome, problems = run.outcome(), run.open_problems()
    except WarehouseUnavailable as error:
        log.warning("no metrics of this run: %s", error)
        return
    name = f"storekeeper.{run.operation}.{run.channel.replace('*', 'all')}"
    for count in COUNTS:
        stats.incr(f"{name}.{count}", int(outcome[count]))
    stats.timing(f"{name}.work_seconds", float(outcome["work_seconds"]) * 1000)
    stats.gauge(f"{name}.open_problems", problems)


def _wanted() -> bool:
    return any(conf.getboolean("metrics", kind, fallback=False) for kind in ("statsd_on", "otel_on"))
