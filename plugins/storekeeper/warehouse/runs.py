"""The run ledger: what a run is, how far it has come, what it cost, and which attempt of it may write.

Airflow may run a task twice at once (a stalled worker and its retry). Each start of a task raises the run's attempt;
every commit of a task first looks whether its attempt is still the newest, and stops where it is not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import RowMapping

from storekeeper.outcomes import Counts, RunSuperseded, WarehouseUnavailable
from storekeeper.warehouse.database import Session, Warehouse

_SUPERSEDED = "another attempt of run {run_id!r} has taken over; this one stops"

ABANDONED_MINUTES = 30  # without a sign of life; Airflow itself gives a silent worker up after 5


EVERY_CHANNEL = "*"
"""The channel of a run that is for all of them."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of one run of an operation.

    :param run_no: names the run's staging tables.
    :param attempt: which start of a task this is.
    :param step: the last step that was committed when this attempt began.
    """

    warehouse: Warehouse
    run_no: int
    attempt: int
    step: str
    channel: str
    operation: str
    run_id: str
    dry_run: bool

    @classmethod
    def begin(
        cls,
        warehouse: Warehouse,
        *,
        channel: str,
        operation: str,
        run_id: str,
        dry_run: bool = False,
        params: Mapping[str, Any] | None = None,
        first: bool = False,
        single: bool = False,
    ) -> Self:
        """A task of a run starts; the first one opens the run.

        :param run_id: Airflow's; with channel and operation it is the run's key.
        :param params: as a person gave them, kept for the record.
        :param first: it is the run's first task. Where the run has loaded already, or has other parameters by now, a
            person or a backfill has cleared it: then it begins anew.
        :param single: the first task is the last one too. Where the run has loaded, this may be a repeat that does not
            know it: the run stays as it is, unless it has other parameters by now.
        """
        run_key = f"{channel}/{operation}/{run_id}"
        with warehouse.transaction() as session:
            session.run("runs/cut_off", run_key=run_key)
        values: dict[str, Any] = {
            "run_key": run_key,
            "dry_run": dry_run,
            "params": json.dumps(params or {}, default=str),
        }
        cleared: Sequence[RowMapping] = ()
        if first:
            with warehouse.transaction() as session:
                cleared = session.rows("runs/is_cleared", single=single, **values)
            warehouse.drop_staging("runs/list_expired_staging", channel=channel)
            for row in cleared:
                warehouse.drop_staging("runs/list_own_staging", number=str(row["run_no"]))
        with warehouse.transaction() as session:
            opened = session.row(
                "runs/begin",
                channel=channel,
                operation=operation,
                run_id=run_id,
                anew=bool(cleared),
                **values,
            )
            session.run(
                "runs/close_abandoned",
                channel=channel,
                operation=operation,
                run_no=opened["run_no"],
                minutes=ABANDONED_MINUTES,
            )
        return cls(
            warehouse,
            opened["run_no"],
            opened["attempt"],
            opened["step"],
            channel,
            operation,
            run_id,
            opened["dry_run"],
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that only the newest attempt gets; others stop here with nothing written.

        :raises RunSuperseded: another attempt of this run has begun.
        """
        try:
            with self.warehouse.transaction(bounded=False) as session:
                held = session.row(
                    "runs/hold", run_no=self.run_no, attempt=self.attempt, stall_ms=self.warehouse.stall_ms
                )
                if not held["mine"]:
                    raise RunSuperseded(_SUPERSEDED.format(run_id=self.run_id))
                session.clock, session.clock_read_at = held["clock"], time.monotonic()
                yield session
        except WarehouseUnavailable as broken:
            if self._is_superseded():  # then it was the new attempt that cut the connection
                raise RunSuperseded(_SUPERSEDED.format(run_id=self.run_id)) from broken
            raise

    def _is_superseded(self) -> bool:
        try:
            with self.warehouse.transaction() as session:
                mine: bool = session.row("runs/is_newest", run_no=self.run_no, attempt=self.attempt)["mine"]
        except WarehouseUnavailable:
            return False
        return not mine

    def touch(self) -> None:
        """Give a sign of life: a long task is no dead one. Never inside one of the run's own transactions."""
        with self.warehouse.transaction() as session:
            session.run("runs/touch", run_no=self.run_no, attempt=self.attempt)

    def spend(self, requests: int, work_seconds: float) -> None:
        """Add what a task has cost to the run."""
        with self.warehouse.transaction() as session:
            session.run("runs/spend", run_no=self.run_no, requests=requests, work_seconds=round(work_seconds, 3))

    def fail(self, message: str) -> None:
        """This attempt gave up."""
        with self.warehouse.transaction() as session:
            session.run("runs/fail", run_no=self.run_no, attempt=self.attempt, message=message[:2000])

    def outcome(self) -> RowMapping:
        """The run as the ledger has it."""
        with self.warehouse.transaction() as session:
            return session.row("runs/read_outcome", run_no=self.run_no)

    def problems(self) -> dict[str, tuple[int, str]]:
        """This run's open problems: by reason, how many and one key as an example."""
        with self.warehouse.transaction() as session:
            found = session.rows(
                "runs/count_problems", channel=self.channel, operation=self.operation, run_no=self.run_no
            )
        return {row["reason"]: (row["problems"], row["example"]) for row in found}

    def open_problems(self) -> int:
        """How many problems this operation has left open on this channel, whichever run opened them."""
        with self.warehouse.transaction() as session:
            found = session.row("runs/count_open_problems", channel=self.channel, operation=self.operation)
        return int(found["problems"])


def succeed(session: Session, run: Run, counts: Counts, message: str | None = None, *, state: str = "success") -> None:
    """Record a run's end in the transaction that carries its effect."""
    session.run(
        "runs/succeed",
        run_no=run.run_no,
        state=state,
        message=message,
        **counts.as_dict(),
    )
