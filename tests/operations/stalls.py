"""A writer that is stopped at a chosen moment, another that takes over, and the first one waking up.

The order of events is kept by gates, not by waiting: the store holds a call until it is told to go on, and a statement
stops the process that makes it. So a busy machine changes nothing.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import event

from sandbox.process import SandboxProcess
from storekeeper.bigcommerce.client import Patience
from tests.databases import Database
from tests.effort import EFFORT

SHORT = Patience(connect=2, read=1.2, total=3, attempts=3, backoff=0.02, backoff_most=0.1)
CHECK = "/* claim/check */"
"""The statement that every call is preceded by."""


class Moment(StrEnum):
    """When the writer is stopped."""

    BEFORE_CHECK = "before it checks its claim"
    AFTER_CHECK = "between the check and the call"
    UNDER_WAY = "while the store takes its time"
    UNREAD = "before it reads the answer"


def moments(effort: int = EFFORT) -> list[tuple[Moment, int]]:
    """Each moment with the call at which it is, counted from 1; with more effort at later calls too."""
    return [(moment, 1 + number % 4) for number in range(effort) for moment in Moment]


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls at which a writer is stopped.

    :param nth: which of them, counted from 1.
    """

    method: str
    nth: int
    route: str | None = None


@dataclass(slots=True)
class TakenOver:
    """What became of a writer that was taken over.

    :param message: what its run ended with.
    :param effects: what the store did for it after it woke.
    """

    message: str
    effects: list[Any]

    def wrong(self) -> list[str]:
        """What must not be."""
        broken = [f"it wrote after it was taken over: {effect['kind']}" for effect in self.effects]
        if not self.message.startswith(("ClaimLost", "RunSuperseded")):
            broken.append(f"it was not told that it was taken over: {self.message}")
        return broken


def in_a_child(work: Callable[[], object], log: Path) -> int:
    """Run something in a forked process; what it raises is written to a file."""
    pid = os.fork()
    if pid:
        return pid
    status = 0
    try:
        work()
    except BaseException as error:
        log.write_text(f"{type(error).__name__}: {error}")
        status = 1
    os._exit(status)  # the parent's connections are the parent's to close


def stall(
    store: SandboxProcess,
    database: Database,
    moment: Moment,
    calls: Calls,
    *,
    stalled: Callable[[], object],
    successor: Callable[[], object],
    log: Path,
    meanwhile: Callable[[], object] = lambda: None,
    spoil: Callable[[], object] = lambda: None,
    hold_seconds: float = 0.0,
) -> TakenOver:
    """Stop a writer at a moment, let another do all the work, and wake the first.

    :param meanwhile: done while the first one stands still, before the other begins.
    :param spoil: done in the first one's process just before it stops.
    :param hold_seconds: how long after the taking over a call that is under way stays so, unless the successor has
        ended by then; it must be shorter than what a call may take.
    """
    calls_at_store = {"method": calls.method, "route": calls.route, "nth": calls.nth}
    if moment is Moment.UNDER_WAY:
        store.fault("hold", side="before", **calls_at_store)
    elif moment is Moment.UNREAD:
        store.fault("hold", side="after", **calls_at_store)

    def work() -> None:
        database.engine.dispose(close=False)  # its connections are the parent's
        if moment in (Moment.BEFORE_CHECK, Moment.AFTER_CHECK):
            _stop_at_check(database, moment, calls.nth, spoil)
        else:
            spoil()
        stalled()

    child = in_a_child(work, log)
    if moment in (Moment.UNDER_WAY, Moment.UNREAD):
        store.wait_until_held()
        os.kill(child, signal.SIGSTOP)
    _, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status), log.read_text() if log.exists() else "it did not stand still"
    if moment is Moment.UNREAD:
        store.release()
    meanwhile()
    if moment is Moment.UNDER_WAY:
        _run_while_held(store, database, successor, hold_seconds)
    else:
        successor()
    effects = len(store.effects())
    os.kill(child, signal.SIGCONT)
    os.waitpid(child, 0)
    store.clear_faults()
    return TakenOver(log.read_text() if log.exists() else "nothing", store.effects()[effects:])


def _stop_at_check(database: Database, moment: Moment, nth: int, spoil: Callable[[], object]) -> None:
    """Stop this process when it makes the nth check of its claim, or has made it."""
    made = 0
    checked = threading.local()

    def stop() -> None:
        spoil()
        os.kill(os.getpid(), signal.SIGSTOP)

    def before_statement(_: Any, __: Any, statement: str, *___: Any) -> None:
        nonlocal made
        if CHECK in statement:
            made += 1
            checked.due = made == nth
            if checked.due and moment is Moment.BEFORE_CHECK:
                stop()

    def after_transaction(*_: Any) -> None:
        if getattr(checked, "due", False):
            checked.due = False
            if moment is Moment.AFTER_CHECK:
                stop()

    event.listen(database.engine, "before_cursor_execute", before_statement)
    event.listen(database.engine, "checkin", after_transaction)  # its transaction is committed by then


def _run_while_held(
    store: SandboxProcess, database: Database, successor: Callable[[], object], hold_seconds: float
) -> None:
    """Let the successor work, and the held call take effect once it has taken over."""
    taken_over = "select epoch > %s from ops.claim"
    epoch = database.value("select epoch from ops.claim")
    ended = threading.Event()

    def release() -> None:
        while not ended.is_set() and not database.value(taken_over, epoch):
            time.sleep(0.005)
        ended.wait(hold_seconds)
        store.release()

    releasing = threading.Thread(target=release)
    releasing.start()
    try:
        successor()
    finally:
        ended.set()
        releasing.join()
