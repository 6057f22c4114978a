"""Which test executes which line, and how long it takes."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutants.mapping import Project
from tests.mutants.mutate import Mutant

MAX_SECONDS = 20.0
"""Of tests for one mutant, the fastest first: a line that everything executes is not tried with everything."""


@dataclass
class LineRecord:
    """What running the tests once on the code as it is has shown.

    :param lines: by file and line, the tests that execute it. Lines that run at import belong to no test.
    :param seconds: by test.
    :param failed: tests that fail without any mutant, and are not asked.
    """

    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def tests_of(self, mutant: Mutant, quick: str, importing: Collection[str]) -> list[str]:
        """The tests to run for a mutant, fastest first.

        :param quick: what the names of those begin with that come first in any case.
        :param importing: the test files that import its module: those may look at what it makes when it is imported.
        """
        lines = self.lines.get(str(mutant.path), {})
        tests = {test for line in _statement(mutant) for test in lines.get(line, ())}
        if not tests and mutant.line not in _body_lines(mutant.original):  # it runs at import
            tests = {test for known in lines.values() for test in known}
            tests |= {test for test in self.seconds if test.partition("::")[0] in importing}
        chosen, total = [], 0.0
        for test in sorted(
            tests - set(self.failed), key=lambda name: (not name.startswith(quick), self.seconds[name], name)
        ):
            total += self.seconds[test]
            if chosen and total > MAX_SECONDS:
                break
            chosen.append(test)
        return chosen

    def merge(self, other: LineRecord) -> None:
        """Add what another process recorded."""
        for path, lines in other.lines.items():
            for line, tests in lines.items():
                self.lines.setdefault(path, {}).setdefault(line, []).extend(tests)
        self.seconds |= other.seconds
        self.failed += other.failed

    def dump(self) -> str:
        return json.dumps({"lines": self.lines, "seconds": self.seconds, "failed": self.failed})

    @classmethod
    def parse(cls, text: str) -> LineRecord:
        found = json.loads(text)
        lines = {path: {int(line): tests for line, tests in known.items()} for path, known in found["lines"].items()}
        return cls(lines, found["seconds"], found["failed"])


def _statement(mutant: Mutant) -> range:
    """The lines of the innermost statement that the mutant is in; of a compound one, only its head."""
    inner = range(mutant.line, mutant.line + 1)
    for node in ast.walk(ast.parse(mutant.original)):
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            body = getattr(node, "body", None)
            first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
            last = body[0].lineno - 1 if body else getattr(node, "end_lineno", first)
            lines = range(first, max(first, last) + 1)
            if mutant.line in lines and (len(inner) == 1 or len(lines) < len(inner)):
                inner = lines
    return inner


def _body_lines(text: str) -> set[int]:
    """The lines inside functions, which do not run at import."""
    return {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        for line in range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
    }


class LineRecorder:
    """A pytest plugin that fills a :class:`LineRecord`. It must begin before the code is imported."""

    def __init__(self, project: Project) -> None:
        self.record = LineRecord()
        self._files = [str(path) for path in project.modules()]
        self._coverage = coverage.Coverage(data_file=None, config_file=False, include=self._files, messages=False)
        self._coverage.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: Any) -> None:
        # what a setup takes beyond a second is mostly shared with other tests
        seconds = min(report.duration, 1.0) if report.when == "setup" else report.duration
        self.record.seconds[report.nodeid] = self.record.seconds.get(report.nodeid, 0.0) + seconds
        if report.failed or report.skipped:
            self.record.failed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.record.failed.append(report.nodeid)

    def finish(self) -> LineRecord:
        self._coverage.stop()
        data = self._coverage.get_data()
        for path in self._files:
            contexts = data.contexts_by_lineno(path)
            self.record.lines[path] = {line: [test for test in tests if test] for line, tests in contexts.items()}
        return self.record


def fingerprint(project: Project, test_file: Path) -> str:
    """Changes whenever what a test file executes might."""
    digest = hashlib.sha256(str(test_file).encode())
    sources = (project.root / project.source).rglob("*.py")
    shared = [path for path in (project.root / "tests").rglob("*.py") if not path.name.startswith("test_")]
    for path in (*sorted(sources), *sorted(shared), test_file):
        if "mutants" not in path.parts:
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()[:20]


def files_importing(project: Project, name: str) -> set[str]:
    """The test files that import a module by its name, relative to the root."""
    parent, _, last = name.rpartition(".")
    imports = re.compile(rf"^(from {name} import |import {name}\b|from {parent} import .*\b{last}\b)", re.MULTILINE)
    return {str(path.relative_to(project.root)) for path in test_files(project) if imports.search(path.read_text())}


def test_files(project: Project) -> list[Path]:
    """The test files that may be asked."""
    found: list[Path] = []
    for name in project.tests:
        path = project.root / name
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return [path for path in found if path.exists()]
