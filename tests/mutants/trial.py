"""Running tests in forked processes, with a mutant in the memory of each."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import psutil
import pytest

from tests.mutants.lines import LineRecord, LineRecorder, files_importing, fingerprint, test_files
from tests.mutants.mapping import Project
from tests.mutants.mutate import Mutant

PYTEST = ["-q", "--tb=short", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "-p", "pytest_socket"]
"""With the plugins that the tests need and no others: looking for more takes longer than most mutants."""


class Outcome(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"
    UNTESTED = "survived, as no test executes it"
    NOT_TRIED = "not tried, as time was up"


@dataclass(frozen=True)
class Trial:
    """What became of a mutant.

    :param tests: those that were to run, until the first failure.
    :param reason: the test that failed and its message.
    """

    mutant: Mutant
    outcome: Outcome
    tests: list[str]
    reason: str = ""

    @property
    def survived(self) -> bool:
        return self.outcome in (Outcome.SURVIVED, Outcome.UNTESTED)


class MutantFinder(importlib.abc.MetaPathFinder):
    """Imports a mutant in place of its module."""

    def __init__(self, name: str, mutant: Mutant) -> None:
        self._name = name
        self._mutant = mutant
        self._loader = MutantLoader(name, mutant)

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._mutant.path, loader=self._loader)


class MutantLoader(importlib.machinery.SourceFileLoader):
    """Compiles a mutant without a file, and leaves no bytecode."""

    def __init__(self, name: str, mutant: Mutant) -> None:
        super().__init__(name, str(mutant.path))
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutant.source, str(self._mutant.path), "exec")


class Selection:
    """A pytest plugin that runs the given tests in the given order, and notes the first failure.

    :param known: all tests that there are without a mutant. A mutant may rename one: its parameters are in its name.
    """

    def __init__(self, tests: list[str], known: Container[str]) -> None:
        self._place = {test: index for index, test in enumerate(tests)}
        self._functions = {test.partition("[")[0] for test in tests}
        self._known = known
        self.failure = ""
        self.ran = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self._place or self._is_renamed(item.nodeid)]
        items[:] = sorted(chosen, key=lambda item: self._place.get(item.nodeid, len(self._place)))

    def _is_renamed(self, test: str) -> bool:
        return test not in self._known and test.partition("[")[0] in self._functions

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.ran += report.when == "call"
        self._note(report)

    def pytest_collectreport(self, report: Any) -> None:
        self._note(report)

    def _note(self, report: Any) -> None:
        if report.failed and not self.failure:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash else str(report.longrepr)
            self.failure = f"{report.nodeid}: {' '.join(message.split())[:300]}"


@dataclass
class _Child:
    pid: int
    until: float
    answer: Path


class Forks:
    """Runs functions in forked processes, so many at a time.

    :param folder: for what the processes leave; a new one for each, removed by the caller.
    """

    def __init__(self, project: Project, jobs: int, folder: Path) -> None:
        self._project = project
        self._jobs = jobs
        self._folder = folder
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder / "hypothesis")
        for name in project.preload:
            importlib.import_module(name)
        gc.freeze()

    def run(
        self, work: Iterable[tuple[Any, Callable[[], str], float]], deadline: float = float("inf")
    ) -> Iterator[tuple[Any, int | None, str]]:
        """Yield each piece of work's key, its process's exit code (None at a timeout) and answer, as they end."""
        left, running = deque(work), dict[int, tuple[Any, _Child]]()
        while left or running:
            while left and len(running) < self._jobs and time.monotonic() < deadline:
                key, function, seconds = left.popleft()
                child = self._fork(function, seconds)
                running[child.pid] = key, child
            if not running:
                return
            time.sleep(0.02)
            for pid, (key, child) in list(running.items()):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    code: int | None = os.waitstatus_to_exitcode(status)
                elif time.monotonic() > child.until:
                    _kill(pid)
                    code = None
                else:
                    continue
                del running[pid]
                yield key, code, child.answer.read_text() if child.answer.exists() else ""

    def _fork(self, function: Callable[[], str], seconds: float) -> _Child:
        place = Path(tempfile.mkdtemp(dir=self._folder))
        pid = os.fork()
        if pid:
            return _Child(pid, time.monotonic() + seconds, place / "answer")
        code = 70
        try:
            os.setpgid(0, 0)
            output = os.open(place / "output", os.O_WRONLY | os.O_CREAT)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.chdir(self._project.root)
            os.environ["PYTEST_DEBUG_TEMPROOT"] = str(place)
            sys.dont_write_bytecode = True
            (place / "answer").write_text(function())
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 70
        finally:
            sys.stdout.flush()
            os._exit(code)
        raise AssertionError("not reached")


def _kill(pid: int) -> None:
    """End a process that we started, and what it started."""
    process = psutil.Process(pid)
    children = process.children(recursive=True)
    for victim in (process, *children):
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGKILL)
    os.waitpid(pid, 0)


def record_lines(project: Project, forks: Forks, kept: Path) -> LineRecord:
    """Run all tests once on the code as it is, but for the files whose record is kept in a folder."""

    def recording(path: Path) -> Callable[[], str]:
        def run() -> str:
            recorder = LineRecorder(project)
            pytest.main([*PYTEST, str(path)], plugins=[recorder])
            return recorder.finish().dump()

        return run

    files = {kept / f"{path.stem}-{fingerprint(project, path)}.json": path for path in test_files(project)}
    kept.mkdir(parents=True, exist_ok=True)
    for old in set(kept.glob("*.json")) - set(files):
        old.unlink()
    work = [(file, recording(path), 900.0) for file, path in files.items() if not file.exists()]
    for file, _, answer in forks.run(work):
        file.write_text(answer or LineRecord(failed=[str(files[file])]).dump())
    record = LineRecord()
    for file in files:
        record.merge(LineRecord.parse(file.read_text()))
    return record


def try_mutants(
    project: Project, mutants: list[Mutant], record: LineRecord, forks: Forks, deadline: float
) -> Iterator[Trial]:
    """Run each mutant against its tests."""

    def trying(mutant: Mutant, tests: list[str]) -> Callable[[], str]:
        quick = sum(test.startswith(project.quick) for test in tests)

        def run() -> str:
            sys.meta_path.insert(0, MutantFinder(project.module_name(mutant.path), mutant))
            # those without Postgres first: most mutants need no others, and these take long to begin
            for chosen in (tests[:quick], tests[quick:]):
                selection = Selection(chosen, record.seconds)
                files = sorted({test.partition("::")[0] for test in chosen})
                code = pytest.main([*PYTEST, "-x", *files], plugins=[selection]) if files else pytest.ExitCode.OK
                if code != pytest.ExitCode.OK:
                    return f"killed {selection.failure or repr(code)}"
                if selection.ran < len(chosen):
                    return f"only {selection.ran} of {len(chosen)} tests ran"
            return "survived"

        return run

    names = {mutant.path: project.module_name(mutant.path) for mutant in mutants}
    importing = {path: files_importing(project, name) for path, name in names.items()}
    tests = {mutant: record.tests_of(mutant, project.quick, importing[mutant.path]) for mutant in mutants}
    seconds = {mutant: 40 + 4 * sum(record.seconds[test] for test in tests[mutant]) for mutant in mutants}
    left = dict.fromkeys(mutants)
    for mutant in mutants:
        if not tests[mutant]:
            del left[mutant]
            yield Trial(mutant, Outcome.UNTESTED, [])
    work = [(mutant, trying(mutant, tests[mutant]), seconds[mutant]) for mutant in left]
    for mutant, code, answer in forks.run(work, deadline):
        del left[mutant]
        if code is None:
            yield Trial(mutant, Outcome.TIMEOUT, tests[mutant])
        elif answer == "survived":
            yield Trial(mutant, Outcome.SURVIVED, tests[mutant])
        elif answer.startswith("killed ") or code:  # without an answer, the mutant ended the process
            yield Trial(mutant, Outcome.KILLED, tests[mutant], answer.removeprefix("killed ") or f"exit code {code}")
        else:
            raise RuntimeError(f"{mutant.path}:{mutant.line}: {answer}")
    for mutant in left:
        yield Trial(mutant, Outcome.NOT_TRIED, tests[mutant])
