"""What a paper names in backticks, and whether it is there."""

from __future__ import annotations

import re

from stack.places import PROJECT


def named_tests(paper: str) -> list[tuple[str, str]]:
    """File and function of each test that a paper names."""
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", paper)


def missing_tests(paper: str) -> list[str]:
    """Those of them that are not there."""
    return [
        f"{file}::{name}"
        for file, name in named_tests(paper)
        if not re.search(rf"^ *def {name}\(", (PROJECT / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
