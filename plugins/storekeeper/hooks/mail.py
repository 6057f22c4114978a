"""Mails about runs that failed or are late, through Airflow's connection ``smtp_default``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

if TYPE_CHECKING:
    from airflow.sdk import Context


class RunMail(SmtpNotifier):
    """A mail about a run."""

    def get_template_env(self, dag: Any = None) -> Any:
        """An environment of its own: ``airflow dags test`` hands over a DAG that makes none."""
        return super().get_template_env(None)


class LateMail(RunMail):
    """A mail about a run that is late. All runs of a backfill are queued at once, and wait for each other: none is."""

    async def async_notify(self, context: Context) -> None:
        """Send it, from the triggerer."""
        run: Any = context.get("dag_run")
        run_id = run.get("run_id") if isinstance(run, dict) else getattr(run, "run_id", None)
        if not str(run_id).startswith("backfill__"):
            await super().async_notify(context)


def failed_mail(emails: Sequence[str]) -> RunMail:
    """What tells of a run that has failed."""
    return RunMail(**_mail(emails, "has failed"))


def late_mail(emails: Sequence[str], minutes: float) -> DeadlineAlert:
    """What tells of a run that has not ended so many minutes after it was queued."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=minutes),
        callback=AsyncCallback(LateMail, kwargs=_mail(emails, "is late")),
    )


def _mail(emails: Sequence[str], happened: str) -> dict[str, Any]:
    """It names the run alone: an error may be about a person."""
    return {
        "to": list(emails),
        "subject": f"Storekeeper: {{{{ dag_run.dag_id }}}} {happened}",
        "html_content": f"<p>Run <b>{{{{ dag_run.run_id }}}}</b> of <b>{{{{ dag_run.dag_id }}}}</b> {happened}.</p>"
        "<p>Its log and the table <code>mart.runs</code> say more.</p>",
    }
