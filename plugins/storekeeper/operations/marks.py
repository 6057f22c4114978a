"""What a run has staged for certain: a mark a step, which a crash of the database takes along with the tables."""

from __future__ import annotations

from storekeeper.outcomes import StagingLost
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run


def marked(session: Session, run: Run) -> set[str]:
    """The steps whose staging is committed and still there."""
    return {row["step"] for row in session.rows("staging/read_steps", run_no=run.run_no)}


def mark(session: Session, run: Run, step: str) -> None:
    """Note a step as done, in the transaction that stages the last of it."""
    session.run("staging/add_step", run_no=run.run_no, step=step)


def need(session: Session, run: Run, step: str) -> None:
    """Go on only where a step is done.

    :raises StagingLost: staging is unlogged: a crash of the database empties it; that is no empty store.
    """
    session.run("staging/create", run_no=run.run_no)  # somebody may have dropped the tables: that is no error of SQL
    still(session, run, step)


def still(session: Session, run: Run, step: str) -> None:
    """As :func:`need`, within a task that has made the tables itself.

    :raises StagingLost: a crash of the database has emptied them.
    """
    if not session.row("staging/check_staged", run_no=run.run_no, step=step)["there"]:
        raise StagingLost(
            "the warehouse has lost what this run had staged (did the database crash?); nothing was loaded"
        )
