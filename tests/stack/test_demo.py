"""What the demo makes of Airflow's log: the error of a failed run is named, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.demo import advice, entries

LOG = """\
2026-11-27T04:59:27.252857Z [info     ] the store is 'Sandbox Store' (plan Standard, USD) [storekeeper.operations.store_profile] loc=store_profile.py:37
2026-11-27T04:59:27.797859Z [info     ] Task started                   [airflow.api_fastapi.task_instances] correlation_id=01 loc=a.py:4
2026-11-27T04:59:28.134233Z [error    ] RunStopped: This sync would, in channel 'demo':

* bring the stock of 135 of 495 listings to zero (27%; sync_listings.max_zeroed_share allows 20%)

| listing or SKU | title | change |
| --- | --- | --- |
| bc-130 | Mug | MUG-1 from 59 to 0 |
Nothing was sent. If this is meant, run it again with confirm_large_change. [storekeeper.operations.step] loc=step.py:111
2026-11-27T04:59:28.134233Z [error    ] Task failed with exception     [task] loc=task_runner.py:1
Traceback (most recent call last):
  File "x.py", line 1, in <module>
2026-11-27T04:59:29.134233Z [error    ] AccessLost: GET /v2/store: status 401 [storekeeper.operations.step] loc=step.py:111
"""  # noqa: E501 - as Airflow writes it


def test_an_error_of_several_lines_is_one_entry_of_the_log() -> None:
    found = list(entries(LOG.splitlines(keepends=True)))
    ours = [entry["said"] for entry in found if entry["level"] == "error" and entry["logger"].startswith("storekeeper")]
    assert [said.partition(":")[0] for said in ours] == ["RunStopped", "AccessLost"]
    assert ours[0].endswith("run it again with confirm_large_change.")
    assert [entry["said"].strip() for entry in found if entry["level"] == "info"] == [
        "the store is 'Sandbox Store' (plan Standard, USD)",
        "Task started",
    ]


@pytest.mark.parametrize(
    ("failure", "named", "again"),
    [
        ("RunStopped: This sync would, in channel 'demo':\n\n* bring", "RunStopped: This sync would", False),
        ("AccessLost: GET /v2/store: status 401", "AccessLost: GET /v2/store: status 401", False),
        ("NotNow: GET /v2/store: no connection", "NotNow: GET /v2/store: no connection", True),
        ("", "none of our own errors was said", False),
    ],
)
def test_a_failed_run_is_named_and_repeated_only_where_that_helps(failure: str, named: str, again: bool) -> None:
    said = advice(failure, Path("demo.log"))
    assert named in said
    assert ("Run `make demo` again" in said) == again
