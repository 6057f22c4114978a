"""docs/promises.md names tests and faults: each of them exists."""

from __future__ import annotations

import re

from stack.places import PROJECT
from tests.chaos.faults import FAULTS

PROMISES = (PROJECT / "docs" / "promises.md").read_text()


def test_each_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PROMISES)
    assert len(named) > 25
    missing = [
        f"{file}::{name}" for file, name in named if f"def {name}(" not in (PROJECT / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_each_fault_that_is_named_is_tried() -> None:
    named = set(re.findall(r"`((?:request|statement)-[\w-]+)`", PROMISES))
    assert len(named) > 15
    assert named <= set(FAULTS)
