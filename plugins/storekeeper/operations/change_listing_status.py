"""Change Listing Status: a person pauses listings, or queues what the next sync or publish is to do with them.

One transaction, and no call to the store: whatever a SKU's typo or a forgotten variant would have half done, is not
begun. What makes no sense for a listing is left out and said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from storekeeper.operations.outbound import GUARDED_FROM
from storekeeper.operations.step import Step
from storekeeper.operations.wording import counted
from storekeeper.outcomes import Counts, RunStopped, SettingsError
from storekeeper.settings import Channel, LargeChange, ListingAction
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run, succeed

log = logging.getLogger(__name__)

MOST_ROWS = 50
"""So many listings are shown in the log's table."""

MOST_NAMED = 10
"""So many SKUs or listings are named where a run is refused."""

NOTHING = "Nothing was written."

DONE_LATER = {
    "hide": "the next sync hides it",
    "unhide": "the next sync shows it again",
    "delist": "the next sync deletes it from the store",
    "publish": "the next publish creates it in the store",
    "overwrite": "the next publish sends all its data",
}
"""What becomes of a queued action, and when."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants done.

    :param skus: master SKUs, in any letter case.
    :param whole_listing: the variants that are not named are meant too.
    :param confirmed: a person has said that products may be deleted.
    """

    action: ListingAction
    skus: Sequence[str]
    whole_listing: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one listing.

    :param counted: as what it counts: ``updated``, ``unchanged`` or ``skipped``.
    :param paused: as the listing will be; ``queued`` likewise.
    :param said: what happens next and when, or why nothing does.
    """

    listing: RowMapping
    counted: str
    paused: bool
    queued: str | None
    said: str


def read_order(params: Mapping[str, Any], skus: Sequence[str]) -> Order:
    """What a run's parameters ask for.

    :param skus: those among the parameters, taken apart.
    :raises SettingsError: no action that there is, or no SKU.
    """
    known = [action.value for action in ListingAction]
    if params.get("action") not in known:
        raise SettingsError(
            f"run parameter action: must be one of {', '.join(known)} (got {params.get('action')!r}). {NOTHING}"
        )
    if not skus:
        raise SettingsError(f"run parameter skus: name at least one master SKU; empty never means all. {NOTHING}")
    return Order(
        ListingAction(params["action"]),
        skus,
        whole_listing=bool(params.get("whole_listing")),
        confirmed=bool(params.get("confirm_large_change")),
    )


def change(run: Run, channel: Channel, order: Order) -> Counts:
    """Change the status of all listings that are named, or of none.

    :raises RunStopped: a SKU is not known, a listing is named in part, or a deletion is not confirmed; nothing was
        written. A dry run only says so.
    """
    if run.step == "loaded":
        outcome = run.outcome()
        log.info("this run is done already; to do the same once more, trigger a new one")
        return Counts(**{name: outcome[name] for name in Counts().as_dict()})
    named: dict[str, Any] = {"channel": channel.channel, "skus": list(order.skus)}
    with run.transaction() as session:
        session.run("change_listing_status/lock_listings", **named)
        unknown = [row["sku"] for row in session.rows("change_listing_status/list_unknown", **named)]
        decisions = [decide(order.action, row) for row in session.rows("change_listing_status/read_listings", **named)]
        if decisions:
            log.info("what %s does:\n%s", order.action.value, "\n".join(show(decisions)))
        refused = "\n".join(_refusals(channel, order, unknown, decisions))
        if refused and not run.dry_run:
            raise RunStopped(f"{refused}\n{NOTHING}")
        with session.savepoint() as changing:
            _write(session, channel, decisions)
            said = list(_forecast(session, channel, order.action))
            if run.dry_run:
                changing.rollback()
        if refused:
            said.append(f"Without the dry run this would be refused:\n{refused}")
        for line in said:
            log.warning("%s", line)
        if run.dry_run:
            said.insert(0, f"Dry run: {NOTHING[0].lower()}{NOTHING[1:]}")
        counts = count(decisions)
        succeed(session, run, counts, "\n".join(said)[:2000] or None)
    return counts


def decide(action: ListingAction, listing: RowMapping) -> Decision:
    """What an action does to a listing, as it is now."""

    def changed(said: str = "", **to: Any) -> Decision:
        paused, queued = to.get("paused", listing["paused"]), to.get("queued", listing["queued_action"])
        return Decision(listing, "updated", paused, queued, said or _next(paused, queued))

    def left(said: str, counted: str = "skipped") -> Decision:
        return Decision(listing, counted, listing["paused"], listing["queued_action"], said)

    hidden, queued = listing["status"] == "hidden", listing["queued_action"]
    reversed_by = {ListingAction.HIDE: "unhide", ListingAction.UNHIDE: "hide"}
    match action:
        case ListingAction.PAUSE | ListingAction.UNPAUSE:
            paused = action is ListingAction.PAUSE
            if listing["paused"] == paused:
                return left("paused already" if paused else "not paused", "unchanged")
            return changed(paused=paused)
        case ListingAction.CANCEL:
            return changed(f"{queued} is taken back", queued=None) if queued else left("nothing is queued")
        case ListingAction.PUBLISH if listing["in_store"]:
            return left("in the store already: overwrite sends its data anew")
        case ListingAction.OVERWRITE if not listing["in_store"]:
            return left("not in the store: publish creates it there")
        case ListingAction.HIDE | ListingAction.UNHIDE | ListingAction.DELIST if not listing["in_store"]:
            return left("not in the store")
    if queued == action.value:
        return left(f"queued already: {_next(listing['paused'], queued)}", "unchanged")
    if action in reversed_by and hidden == (action is ListingAction.HIDE):  # it is in the store as it should be
        if queued == reversed_by[action]:
            return changed(f"{queued} is taken back: it stays as it is", queued=None)
        return left("hidden already" if hidden else "not hidden")
    replaces = f"; instead of {queued}" if queued else ""
    return changed(_next(listing["paused"], action.value) + replaces, queued=action.value)


def _next(paused: bool, queued: str | None) -> str:
    """What happens to a listing next, and when."""
    if paused:
        return f"paused: {queued or 'everything'} waits until unpaused"
    return DONE_LATER[queued] if queued else "the next sync sends what has changed"


def count(decisions: Iterable[Decision]) -> Counts:
    """The run's counts, in listings."""
    counts = Counts()
    for decision in decisions:
        counts.read += 1
        setattr(counts, decision.counted, getattr(counts, decision.counted) + 1)
    return counts


def show(decisions: Sequence[Decision]) -> Iterator[str]:
    """The decisions as the lines of a table: what changes first."""
    first = {"updated": 0, "skipped": 1, "unchanged": 2}
    heads = ("listing", "title", "SKUs", "now", "then", "what happens next")
    rows = [heads]
    for decision in sorted(decisions, key=lambda one: first[one.counted])[:MOST_ROWS]:
        listing = decision.listing
        now = _state(listing["status"], listing["paused"], listing["queued_action"])
        then = _state(listing["status"], decision.paused, decision.queued)
        rows.append(
            (
                listing["listing_key"][:30],
                " ".join(listing["title"].split())[:30],
                str(listing["variants"]),
                now,
                "as it is" if decision.counted != "updated" else then,
                decision.said,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if len(decisions) > MOST_ROWS:
        yield f"... and {counted(len(decisions) - MOST_ROWS, 'more listings')}"


def _state(status: str, paused: bool, queued: str | None) -> str:
    return status + (", paused" if paused else "") + (f", {queued} queued" if queued else "")


def _refusals(channel: Channel, order: Order, unknown: Sequence[str], decisions: Sequence[Decision]) -> Iterator[str]:
    """Why the run may not be done as it was asked for."""
    if unknown:
        yield (
            f"{len(unknown)} of the SKUs {'is no master SKU' if len(unknown) == 1 else 'are no master SKUs'} of channel"
            f" {channel.channel!r}: {_some(map(repr, unknown))}"
        )
    parted = [decision.listing for decision in decisions if decision.listing["unnamed"]]
    if parted and not order.whole_listing:
        yield (
            f"{order.action.value} belongs to a listing with all its variants, and of"
            f" {counted(len(parted), 'listings')} only some were named. Name the others too, or give"
            " whole_listing. Not named:"
        )
        yield from _some_lines(f"  {one['listing_key']}: {_some(one['unnamed'])}" for one in parted)
    deleted = [decision.listing for decision in decisions if decision.counted == "updated"]
    if deleted and order.action is ListingAction.DELIST and not order.confirmed:
        yield (
            f"The next sync would delete {counted(len(deleted), 'listings')} from the store. If this is meant, run it"
            " again with confirm_large_change. Such as:"
        )
        yield from _some_lines(f"  {one['listing_key']}: {' '.join(one['title'].split())[:60]}" for one in deleted)


def _some(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _some_lines(lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield from found[:MOST_NAMED]
    if len(found) > MOST_NAMED:
        yield f"  and {len(found) - MOST_NAMED:,} more"


def _write(session: Session, channel: Channel, decisions: Iterable[Decision]) -> None:
    changed = [decision for decision in decisions if decision.counted == "updated"]
    session.run(
        "change_listing_status/change_listings",
        channel=channel.channel,
        listing_keys=[decision.listing["listing_key"] for decision in changed],
        paused=[decision.paused for decision in changed],
        queued_actions=[decision.queued for decision in changed],
    )


def _forecast(session: Session, channel: Channel, action: ListingAction) -> Iterator[str]:
    """Whether the next sync will let it through: its guards know nothing of what a person confirmed here."""
    waiting = session.row("change_listing_status/count_waiting", channel=channel.channel)
    settings = channel.sync_listings
    for queued, affects, most in (
        (ListingAction.HIDE, "hidden", settings.max_hidden_share),
        (ListingAction.DELIST, "delisted", settings.max_delisted_share),
    ):
        listings, affected = waiting["listings"], waiting[affects]
        if action not in (queued, ListingAction.UNPAUSE) or listings < GUARDED_FROM or affected <= most * listings:
            continue
        asks = settings.large_change is LargeChange.ASK
        yield (
            f"{affected} of {listings} listings wait to be {affects}, and sync_listings.max_{affects}_share allows"
            f" {most:.0%} a run: the next sync "
            + ("waits for approval." if asks else "stops, and sends nothing until it is run with confirm_large_change.")
        )


def _change(step: Step) -> dict[str, Any]:
    known = step.settings.this_run  # a misspelt dry_run is refused here
    order = read_order({name: step.params.get(name) for name in known}, step.skus)
    return change(step.run, step.channel, order).as_dict()


STEPS: Mapping[str, Callable[[Step], dict[str, Any]]] = {"change": _change}
"""The one task of a run."""
