"""The instrument itself: what ``make mutants`` says of a module so small that one knows what it must say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.mapping import ROOT, STOREKEEPER
from tests.mutants.mutate import sample

MODULE = """\
def is_grown_up(age):
    return age >= 18


def next_year(age):
    return age + 1


def never_asked(age):
    return age - 1
"""

TESTS = """\
from tiny.ages import is_grown_up, never_asked, next_year


def test_a_child_is_not_grown_up():
    assert not is_grown_up(5)
    assert is_grown_up(30)


def test_next_year():
    assert next_year(5) == 6
"""

BROKEN = """

def test_that_fails_anyway():
    assert is_grown_up(1)
"""

BOUNDARIES = """

def test_the_eighteenth_birthday_counts():
    assert is_grown_up(18)
    assert not is_grown_up(17)


def test_a_year_ago():
    assert never_asked(3) == 2
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "plugins" / "tiny").mkdir(parents=True)
    (tmp_path / "plugins" / "tiny" / "__init__.py").touch()
    (tmp_path / "plugins" / "tiny" / "ages.py").write_text(MODULE)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["plugins"]\n')
    return tmp_path


def mutants(root: Path, tests: str) -> tuple[int, str]:
    (root / "test_ages.py").write_text(tests)
    project = ["--project", str(root), "plugins", "plugins/tiny/ages.py", "test_ages.py"]
    command = [sys.executable, "-m", "tests.mutants", *project, "--sample", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert not ended.stderr, ended.stderr
    return ended.returncode, ended.stdout


def test_a_mutant_that_a_test_notices_is_killed_and_another_survives(tiny: Path) -> None:
    code, output = mutants(tiny, TESTS + BROKEN)
    assert code == 1
    assert "fails or is skipped without a mutant: test_ages.py::test_that_fails_anyway" in output
    assert "\nsurvived: plugins/tiny/ages.py:2\n" in output
    assert "-    return age >= 18\n+    return age > 18" in output
    assert "tests: 1: test_ages.py::test_a_child_is_not_grown_up" in output
    assert "killed: plugins/tiny/ages.py:6: test_ages.py::test_next_year: assert 4 == 6" in output
    assert "survived, as no test executes it: plugins/tiny/ages.py:10" in output
    assert (tiny / "plugins" / "tiny" / "ages.py").read_text() == MODULE


def test_a_module_whose_every_mutant_is_noticed_passes(tiny: Path) -> None:
    code, output = mutants(tiny, TESTS + BOUNDARIES)
    assert (code, "surviv" in output) == (0, False), output
    assert "killed: plugins/tiny/ages.py:2: test_ages.py::test_the_eighteenth_birthday_counts" in output


def test_a_seed_draws_the_same_mutants_again() -> None:
    project = replace(STOREKEEPER, targets=("plugins/storekeeper/transforms/dates.py",))
    first, again, other = (sample(project, seed, 3) for seed in (1, 1, 2))
    assert first == again != other
