"""docs/promises.md names tests and faults: each of them exists."""

from __future__ import annotations

import re

from stack.places import PROJECT
from tests.chaos.faults import FAULTS
from tests.papers.named_in_papers import missing_tests, named_tests

PROMISES = (PROJECT / "docs" / "promises.md").read_text()


def test_each_test_that_is_named_is_there() -> None:
    assert len(named_tests(PROMISES)) > 25
    assert missing_tests(PROMISES) == []


def test_each_fault_that_is_named_is_tried() -> None:
    named = set(re.findall(r"`((?:request|statement)-[\w-]+)`", PROMISES))
    assert len(named) > 15
    assert named <= set(FAULTS)
