"""The three tasks of Sync Listings."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from storekeeper.hooks.warehouse import open_warehouse
from storekeeper.operations import sync_listings
from storekeeper.operations.step import Step
from storekeeper.operators.step import ConcludingOperator, StepOperator
from storekeeper.settings import Channel

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExtractChangesOperator(StepOperator):
    """Compare what the warehouse wants with what the store last confirmed, and ask the guards.

    Reads the warehouse; calls nothing. XCom: how many changes there are, and what a person is to approve.
    """

    operation = "sync_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Compare."""
        return sync_listings.STEPS["extract"](step)


class ApproveLargeChangeOperator(ApprovalOperator):
    """Wait for a person's word where the change is large and the channel says `large_change: ask`; else go on at once.

    Shown under *Required Actions*. A no, or no answer in time, ends the run red; nothing is sent.

    :param channel: the channel, as its file describes it.
    """

    def __init__(self, *, channel: Channel, **kwargs: Any) -> None:
        super().__init__(
            subject=f"Sync Listings of {channel.channel}: let a large change through?",
            body="{{ (ti.xcom_pull(task_ids='extract') or {}).get('ask') or 'No large change.' }}",
            fail_on_reject=True,
            defaults=self.REJECT,
            response_timeout=timedelta(minutes=channel.sync_listings.approval_timeout_minutes),
            **{"doc_md": inspect.getdoc(type(self)), **kwargs, "execution_timeout": None},
        )
        self.channel = channel

    def execute(self, context: Context) -> Any:
        """Ask, where there is something to ask."""
        extracted = context["ti"].xcom_pull(task_ids="extract") or {}
        if not extracted.get("ask"):
            return {"asked": False}
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Keep who approved, and when; a no leaves as the error that ends the run."""
        answered = super().execute_complete(context, event)
        user = event.get("responded_by_user") or {}
        with open_warehouse() as warehouse:
            sync_listings.approve(
                warehouse, self.channel.channel, context["run_id"], str(user.get("name") or "unknown")
            )
        return answered


class LoadChangesOperator(ConcludingOperator):
    """Send the difference to the store, under the claim on it, then say what was done.

    Compares anew when it starts, so a second attempt sends only what is missing. XCom: counts.
    """

    operation = "sync_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Send."""
        return sync_listings.STEPS["load"](step)
