"""Where this checkout keeps what it installs and runs: below ``.local``, so that removing it leaves nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCAL = PROJECT / ".local"
AIRFLOW_HOME = LOCAL / "airflow"
ENV_FILE = LOCAL / "env"
LOGS = LOCAL / "logs"

POSTGRES_SYSTEM_USER = "embedded_postgres"
_SHARED = Path("/var/lib/storekeeper")
_MEMORY = Path("/dev/shm")
_ENOUGH_MEMORY = 4 * 1024**3


def database_home() -> Path:
    """The folder of the embedded Postgres.

    Postgres refuses to run as root, so there it runs as a system user of its own, which must reach its files: a folder
    outside of any home directory, one per checkout, and nobody's rights are loosened for it.
    """
    if os.geteuid() != 0:
        return LOCAL / "postgres"
    return _SHARED / hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]


def throwaway_homes() -> list[Path]:
    """Where servers of tests may be, each one's folder name beginning with the name given here: the best place first.

    A file system in memory creates and removes the thousand files of a database in a third of the time.
    """
    name = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]
    homes = [database_home().with_name(f"{database_home().name}-test")]
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        roomy = shutil.disk_usage(_MEMORY).free >= _ENOUGH_MEMORY
        homes.insert(0 if roomy else 1, _MEMORY / f"storekeeper-{name}-test")
    return homes


def shared_binaries() -> Path:
    """Where root puts a copy of the Postgres binaries that the system user can reach."""
    return _SHARED / "binaries"


def free_port(wanted: int = 0) -> int:
    """``wanted`` where nobody listens on it, else the next free one; any free one for 0."""
    for port in range(wanted, wanted + 100) if wanted else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError(f"no free port from {wanted} to {wanted + 99}")


def kept_port(name: str, wanted: int) -> int:
    """The port that this checkout uses for a service, chosen once: a shell that knows it keeps finding the service."""
    file = LOCAL / "ports" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(free_port(wanted)))
    return int(file.read_text())


def move_port(name: str, wanted: int) -> int:
    """Choose another port for a service, since somebody else listens on the one it had."""
    (LOCAL / "ports" / name).unlink(missing_ok=True)
    return kept_port(name, wanted)


def is_listening(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
