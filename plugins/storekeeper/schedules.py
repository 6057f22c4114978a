"""What all DAGs share: ids, owner, retries by error type, and trigger forms made from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Any, Union, get_args, get_origin

from airflow.sdk import (
    DAG,
    Asset,
    CronDataIntervalTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
)
from pydantic.fields import FieldInfo

from storekeeper.outcomes import (
    AccessLost,
    ClaimTaken,
    ConnectionMissing,
    FeedRefused,
    NotNow,
    PagingStuck,
    ProblemsLeft,
    Refused,
    RunStopped,
    RunSuperseded,
    SettingsError,
)
from storekeeper.settings import ON_INVENTORY, Alerts, Channel, ListingAction, LoadInventory, Settings, run_parameters

# What a repeat cannot mend is not repeated; what passes by itself is tried again soon.
RETRIES = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=ConnectionMissing, action=RetryAction.RETRY, retry_delay=timedelta(seconds=30)),
        *(
            RetryRule(exception=kind, action=RetryAction.FAIL)
            for kind in (
                AccessLost,
                ClaimTaken,
                FeedRefused,
                PagingStuck,
                ProblemsLeft,
                Refused,
                RunStopped,
                RunSuperseded,
                SettingsError,
            )
        ),
        RetryRule(exception=NotNow, action=RetryAction.RETRY, retry_delay=timedelta(seconds=30)),
    ]
)


INVENTORY = Asset(name="storekeeper_inventory", uri="x-storekeeper://warehouse/core/inventory_item")
"""The inventory items; a feed that has loaded some updates it."""


def operation_dag(operation: str, channel: Channel, *, doc: str) -> DAG:
    """The DAG of one operation on one channel, ``{operation}__{channel}``; to be used as a context manager.

    :param operation: also the name of the channel's section of settings.
    :param doc: the DAG file's docstring; it becomes the page's documentation.
    """
    settings: Settings = getattr(channel, operation)
    return _dag(
        f"{operation}__{channel.channel}",
        f"{_title(operation)}: {channel.channel}",
        f"{doc.strip()}\n\n**Channel** `{channel.channel}`: settings in `{channel.file}`,"
        f" connection `{channel.connection_id}`.",
        schedule=_timetable(getattr(settings, "schedule", None)),
        tags=["storekeeper", operation, channel.channel],
        params=_run_form(operation, settings),
        **_told(channel.alerts),
    )


def _told(alerts: Alerts) -> dict[str, Any]:
    """Who is told when a run fails or is late."""
    if not alerts.emails:
        return {}
    from storekeeper.hooks.mail import failed_mail, late_mail  # half a second that most files need not pay

    told: dict[str, Any] = {"on_failure_callback": [failed_mail(alerts.emails)]}
    if alerts.late_after_minutes is not None:
        told["deadline"] = late_mail(alerts.emails, alerts.late_after_minutes)
    return told


def shared_dag(operation: str, parameters: Sequence[str], *, doc: str) -> DAG:
    """The DAG of what is done for all channels at once, when somebody triggers it; to be used as a context manager.

    :param parameters: names of its run parameters.
    :param doc: the DAG file's docstring; it becomes the page's documentation.
    """
    return _dag(
        operation,
        _title(operation),
        doc.strip(),
        schedule=None,
        tags=["storekeeper", operation],
        params={name: copy(_THIS_RUN[name]) for name in parameters},
    )


def feed_dag(operation: str, feed: LoadInventory, *, doc: str) -> DAG:
    """The DAG of a feed for all channels at once; to be used as a context manager.

    :param feed: its settings, as its file has them.
    :param doc: the DAG file's docstring; it becomes the page's documentation.
    """
    return _dag(
        operation,
        _title(operation),
        f"{doc.strip()}\n\nSettings in `{feed.file}`.",
        schedule=_timetable(feed.schedule),
        tags=["storekeeper", operation],
        params=_run_form(operation, feed),
        **_told(feed.alerts),
    )


def _title(operation: str) -> str:
    return operation.replace("_", " ").title()


def _dag(dag_id: str, title: str, doc: str, *, schedule: Any, **kwargs: Any) -> DAG:
    return DAG(
        dag_id=dag_id,
        dag_display_name=title,
        description=doc.splitlines()[0],
        doc_md=doc,
        schedule=schedule,
        start_date=datetime(2024, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=6),
        default_args={
            "owner": "storekeeper",
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "retry_policy": RETRIES,
            "execution_timeout": timedelta(hours=3),
        },
        render_template_as_native_obj=False,
        **kwargs,
    )


def _timetable(schedule: str | None) -> CronDataIntervalTimetable | list[Asset] | None:
    """A plain cron string would give intervals of no length, and a backfill takes each run's interval as its window."""
    if schedule is None:
        return None
    return [INVENTORY] if schedule == ON_INVENTORY else CronDataIntervalTimetable(schedule, timezone="UTC")


_THIS_RUN = {
    "skus": Param(
        [],
        type=["array", "null"],
        items={"type": "string"},
        title="Only these master SKUs",
        description="One a line, or separated by commas; empty: all.",
        section="This run",
    ),
    "order_ids": Param(
        [],
        type=["array", "null"],
        items={"anyOf": [{"type": "string"}, {"type": "integer"}]},  # a plain type here, and the form asks for JSON
        title="Only these orders",
        description="The store's order ids, one a line, or separated by commas; empty: all. With a dry run, the log of"
        " load says of each what becomes of it, and why.",
        section="This run",
    ),
    "created_from": Param(
        None,
        type=["string", "null"],
        format="date-time",
        title="Created from",
        description="Only orders created at that moment or later, however old; UTC unless it names a zone.",
        section="This run",
    ),
    "created_to": Param(
        None,
        type=["string", "null"],
        format="date-time",
        title="Created before",
        description="With created_from: only orders created before that moment; empty: until now.",
        section="This run",
    ),
    "email": Param(
        None,
        type=["string", "null"],
        title="E-mail address",
        description="The shopper's, in any letter case. Either this or a customer id.",
        section="This run",
    ),
    "customer_id": Param(
        None,
        type=["string", "integer", "null"],
        examples=[],  # with two types and none of these, the form gives it a box of six lines
        title="Customer id",
        description="The store's id of the shopper; needs the channel.",
        section="This run",
    ),
    "channel": Param(
        None,
        type=["string", "null"],
        title="Channel",
        description="The store's channel; empty, with an e-mail address: all.",
        section="This run",
    ),
    "settle": Param(
        [],
        type=["array", "null"],
        items={"type": "object"},
        title="Settle",
        description="What you know of shipments in doubt (problem undecided), as JSON:"
        ' [{"key": "S-1001", "as": "sent"}], or "not_sent", which sends it. Who said so is kept.',
        section="This run",
    ),
    "dry_run": Param(
        False,
        type="boolean",
        title="Dry run",
        description="Say what would be done, write nothing.",
        section="This run",
    ),
    "confirm_large_change": Param(
        False,
        type="boolean",
        title="Confirm a large change",
        description="Let this run through although a guard would stop it.",
        section="This run",
    ),
}
"""The parameters that narrow, try or confirm a single run, by name."""

_OF_ONE_OPERATION = {
    "sync_orders": {
        "order_ids": Param(
            [],
            type=["array", "null"],
            items={"anyOf": [{"type": "string"}, {"type": "integer"}]},
            title="Only these orders",
            description="The store's order ids, one a line, or separated by commas; empty: all. Only their shipments"
            " are sent.",
            section="This run",
        ),
    },
    "change_listing_status": {
        "action": Param(
            None,
            type="string",
            enum=[action.value for action in ListingAction],
            values_display={action.value: action.label for action in ListingAction},
            title="Action",
            description="What is to be done about the listings. Nothing is sent to the store by this run.",
            section="This run",
        ),
        "skus": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Master SKUs",
            description="One a line, or separated by commas, in any letter case. Required: empty never means all.",
            section="This run",
        ),
        "whole_listing": Param(
            False,
            type="boolean",
            title="Whole listings",
            description="An action belongs to a listing with all its variants. Without this, a run that names only some"
            " of them is refused.",
            section="This run",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Try with this first: the log shows each listing it would touch, and nothing is written.",
            section="This run",
        ),
        "confirm_large_change": Param(
            False,
            type="boolean",
            title="Confirm the deletion",
            description="Delist always needs it: the products are deleted from the store.",
            section="This run",
        ),
    },
}
"""Parameters that only one operation has, or means in a way of its own, by operation and name."""


def _run_form(operation: str, settings: Settings) -> dict[str, Param]:
    """The trigger form: what narrows or confirms this run, then the operation's settings, the channel's as default."""
    known = {**_THIS_RUN, **_OF_ONE_OPERATION.get(operation, {})}
    form = {name: copy(known[name]) for name in settings.this_run}
    values = settings.model_dump(mode="json")
    for name, field in run_parameters(type(settings)).items():
        form[name] = Param(
            values[name],
            **_json_type(field),
            title=name.replace("_", " ").capitalize().replace("sku", "SKU"),
            description=field.description,
            section="Settings, for this run only",
        )
    return form


def _json_type(field: FieldInfo) -> dict[str, Any]:
    kind = field.annotation
    nullable = False
    if get_origin(kind) is tuple:
        # a list that somebody emptied in the form arrives as null
        return {"type": ["array", "null"], **_entries(get_args(kind)[0])}
    if get_origin(kind) in (Union, UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        nullable, kind = len(options) < len(get_args(kind)), options[0]
    if isinstance(kind, type) and issubclass(kind, Settings):
        return {"type": "object"}
    if isinstance(kind, type) and issubclass(kind, str) and hasattr(kind, "__members__"):
        return {"type": "string", "enum": [member.value for member in kind]}  # type: ignore[attr-defined]
    name = {bool: "boolean", int: "integer", float: "number", str: "string"}[kind]  # type: ignore[index]
    bounds = {
        schema: value
        for rule in field.metadata
        for schema, value in (("minimum", getattr(rule, "ge", None)), ("maximum", getattr(rule, "le", None)))
        if value is not None
    }
    return {"type": [name, "null"] if nullable else name, **bounds}


def _entries(kind: Any) -> dict[str, Any]:
    """A list whose entries are of an enum: the form offers them; what is not among them, the setting refuses."""
    if kind is str:
        return {"items": {"type": "string"}}
    members = list(get_args(kind)[0])
    if issubclass(get_args(kind)[0], int):
        labels = {str(member.value): f"{member.value} {member.label}" for member in members}
        return {
            "items": {"type": ["integer", "string"]},
            "examples": [str(member.value) for member in members],
            "values_display": labels,
        }
    return {"items": {"type": "string"}, "examples": [member.value for member in members]}
