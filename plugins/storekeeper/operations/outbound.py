"""What the operations that write to a store share: one writer at a time, batches that no single record can hold up.

Each call is made under the claim and its outcome recorded under it. What the store refuses as a batch is taken apart,
until the good have gone through and each bad record stands alone with the store's own reason.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from storekeeper.bigcommerce import last_look
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.outcomes import Refused, RunStopped
from storekeeper.settings import Channel, Writing
from storekeeper.warehouse.claim import Claim, Terms
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_REFUSED = 100
"""So many records may be refused one after the other before a kind of call is given up: a store that refuses all is not
asked for each of them."""

NOT_THE_RECORDS = (405, 415)
"""What these say is about the call, not about a record in it: taking the batch apart would change nothing."""


GUARDED_FROM = 20
"""The guards bind from so many listings up: in a smaller shop a share says nothing."""

CONFIRM = "Nothing was sent. If this is meant, run it again with confirm_large_change."
"""What ends the words of a guard that stops a run."""

FRESH_SECONDS = 1.0
"""What waited longer than this for its turn is compared once more with what is wanted, before it goes out."""


class Outdated(Exception):
    """What was about to be sent is not wanted any more, or somebody paused it: nothing was sent."""


class Fresh:
    """Asked just before each call goes out: the claim is ours and, where it had to wait, all of it is still wanted.

    :param still_wanted: asks the warehouse.
    """

    def __init__(self, claim: Claim, still_wanted: Callable[[], bool]) -> None:
        self._claim = claim
        self._still_wanted = still_wanted
        self._asked_at = time.monotonic()

    def check(self) -> float:
        """To be handed to the client.

        :raises Outdated: it is not wanted any more.
        :raises ClaimLost: the claim is not ours any more.
        """
        if time.monotonic() - self._asked_at > FRESH_SECONDS:
            if not self._still_wanted():
                raise Outdated
            self._asked_at = time.monotonic()
        return self._claim.check()


def hold_claim(store: StoreClient, run: Run, terms: Writing) -> AbstractContextManager[Claim]:
    """The claim on a store, for the length of a block.

    :raises ClaimTaken: another run writes to this store and did not finish in time.
    """
    return Claim.held(
        run,
        store.store_hash,
        Terms(
            wait=terms.claim_wait_seconds,
            lease=terms.lease_seconds,
            heartbeat=terms.heartbeat_seconds,
            call=last_look.LOOK_SECONDS + store.patience.read,
        ),
    )


def check_store(run: Run, channel: Channel, store_hash: str) -> None:
    """The store is the one that the channel's listings were imported from.

    :raises RunStopped: it is another one.
    """
    with run.transaction() as session:
        known = session.rows("runs/find_store", channel=channel.channel)
    if known and known[0]["store_hash"] != store_hash:
        raise RunStopped(
            f"channel {channel.channel!r}: connection {channel.connection_id!r} leads to the store"
            f" {store_hash!r}, but the listings were imported from {known[0]['store_hash']!r}: the products' ids mean"
            " others there. Nothing was sent. Correct the connection, or run import_listings first."
        )


class Sender:
    """Sends the batches of one kind of call, until the store refuses nothing but refusals.

    :ivar gave_up: why the rest is not sent; None while it is.
    """

    def __init__(self) -> None:
        self.gave_up: str | None = None
        self._refused_since_one_went_through = 0

    def send(
        self,
        items: Sequence[T],
        call: Callable[[Sequence[T]], Sequence[T]],
        settle: Callable[[Sequence[T]], None],
        refuse: Callable[[T, Refused], None],
        named: Callable[[T], str] | None = None,
        parts: Callable[[T], Sequence[T]] | None = None,
    ) -> None:
        """Send a batch; where the store refuses it, its parts.

        :param call: sends items, and returns those that the store has taken whole.
        :param settle: records that the store has confirmed these.
        :param refuse: records that the store refuses this one.
        :param named: how the store names an item in a refusal, where it does: then one refusal tells of all of them.
        :param parts: what an item that is refused consists of: each of several is tried alone.
        :raises Refused: it is the call that is refused.
        """
        waiting = deque([items])
        while waiting and self.gave_up is None:
            batch = waiting.popleft()
            try:
                taken = call(batch)
            except Refused as refusal:
                if refusal.status in NOT_THE_RECORDS:
                    raise
                bad = [batch[0]] if len(batch) == 1 else _blamed(batch, refusal, named)
                rest = [item for item in batch if item not in bad] if bad else list(batch)
                if bad and rest:
                    waiting.appendleft(rest)
                elif rest:
                    middle = len(rest) // 2
                    waiting.extendleft((rest[middle:], rest[:middle]))
                for item in bad:
                    apart = parts(item) if parts else (item,)
                    if len(apart) > 1:
                        waiting.extendleft([part] for part in reversed(apart))
                    else:
                        self._refuse(item, refusal, refuse)
            else:
                if taken:
                    settle(taken)
                    self._refused_since_one_went_through = 0

    def _refuse(self, item: T, refusal: Refused, refuse: Callable[[T, Refused], None]) -> None:
        refuse(item, refusal)
        self._refused_since_one_went_through += 1
        if self._refused_since_one_went_through >= MOST_REFUSED:
            self.gave_up = (
                f"the store has refused {MOST_REFUSED} records one after the other, the last one so: {refusal}. The"
                " others of this call were not sent; a later run tries them"
            )


def _blamed(batch: Sequence[T], refusal: Refused, named: Callable[[T], str] | None) -> list[T]:
    """The items that the store itself names in its refusal."""
    if named is None:
        return []
    said = set(re.findall(r"\w+ \d+", refusal.said))
    return [item for item in batch if named(item) in said]


def reason_of(refusal: Refused, name: str = "") -> str:
    """The store's own words on one record, at a readable length.

    :param name: how the store names the record; of many reasons, the one that names it.
    """
    said = refusal.said or str(refusal)
    if name:
        parts = [part for part in re.split(r",\s+(?=Item\b)", said.strip("[]")) if re.search(rf"\b{name}\b", part)]
        said = parts[0] if parts else said
    return " ".join(said.split())[:300].rstrip(".")
