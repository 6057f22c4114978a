"""What the operations that write to a store share: one writer at a time, batches that no single record can hold up.

Each call is made under the claim and its outcome recorded under it. What the store refuses as a batch is taken apart,
until the good have gone through and each bad record stands alone with the store's own reason.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from storekeeper.bigcommerce import last_look
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.outcomes import Refused
from storekeeper.settings import Writing
from storekeeper.warehouse.claim import Claim, Terms
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_REFUSED = 100
"""So many records may be refused before a run gives up: a store that refuses all is not asked for each of them."""

NOT_THE_RECORDS = (400, 405, 413, 415)
"""What these say is about the call, not about a record in it: taking the batch apart would change nothing."""


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


class Sender:
    """Sends batches and counts what is refused over all of them."""

    def __init__(self) -> None:
        self.refused = 0

    def send(
        self,
        items: Sequence[T],
        call: Callable[[Sequence[T]], object],
        settle: Callable[[Sequence[T]], None],
        refuse: Callable[[T, Refused], None],
        named: Callable[[T], str] | None = None,
    ) -> None:
        """Send a batch; where the store refuses it, its parts.

        :param settle: records that the store has confirmed these.
        :param refuse: records that the store refuses this one.
        :param named: how the store names an item in a refusal, where it does: then one refusal tells of all of them.
        :raises Refused: it is the call that is refused, or too many records are.
        """
        waiting = deque([items])
        while waiting:
            batch = waiting.popleft()
            try:
                call(batch)
            except Refused as refusal:
                if refusal.status in NOT_THE_RECORDS:
                    raise
                bad = [batch[0]] if len(batch) == 1 else _blamed(batch, refusal, named)
                for item in bad:
                    self._refuse(item, refusal, refuse)
                rest = [item for item in batch if item not in bad] if bad else list(batch)
                if bad and rest:
                    waiting.appendleft(rest)
                elif rest:
                    middle = len(rest) // 2
                    waiting.extendleft((rest[middle:], rest[:middle]))
            else:
                settle(batch)

    def _refuse(self, item: T, refusal: Refused, refuse: Callable[[T, Refused], None]) -> None:
        refuse(item, refusal)
        self.refused += 1
        if self.refused >= MOST_REFUSED:
            raise Refused(
                f"the store has refused {self.refused} records of this run, the last one so: {refusal}. The rest was"
                " not sent; a later run tries it, what was refused last",
                status=refusal.status,
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
    return " ".join(said.split())[:300]
