"""Which orders a run asks for, and which of them it may import: decided once, before the first is read.

All windows are half-open, [start, end), on the store's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from storekeeper.outcomes import SettingsError
from storekeeper.settings import GetOrders


class Window(msgspec.Struct, frozen=True):
    """Orders that were created, or modified last, from ``start`` on and before ``end``."""

    by: Literal["created", "modified"]
    start: datetime
    end: datetime


class Filters(msgspec.Struct, frozen=True):
    """What an order that the warehouse does not know must fit."""

    statuses: tuple[int, ...]
    created_within_days: int
    store_channel_id: int | None

    def wider_than(self, other: Filters) -> bool:
        """Whether an order may fit these and not those."""
        return (
            not set(self.statuses) <= set(other.statuses)
            or self.created_within_days > other.created_within_days
            or self.store_channel_id != other.store_channel_id
        )


class Progress(msgspec.Struct, frozen=True):
    """How far former runs have come.

    :param reached: the store's clock when the last one began that moved the watermark.
    :param filters: under which filters it was reached.
    :param behind: some orders were imported as they were then, before ``reached``: their changes are still to be read.
    :param complete_at: the store's clock when the whole creation window was read last.
    :param known_since: no order that the warehouse knows was read before; None: it knows none.
    """

    reached: datetime | None = None
    filters: Filters | None = None
    behind: datetime | None = None
    complete_at: datetime | None = None
    known_since: datetime | None = None


class Wish(msgspec.Struct, frozen=True):
    """What somebody asked a run for.

    :param backfill: the run's data interval, where it belongs to a backfill.
    :param created: a creation window.
    :param order_ids: single orders.
    """

    backfill: tuple[datetime, datetime] | None = None
    created: tuple[datetime, datetime | None] | None = None
    order_ids: tuple[int, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """What one run asks for.

    :param as_of: the store's clock before the first request.
    :param filters: what an unknown order must fit.
    :param oldest: an unknown order created before is too old; None: none is.
    :param windows: which lists are asked for.
    :param exact: orders created outside are left alone, known or not; the store may answer a second too much.
    :param refunds_since: refunds made since then are asked for; those of pulled orders are in any case.
    :param known_only: unknown orders are left alone.
    :param details: which parts of an order are asked for that no list brings along.
    :param moves_watermark: the next run may go on from ``as_of``.
    :param caught_up: what lay behind the watermark is read from there on.
    :param complete: the whole creation window is read.
    """

    as_of: datetime
    filters: Filters
    oldest: datetime | None = None
    windows: tuple[Window, ...] = ()
    order_ids: tuple[int, ...] = ()
    exact: tuple[datetime, datetime] | None = None
    refunds_since: datetime | None = None
    known_only: bool = False
    details: tuple[str, ...] = ()
    moves_watermark: bool = False
    caught_up: datetime | None = None
    complete: bool = False


def read_wish(params: Mapping[str, Any], backfill: tuple[datetime, datetime] | None) -> Wish:
    """What the run's parameters ask for, beyond settings.

    :raises SettingsError: an id that is no number, a moment that is none, an empty window, or window and ids at once.
    """
    order_ids = read_order_ids(params.get("order_ids"))
    start, end = (_moment(name, params.get(name)) for name in ("created_from", "created_to"))
    if end is not None and start is None:
        raise SettingsError(
            "run parameter created_from: is needed where created_to is given: a window has a beginning (got none)"
        )
    if start is not None and end is not None and end <= start:
        raise SettingsError(f"run parameter created_to: must be after created_from (got {params['created_to']!r})")
    if start is not None and order_ids:
        raise SettingsError("run parameter order_ids: a run takes a window or single orders, not both")
    if backfill is not None:
        if order_ids or start is not None:
            raise SettingsError(
                "run parameter order_ids, created_from: a backfill's window is its data interval; trigger a single run"
                " for a window of your own or for single orders"
            )
        return Wish(backfill=backfill)
    return Wish(created=None if start is None else (start, end), order_ids=order_ids)


def plan_pull(
    wish: Wish,
    settings: GetOrders,
    configured: GetOrders,
    store_channel_id: int | None,
    past: Progress,
    as_of: datetime,
) -> Plan:
    """Decide what a run asks for.

    :param settings: as this run wants them.
    :param configured: as the channel's file has them: only a run with the channel's own filters moves the watermark.
    """
    filters = Filters(tuple(settings.statuses), settings.created_within_days, store_channel_id)
    days = timedelta(days=settings.created_within_days)
    oldest = min(past.reached or as_of, as_of) - days
    details = tuple(detail.value for detail in settings.details)
    if wish.order_ids:
        return Plan(as_of, filters, oldest=oldest, order_ids=wish.order_ids, details=details)
    if wish.backfill is not None:
        filters = msgspec.structs.replace(filters, statuses=tuple(settings.backfill_statuses))
        start, end = wish.backfill
        return Plan(as_of, filters, windows=(Window("created", start, end),), exact=wish.backfill, details=details)
    if wish.created is not None:
        start, end = wish.created[0], wish.created[1] or as_of
        return Plan(as_of, filters, windows=(Window("created", start, end),), exact=(start, end), details=details)
    complete = (
        past.reached is None
        or past.filters is None
        or filters.wider_than(past.filters)
        or past.complete_at is None
        or as_of - past.complete_at >= timedelta(hours=settings.complete_every_hours)
    )
    known_to = past.reached if past.reached is not None else past.known_since
    if known_to is not None and past.behind is not None:
        known_to = min(known_to, past.behind)
    since = None if known_to is None else known_to - timedelta(minutes=settings.overlap_minutes)
    windows = []
    if complete:
        windows.append(Window("created", oldest, as_of))
    if since is not None:
        windows.append(Window("modified", since, max(as_of, since)))
    own = Filters(tuple(configured.statuses), configured.created_within_days, store_channel_id)
    return Plan(
        as_of,
        filters,
        oldest=oldest,
        windows=tuple(windows),
        refunds_since=since,
        details=details,
        moves_watermark=filters == own and set(configured.details) <= set(settings.details),
        caught_up=past.behind,
        complete=complete,
    )


def plan_refresh(start: datetime, as_of: datetime, order_ids: Sequence[int] = ()) -> Plan:
    """Ask for what became of known orders; no other is imported, no watermark moves, and no details are read.

    :param start: all that changed since are asked for, with the refunds made since.
    :param order_ids: these instead.
    """
    nothing_new = Plan(as_of, Filters((), 0, None), known_only=True)
    if order_ids:
        return msgspec.structs.replace(nothing_new, order_ids=tuple(order_ids))
    window = Window("modified", start, max(as_of, start))
    return msgspec.structs.replace(nothing_new, windows=(window,), refunds_since=start)


def read_order_ids(given: Any) -> tuple[int, ...]:
    """The run parameter ``order_ids`` as a person gives it: numbers or texts, one a line or separated by commas.

    :raises SettingsError: one is no id.
    """
    if given is None:
        return ()
    entries: Sequence[Any] = given if isinstance(given, list | tuple) else [given]
    texts = (text.strip() for entry in entries for text in str(entry).split(","))
    ids = []
    for text in texts:
        if not text:
            continue
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
            raise SettingsError(
                f"run parameter order_ids: must be order ids, whole numbers above 0 (got {text[:50]!r})"
            )
        ids.append(int(text))
    return tuple(dict.fromkeys(ids))


def _moment(name: str, given: Any) -> datetime | None:
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    try:
        moment = datetime.fromisoformat(str(given).strip())
    except ValueError:
        raise SettingsError(
            f"run parameter {name}: must be a date or a moment in ISO 8601, such as 2026-01-31 or"
            f" 2026-01-31T08:00:00+01:00; UTC where it names no zone (got {str(given)[:50]!r})"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
