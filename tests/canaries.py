"""What must show nowhere: the sandbox's token and shoppers, searched for in all that tests have left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

# The sandbox's shoppers: names, streets, e-mail addresses, phones.
SHOPPERS = re.compile(r"shopper-\d+@example|Doe Shopper|\d+ Shopper Street|555-0100-\d|Jane Shopper")

# The token that nearly every test lets itself in with, and those that tests name so.
TOKENS = re.compile(r"sandbox-token(?!-)|canary-?t0ken[\w-]+|canary[0-9a-f]{40}")

KEPT = ("*.log*", "airflow.db", "*.rdb")
"""Logs of tasks and of Airflow's processes; Airflow's metadata with XComs and rendered fields; the queue."""


def left_behind(folder: Path) -> Iterator[str]:
    """Each file of a folder that shows a token or a shopper, with what it shows.

    :param folder: where tests have kept what they ran.
    """
    for pattern in KEPT:
        for file in folder.rglob(pattern):
            if file.is_file() and not file.is_symlink():
                text = file.read_bytes().decode(errors="replace")
                for kind in (TOKENS, SHOPPERS):
                    if match := kind.search(text):
                        before = text[max(0, match.start() - 60) : match.start()]
                        yield f"{file.relative_to(folder)}: {match[0]!r} after {before!r}"
