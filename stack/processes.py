"""Processes that outlive the command that starts them: started in a session of their own, stopped as a whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from stack.places import LOCAL, LOGS, PROJECT


class Background:
    """One background service of this checkout, by name.

    Its pid file names the process and when that began, so a number that the system has given to another process since
    is never mistaken for it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.log = LOGS / f"{name}.log"
        self._pid_file = LOCAL / "run" / f"{name}.pid"

    @property
    def process(self) -> psutil.Process | None:
        """The running process, or None."""
        try:
            pid, began = self._pid_file.read_text().split()
            process = psutil.Process(int(pid))
            alive = abs(process.create_time() - float(began)) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.Error):
            return None
        return process if alive else None

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start the command in a session of its own; what it says goes to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            started = subprocess.Popen(
                command, cwd=PROJECT, env=dict(environment) if environment else None, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._pid_file.write_text(f"{started.pid} {psutil.Process(started.pid).create_time()}")

    def stop(self, patience: float = 20) -> None:
        """Ask the whole session to end, and end what does not."""
        leader = self.process
        if leader is not None:
            members = [leader, *_session_members(leader.pid)]
            for process in members:
                _signal(process, signal.SIGTERM)
            _, alive = psutil.wait_procs(members, timeout=patience)
            for process in alive:
                _signal(process, signal.SIGKILL)
        self._pid_file.unlink(missing_ok=True)

    def tail(self, lines: int = 20) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def wait_for(self, file: Path, seconds: float) -> None:
        """Wait until the service has written a file.

        :raises RuntimeError: it ended, or took longer; with the end of its log.
        """
        until = time.monotonic() + seconds
        while not file.exists():
            if self.process is None or time.monotonic() > until:
                raise RuntimeError(f"{self.name} did not start; the end of {self.log}:\n{self.tail()}")
            time.sleep(0.05)


def _session_members(session: int) -> list[psutil.Process]:
    members = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.pid != session:
                members.append(process)
        except (OSError, psutil.Error):
            continue
    return members


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(number)
