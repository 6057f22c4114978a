"""What must show nowhere: the sandbox's token and shoppers, searched for in all that tests have left behind."""

from __future__ import annotations

import base64
import re
from pathlib import Path

# The sandbox's shoppers: names, streets, e-mail addresses, phones.
SHOPPERS = re.compile(r"shopper-\d+@example|Doe Shopper|\d+ Shopper Street|555-0100-\d|Jane Shopper")

# The token that nearly every test lets itself in with, and those that tests name so.
TOKENS = re.compile(r"sandbox-token(?!-)|canary-?t0ken[\w-]+|canary[0-9a-f]{40}")

KEPT = ("*.log*", "airflow.db", "*.rdb", "*.aof")
"""Logs of tasks and of Airflow's processes; Airflow's metadata with XComs and rendered fields; the queue."""


_HEX = re.compile(r"\\\\?x((?:[0-9a-f]{2}){8,})")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


def readable(text: str) -> str:
    """A text with what is packed in it: a dump writes bytes as hexadecimal digits, a queue its messages in base 64."""
    parts = [text]
    parts += [bytes.fromhex(found).decode(errors="replace") for found in _HEX.findall(text)]
    for found in _BASE64.findall(text):
        whole = found.rstrip("=")[: len(found.rstrip("=")) // 4 * 4]
        parts.append(base64.b64decode(whole).decode(errors="replace"))
    return "\n".join(parts)


def left_behind(folder: Path) -> tuple[int, list[str]]:
    """How many files of a folder were searched, and each that shows a token or a shopper, with what it shows.

    :param folder: where tests have kept what they ran.
    """
    files = sorted({file for pattern in KEPT for file in folder.rglob(pattern) if file.is_file()})
    shown = []
    for file in files:
        text = readable(file.read_bytes().decode(errors="replace"))
        for kind in (TOKENS, SHOPPERS):
            if match := kind.search(text):
                before = text[max(0, match.start() - 60) : match.start()]
                shown.append(f"{file.relative_to(folder)}: {match[0]!r} after {before!r}")
    return len(files), shown
