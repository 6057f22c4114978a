"""A run's end, for people: what it did, what it left, what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storekeeper.warehouse.runs import EVERY_CHANNEL, Run

_LINES = (
    ("read", "read"),
    ("created", "created"),
    ("linked", "linked"),
    ("updated", "updated"),
    ("overwritten", "  of these with data from the store"),
    ("unchanged", "unchanged"),
    ("skipped", "skipped"),
    ("failed", "failed"),
)

_SOMETIMES = ("linked", "overwritten")
"""Told only where there are some: not every operation has them."""


def summary(run: Run) -> str:
    """The run as a short table: counts, problems by reason with one example each, requests and seconds.

    A dry run opens no problems: what it would open is its message's to say.
    """
    outcome = run.outcome()
    of = "" if run.channel == EVERY_CHANNEL else f" of channel {run.channel!r}"
    lines = [f"{run.operation}{of}: {outcome['state']}" + (" (dry run)" if run.dry_run else "")]
    lines += [
        f"  {label:<36}{outcome[name]:>10,}" for name, label in _LINES if name not in _SOMETIMES or outcome[name] > 0
    ]
    lines.append(f"  {'requests to the store':<36}{outcome['requests']:>10,}")
    lines.append(f"  {'seconds of work':<36}{outcome['work_seconds']:>10,.1f}")
    if not run.dry_run:
        problems = run.problems()
        lines.append(f"  open problems of this run: {sum(count for count, _ in problems.values()):,}")
        lines += [f"  {line}" for line in by_reason(problems)]
    lines += [f"  {line}" for line in (outcome["message"] or "").splitlines()]
    return "\n".join(lines)


def by_reason(problems: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    """Problems as the lines of a table.

    :param problems: by reason, how many and one key as an example.
    """
    for reason, (count, example) in problems.items():
        yield f"  {reason:<34}{count:>10,}   such as {example}"
