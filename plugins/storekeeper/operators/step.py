"""One step of an operation as an Airflow task: what all of them share."""

from __future__ import annotations

import inspect
import time
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.hooks.bigcommerce import BigCommerceHook
from storekeeper.hooks.warehouse import open_warehouse
from storekeeper.settings import Channel, Settings
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
        params = dict(context["params"])
        with open_warehouse() as warehouse:
            run = Run.begin(
                warehouse,
                channel=self.channel.channel,
                operation=self.operation,
                run_id=context["run_id"],
                dry_run=bool(params.get("dry_run")),
                params=params,
            )
            step = Step(self.channel, getattr(self.channel, self.operation), run, params)
            started = time.monotonic()
            try:
                done = self.work(step)
            except Exception as error:
                self.log.error("%s: %s", type(error).__name__, error)
                run.fail(f"{self.task_id}: {type(error).__name__}: {error}")
                raise
            finally:
                run.spend(step.requests, time.monotonic() - started)
                step.close()
            self.conclude(step)
            return done


class Step:
    """What a step works with.

    :param configured: the operation's settings, as the channel's file has them.
    :param params: the run's parameters.
    """

    def __init__(self, channel: Channel, configured: Settings, run: Run, params: Mapping[str, Any]) -> None:
        self.channel = channel
        self._configured = configured
        self.run = run
        self.params = params
        self._store: StoreClient | None = None

    @cached_property
    def settings(self) -> Any:
        """The operation's settings as this run wants them.

        :raises SettingsError: a run parameter that nobody knows, or a value that its setting does not allow.
        """
        return self._configured.with_run_parameters(self.params)

    @property
    def store(self) -> StoreClient:
        """The channel's store; opened when first asked for."""
        if self._store is None:
            hook = BigCommerceHook(
                self.channel.connection_id,
                named_in=f"channel {self.channel.channel!r}: {self.channel.file}: connection_id",
            )
            self._store = hook.get_conn()
        return self._store

    @property
    def skus(self) -> list[str]:
        """The master SKUs that the run is narrowed to: stripped, blanks dropped, lists with commas taken apart."""
        return split_skus(self.params.get("skus") or [])

    @property
    def requests(self) -> int:
        """HTTP requests that this step has sent to the store."""
        return self._store.requests_sent if self._store else 0

    def close(self) -> None:
        """Give the store's connections back."""
        if self._store is not None:
            self._store.close()


def split_skus(given: Iterable[str]) -> list[str]:
    """What a person pasted into the form as master SKUs, each once, in the order given."""
    parts = (part.strip() for line in given for part in str(line).split(","))
    return list(dict.fromkeys(part for part in parts if part))
