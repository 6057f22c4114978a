"""One step of an operation as an Airflow task: what all of them share."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.hooks.bigcommerce import BigCommerceHook
from storekeeper.hooks.warehouse import open_warehouse
from storekeeper.operations.step import Step, attempt
from storekeeper.operations.summary import summary
from storekeeper.operations.wording import counted
from storekeeper.operators.metrics import measure
from storekeeper.outcomes import ProblemsLeft, SettingsError
from storekeeper.settings import Channel
from storekeeper.warehouse.runs import Run

if TYPE_CHECKING:
    from airflow.sdk import Context


class StepOperator(BaseOperator):
    """Calls one step of an operation: opens the run, hands over its parameters, records cost and failure.

    :param channel: the channel, as its file describes it.
    """

    operation: ClassVar[str]

    def __init__(self, *, channel: Channel, **kwargs: Any) -> None:
        # the class says what its task does, on the task's page too
        super().__init__(**{"doc_md": inspect.getdoc(type(self)), **kwargs})
        self.channel = channel

    @abstractmethod
    def work(self, step: Step) -> dict[str, Any]:
        """Do the step; what is returned goes to XCom: counts, never rows."""

    def conclude(self, step: Step) -> None:
        """What is left to say once the step's work and cost are recorded."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the step; an error is kept in the run ledger and leaves as it came: its type decides on retries."""
        with open_warehouse() as warehouse:
            with attempt(
                self.task_id,
                warehouse,
                self.channel,
                self.operation,
                run_id=context["run_id"],
                params=dict(context["params"]),
                open_store=self._open_store,
                backfill=_backfill(context),
                named=named_parameters(context),
                by=getattr(context["dag_run"], "triggering_user_name", None),
            ) as step:
                done = self.work(step)
            self.conclude(step)
            return done

    def _open_store(self) -> StoreClient:
        named_in = f"channel {self.channel.channel!r}: {self.channel.file}: connection_id"
        return BigCommerceHook(self.channel.connection_id, named_in=named_in).get_conn()


class ConcludingOperator(StepOperator):
    """The last step of an operation: when its work is done, it says so."""

    def conclude(self, step: Step) -> None:
        """Say what was done; end red where problems were left and the channel wants that shown."""
        report(step.run, self.log)


def report(run: Run, log: Any) -> None:
    """Say what a run has done, in the log and by Airflow's metrics.

    :raises ProblemsLeft: it left some, and a setting wants such a run red.
    """
    log.info("%s", summary(run))
    measure(run)
    outcome = run.outcome()
    if outcome["state"] == "failed":
        left = outcome["skipped"] + outcome["failed"]
        raise ProblemsLeft(f"{counted(left, 'records')} {'was' if left == 1 else 'were'} left out; see mart.problems")


def named_parameters(context: Context) -> dict[str, Any]:
    """Those of the run's parameters that somebody gave it.

    The form in Airflow's UI hands over all of them, touched or not: of those, the ones that say something else than it
    did by itself.
    """
    given = dict(context["dag_run"].conf or {})
    offered = context["dag"].params
    if not set(given).issuperset(offered):
        return given
    return {
        name: value for name, value in given.items() if name not in offered or value != offered.get_param(name).value
    }


def _backfill(context: Context) -> tuple[datetime, datetime] | None:
    """The run's data interval, where it belongs to a backfill: other runs have intervals too, and mean none by it."""
    if context["dag_run"].run_type != "backfill":
        return None
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        raise SettingsError("this backfill's run has no data interval: the channel needs a schedule to be backfilled")
    return _plain(start), _plain(end)


def _plain(moment: datetime) -> datetime:
    """Airflow's moments are of a class of their own, which no encoder of the run's plan knows."""
    return datetime.fromisoformat(moment.isoformat()).astimezone(UTC)
