"""What a person sees of a test run: what will be done and how long that takes, each file when it is done, each failure
at once.

Only the process that prints does any of it, not the workers of xdist.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stack.places import LOCAL

RECORD = LOCAL / "test-seconds.json"
"""How long each file took when it ran here last."""

USUAL = "about 8 minutes on 2 cores"
"""How long the whole takes where it has not run yet."""


@dataclass(slots=True)
class File:
    """A file of tests, while it runs."""

    awaited: int = 0
    ended: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)


class Progress:
    """Prints a line for each file that is done, and each failure when it happens.

    :param folders: what was asked for on the command line.
    """

    def __init__(self, config: pytest.Config, folders: Sequence[str]) -> None:
        self._reporter = config.pluginmanager.getplugin("terminalreporter")
        self._folders = folders
        self._files: dict[str, File] = {}
        self._began = time.monotonic()
        self._known: dict[str, float] = json.loads(RECORD.read_text()) if RECORD.exists() else {}

    def announce(self) -> None:
        """Say what will be done, before the tests are even collected."""
        chosen = {
            file: seconds
            for file, seconds in self._known.items()
            if any(Path(file).is_relative_to(folder.partition("::")[0].rstrip("/")) for folder in self._folders)
        }
        if chosen:
            workers = self._reporter.config.getoption("numprocesses", None) or 1
            length = f"about {_minutes(sum(chosen.values()) / workers)}, judged by the last run here"
        else:
            length = USUAL if list(self._folders) == ["tests"] else "not run here yet"
        self._print(f"{', '.join(self._folders)}: {length}. Each file is named when it is done, a failure at once.")

    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """A worker knows which tests there are."""
        self._await(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """So do we, where there are no workers."""
        self._await([item.nodeid for item in session.items])

    def _await(self, ids: Sequence[str]) -> None:
        for name, count in Counter(node.partition("::")[0] for node in ids).items():
            self._files.setdefault(name, File()).awaited = count

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        """No letter for each test; counted as pytest does by itself."""
        if report.passed:
            return ("passed" if report.when == "call" else "", "", "")
        return ("error" if report.failed and report.when != "call" else report.outcome, "", "")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A part of a test is done."""
        name = report.nodeid.partition("::")[0]
        file = self._files.setdefault(name, File())
        file.seconds += report.duration
        if report.failed:
            file.outcomes["failed"] += 1
            self._print(f"\nFAILED {report.nodeid} ({report.when})\n{report.longreprtext}\n", red=True)
        elif report.when == "call" or report.skipped:
            file.outcomes[report.outcome] += 1
        if report.when == "teardown":
            file.ended += 1
            if file.ended == file.awaited:
                self._print(self._line(name, file), red=bool(file.outcomes["failed"]))

    def _line(self, name: str, file: File) -> str:
        every = self._files.values()
        share = sum(each.ended for each in every) / max(sum(each.awaited for each in every), 1)
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(file.outcomes.items()))
        return f"{_minutes(time.monotonic() - self._began):>7} {share:4.0%}  {name}: {outcomes} in {file.seconds:.1f} s"

    def _print(self, text: str, *, red: bool = False) -> None:
        self._reporter.ensure_newline()
        self._reporter.write_line(text, red=red)

    def pytest_sessionfinish(self) -> None:
        """Keep how long each file took."""
        done = {name: round(file.seconds, 1) for name, file in self._files.items() if file.ended == file.awaited}
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(json.dumps(self._known | done, indent=1, sort_keys=True))


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin, in the process that prints."""
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.verbose > 0:
        return
    progress = Progress(config, config.args or ["tests"])
    config.pluginmanager.register(progress, "storekeeper-progress")
    progress.announce()
