"""The instrument itself: what ``make mutants`` says of a module so small that one knows what it must say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.mapping import ROOT, STOREKEEPER
from tests.mutants.mutate import sample

MODULE = """\
def is_grown_up(age):
    return age >= 18


def never_asked(age):
    return age - 1
"""

NO_BOUNDARY = """\
from tiny.ages import is_grown_up


def test_a_child_is_not_grown_up():
    assert not is_grown_up(5)
    assert is_grown_up(30)
"""

BOUNDARY = """

def test_the_eighteenth_birthday_counts():
    assert is_grown_up(18)
    assert not is_grown_up(17)
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
    code, output = mutants(tiny, NO_BOUNDARY)
    assert code == 1
    assert "\nsurvived: plugins/tiny/ages.py:2\n" in output
    assert "-    return age >= 18\n+    return age > 18" in output
    assert "tests: 1: test_ages.py::test_a_child_is_not_grown_up" in output
    assert "survived, as no test executes it: plugins/tiny/ages.py:6" in output
    code, output = mutants(tiny, NO_BOUNDARY + BOUNDARY)
    assert code == 1
    assert "\nsurvived: " not in output
    assert "killed: plugins/tiny/ages.py:2: test_ages.py::test_the_eighteenth_birthday_counts" in output
    assert (tiny / "plugins" / "tiny" / "ages.py").read_text() == MODULE


def test_a_module_whose_every_mutant_is_noticed_passes(tiny: Path) -> None:
    tests = NO_BOUNDARY.replace("import ", "import never_asked, ") + BOUNDARY
    code, output = mutants(tiny, tests + "\n\ndef test_a_year_ago():\n    assert never_asked(3) == 2\n")
    assert (code, "surviv" in output) == (0, False), output


def test_a_test_that_fails_without_a_mutant_kills_none(tiny: Path) -> None:
    code, output = mutants(tiny, NO_BOUNDARY + "\n\ndef test_broken():\n    assert is_grown_up(1)\n")
    assert code == 1
    assert "fails or is skipped without a mutant: test_ages.py::test_broken" in output
    assert "survived: plugins/tiny/ages.py:2" in output


def test_a_seed_draws_the_same_mutants_again() -> None:
    first, again, other = (sample(STOREKEEPER, seed, 5) for seed in (1, 1, 2))
    assert first == again != other
