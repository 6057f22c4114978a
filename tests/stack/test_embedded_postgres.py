"""The embedded Postgres: survives being killed and restarted, keeps its secrets, stops cleanly."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
from collections.abc import Iterator

import psycopg
import pytest

from stack.places import database_home, free_port
from stack.postgres import EmbeddedPostgres


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A server apart from the checkout's own, beside it: there its system user can reach it too."""
    home = database_home().with_name(f"{database_home().name}-test-{os.getpid()}")
    server = EmbeddedPostgres(home)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(home)


def test_what_was_committed_survives_a_kill_and_a_restart(server: EmbeddedPostgres) -> None:
    server.create_database("kept")
    with psycopg.connect(server.uri("kept")) as connection:
        connection.execute("create table kept as select 42 as answer")
    os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    server.start()
    server.start()
    with psycopg.connect(server.uri("kept")) as connection:
        assert connection.execute("select answer from kept").fetchall() == [(42,)]
    server.stop()
    assert not server.is_running()
    server.start()
    server.create_database("kept")
    with psycopg.connect(server.uri("kept")) as connection:
        assert connection.execute("select answer from kept").fetchall() == [(42,)]


def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.uri().replace(server.password, "guessed"))
    assert stat.S_IMODE((server.home / "password").stat().st_mode) == 0o600


def test_letter_case_folds_alike_on_every_machine(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.uri()) as connection:
        assert connection.execute("select lower('ÄÖÉ-Ж')").fetchone() == ("äöé-ж",)


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port
