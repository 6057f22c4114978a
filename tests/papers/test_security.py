"""docs/security.md names tests, files, tables and chapters: each of them exists, and no threat goes without a test."""

from __future__ import annotations

import re

from stack.places import PROJECT
from tests.papers.named_in_papers import missing_tests, named_tests

SECURITY = (PROJECT / "docs" / "security.md").read_text()
ROOMS = (PROJECT, PROJECT / "plugins" / "storekeeper")


def test_each_test_that_is_named_is_there() -> None:
    assert len(named_tests(SECURITY)) > 60
    assert missing_tests(SECURITY) == []


def test_a_test_that_is_not_there_is_missed() -> None:
    assert missing_tests("`tests/papers/test_security.py::test_of_nothing`")


def test_each_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`([\w./]+\.(?:py|sql|sh|txt|yaml)|[\w/]+/\.airflowignore)`", SECURITY))
    assert len(named) > 20
    assert [name for name in named if not any((room / name).is_file() for room in ROOMS)] == []


def test_each_threat_has_a_control_and_a_test() -> None:
    chapter = SECURITY.partition("## Threats, controls, tests")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in chapter.splitlines() if line.startswith("| ")]
    threats = [row for row in rows if row[0] not in ("threat", "---")]
    assert len(threats) > 50
    assert [row[0] for row in threats if len(row) != 3 or not named_tests(row[2])] == []


def test_each_chapter_that_is_linked_is_there() -> None:
    links = re.findall(r"\]\((\w*(?:\.md)?)(?:#([\w-]+))?\)", SECURITY)
    assert len(links) > 5
    for page, chapter in links:
        text = (PROJECT / "docs" / page).read_text() if page else SECURITY
        titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        known = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert not chapter or chapter in known, (page, chapter)
