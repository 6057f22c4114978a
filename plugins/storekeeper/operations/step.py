"""What one step of an operation works with: run, channel, settings, and the store, opened when first asked for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from functools import cached_property
from typing import Any

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.outcomes import WarehouseUnavailable
from storekeeper.settings import Channel, Settings
from storekeeper.warehouse.database import Warehouse
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

FIRST_TASK = "extract"
"""The first task of an operation that has several."""

ONLY_TASK = "change"
"""The task of an operation that has one: it is the first too."""


class Step:
    """One attempt of one step of a run.

    :param configured: the operation's settings, as the channel's file has them.
    :param params: the run's parameters.
    :param open_store: opens the channel's store.
    :param backfill: the run's data interval, [start, end), where the run belongs to a backfill.
    :param named: those of the parameters that somebody gave this run, without defaults.
    :param by: who triggered the run, as Airflow names them; None: nobody did, or nobody says.
    """

    def __init__(
        self,
        run: Run,
        channel: Channel,
        configured: Settings,
        params: Mapping[str, Any],
        open_store: Callable[[], StoreClient],
        backfill: tuple[datetime, datetime] | None = None,
        named: Mapping[str, Any] | None = None,
        by: str | None = None,
    ) -> None:
        self.backfill = backfill
        self.by = by
        self.named = params if named is None else named
        self.run = run
        self.channel = channel
        self.params = params
        self._configured = configured
        self._open_store = open_store
        self._store: StoreClient | None = None

    @cached_property
    def settings(self) -> Any:
        """The operation's settings as this run wants them.

        :raises SettingsError: a run parameter that nobody knows, or a value that its setting does not allow.
        """
        return self._configured.with_run_parameters(self.params)

    @property
    def store(self) -> StoreClient:
        """The channel's store."""
        if self._store is None:
            self._store = self._open_store()
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


@contextmanager
def attempt(
    task: str,
    warehouse: Warehouse,
    channel: Channel,
    operation: str,
    *,
    run_id: str,
    params: Mapping[str, Any],
    open_store: Callable[[], StoreClient],
    backfill: tuple[datetime, datetime] | None = None,
    named: Mapping[str, Any] | None = None,
    by: str | None = None,
) -> Iterator[Step]:
    """One attempt of one task: opens the run, records what it cost, and why it failed where it fails.

    :param operation: also the name of the channel's section of settings.
    :param params: the run's parameters; those of the form, as a person gave them.
    :param backfill: the run's data interval, where the run belongs to a backfill.
    :param named: those of the parameters that somebody gave this run; all of them where left out.
    :param by: who triggered the run.
    """
    run = Run.begin(
        warehouse,
        channel=channel.channel,
        operation=operation,
        run_id=run_id,
        dry_run=bool(params.get("dry_run")),
        params={**params, "backfill": [str(moment) for moment in backfill]} if backfill else params,
        first=task in (FIRST_TASK, ONLY_TASK),
        single=task == ONLY_TASK,
    )
    step = Step(run, channel, getattr(channel, operation), params, open_store, backfill, named, by)
    with recorded(run, task, lambda: step.requests):
        try:
            yield step
        finally:
            step.close()


@contextmanager
def recorded(run: Run, task: str, requests: Callable[[], int] = lambda: 0) -> Iterator[None]:
    """Keep in the ledger what an attempt of a task has cost, and why it failed where it fails.

    :param requests: HTTP requests that it has sent to the store by now.
    """
    started, failed = time.monotonic(), True
    try:
        yield
    except Exception as error:
        log.error("%s: %s", type(error).__name__, error)
        with suppress(WarehouseUnavailable):  # the error itself decides what follows
            run.fail(f"{task}: {type(error).__name__}: {error}")
        raise
    else:
        failed = False
    finally:
        with suppress(WarehouseUnavailable) if failed else nullcontext():
            run.spend(requests(), time.monotonic() - started)


def split_skus(given: Iterable[str]) -> list[str]:
    """What a person pasted into the form as master SKUs, each once, in the order given."""
    parts = (part.strip() for line in given for part in str(line).split(","))
    return list(dict.fromkeys(part for part in parts if part))
