"""What setup installs is what was locked, and the secrets that it makes are readable to their owner alone."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from stack.environment import _write_secret
from stack.places import PROJECT


def test_every_package_is_locked_by_version_and_hash() -> None:
    lock = (PROJECT / "requirements.txt").read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE).strip())
    assert len(entries) > 100
    assert [
        entry for entry in entries if not re.match(r"[\w.\-\[\]]+==\S+.*\\\n\s+--hash=sha256:[0-9a-f]{64}", entry)
    ] == []


def test_setup_installs_from_the_lock_alone() -> None:
    script = (PROJECT / "stack" / "setup.sh").read_text()
    installs = re.findall(r"^.*\bpip(?:\"|')? (?:install|sync) .*$", script, flags=re.MULTILINE)
    assert len(installs) >= 4
    for line in installs:
        # what makes the environment is itself pinned; the project's own package brings no other along
        assert "--require-hashes" in line or "--no-deps" in line or '"$uv_version"' in line, line


def test_a_secret_that_is_written_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("old")
    (tmp_path / "key").chmod(0o644)
    _write_secret(tmp_path / "key", "new")
    assert (tmp_path / "key").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["key"]
