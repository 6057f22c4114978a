"""A run's figures as Airflow's own metrics: wherever Airflow sends its own, ours go too."""

from __future__ import annotations

from airflow.sdk.observability import stats

from storekeeper.warehouse.runs import Run

COUNTS = ("read", "created", "updated", "unchanged", "skipped", "failed", "requests")


def measure(run: Run) -> None:
    """Tell ``storekeeper.{operation}.{channel}...``: what a run has done, and which problems are open after it.

    A dry run has done nothing. Without metrics in Airflow's configuration this does nothing.
    """
    if run.dry_run:
        return
    name = f"storekeeper.{run.operation}.{run.channel.replace('*', 'all')}"
    outcome = run.outcome()
    for count in COUNTS:
        stats.incr(f"{name}.{count}", int(outcome[count]))
    stats.timing(f"{name}.work_seconds", float(outcome["work_seconds"]) * 1000)
    stats.gauge(f"{name}.open_problems", run.open_problems())
