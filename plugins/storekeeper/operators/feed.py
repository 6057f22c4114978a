"""One step of a feed as an Airflow task: what all of them share."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from storekeeper.hooks.warehouse import open_warehouse
from storekeeper.operations.feed import LAST_STEP, STEPS, Feed
from storekeeper.operators.feed_file import open_feed_file, shown_path
from storekeeper.operators.step import report
from storekeeper.settings import Channel
from storekeeper.warehouse.database import Warehouse

if TYPE_CHECKING:
    from airflow.sdk import Context


class FeedOperator(BaseOperator):
    """Calls one step of the feed: opens the run, hands over its parameters, records cost and failure."""

    def __init__(self, **kwargs: Any) -> None:
        # the class says what its task does, on the task's page too
        super().__init__(**{"doc_md": inspect.getdoc(type(self)), **kwargs})

    @abstractmethod
    def attempt(self, warehouse: Warehouse, **of_run: Any) -> AbstractContextManager[Feed[Any]]:
        """An attempt of this task; ``of_run`` are its run's id, parameters, and what opens files."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the step; an error is kept in the run ledger and leaves as it came: its type decides on retries."""
        with open_warehouse() as warehouse:
            with self.attempt(
                warehouse,
                run_id=context["run_id"],
                params=dict(context["params"]),
                open_file=open_feed_file,
                shown_path=shown_path,
            ) as feed:
                done = STEPS[self.task_id](feed)
            self.conclude(feed, done, context)
            return done

    def conclude(self, feed: Feed[Any], done: dict[str, Any], context: Context) -> None:
        """What is left to do once the step's work and cost are recorded: the last one says what was done.

        :raises ProblemsLeft: problems were left, and the feed's settings want that shown.
        """
        if self.task_id == LAST_STEP:
            report(feed.run, self.log)


class ChannelFeedOperator(FeedOperator):
    """One step of a channel's own feed.

    :param channel: the channel, as its file describes it.
    """

    def __init__(self, *, channel: Channel, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channel = channel
