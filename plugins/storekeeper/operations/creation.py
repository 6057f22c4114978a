"""Calls that create, each made once: what publishing a product and sending a shipment share.

Such a call cannot be taken back, and the store has no key by which it would know a repeated one. So what is meant is
committed before the call, one open intent a record; a call whose fate is unknown is looked up before another is made,
by what was meant then; what is found and is ours is adopted.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from storekeeper.bigcommerce.client import Check, StoreClient
from storekeeper.operations.outbound import MOST_REFUSED, Fresh, Outdated
from storekeeper.outcomes import HINTS, AccessLost, NotNow, Reason, Refused, Unknown
from storekeeper.settings import Channel
from storekeeper.warehouse.claim import Claim
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

CALLS = 3
"""How often one record may be sent before its fate is left to the next run."""

MOST_UNKNOWN = 3
"""After so many records in a row of which nobody knows what became, the run ends: the store does not answer."""

NO_EFFECT = "the call took no effect: the store has nothing of it"


@dataclass(slots=True)
class Intent:
    """Something that was meant, and may have been made.

    :ivar push_no: its row in the push ledger.
    :ivar key: of the record in the warehouse.
    :ivar doubtful: nobody knows whether an earlier call has made it.
    :ivar found: it was found in the store, not told by its answer.
    """

    push_no: int
    key: str
    doubtful: bool = field(default=False, kw_only=True)
    found: bool = field(default=False, kw_only=True)


T = TypeVar("T", bound=Intent)
A = TypeVar("A")


@dataclass(slots=True)
class Creation(ABC, Generic[T, A]):
    """The creating part of a run.

    :ivar gave_up: why the rest is not sent; None while it is.
    :ivar unknown: keys of records of which nobody knows what became.
    """

    operation: ClassVar[str]
    entity: ClassVar[str]
    certain: ClassVar[frozenset[int]] = frozenset({400, 404, 405, 409, 413, 415, 422})
    """The store's own no: nothing was made. What else a call is refused with may come from somebody in between."""

    store: StoreClient
    run: Run
    channel: Channel
    claim: Claim
    gave_up: str | None = field(default=None, init=False)
    unknown: list[str] = field(default_factory=list, init=False)
    _refused_since_one_went_through: int = field(default=0, init=False)
    _unknown_in_a_row: int = field(default=0, init=False)

    @abstractmethod
    def _call(self, intent: T, check: Check) -> A:
        """Make it."""

    @abstractmethod
    def _made(self, intent: T, answer: A) -> None:
        """The store has answered that it made it: record that."""

    @abstractmethod
    def _find(self, intent: T) -> bool:
        """Look for what an earlier call may have made, and record what is found; False where there is none."""

    @abstractmethod
    def _refused(self, intent: T, refusal: Refused) -> None:
        """The store has refused it: record that."""

    @abstractmethod
    def _still_wanted(self, intent: T) -> bool:
        """Whether it is to be sent as it was meant, after it had to wait."""

    def _send(self, intent: T) -> None:
        """Make the call; look for what it did before it is made again.

        :raises Unknown: the store has not answered for several records, one after the other.
        """
        fresh = Fresh(self.claim, lambda: self._still_wanted(intent))
        for last in (*[False] * (CALLS - 1), True):
            try:
                answer = self._call(intent, fresh.check)
            except Outdated:
                log.info("%s %s was changed or called off while its call waited: left alone", self.entity, intent.key)
                if intent.doubtful:
                    self._end(intent, "refused", NO_EFFECT)
                else:
                    self._withdraw(intent)
                return
            except Refused as refusal:
                if refusal.status not in self.certain:
                    intent.doubtful = True
                    self.claim.wait_out()
                self._refused(intent, refusal)
                return
            except (NotNow, AccessLost):
                if not intent.doubtful:
                    self._withdraw(intent)
                raise
            except Unknown as unknown:
                intent.doubtful = True
                if last:
                    self._unknown_fate(intent, unknown)
                    return
                log.warning("%s; waiting until it has taken effect or never will, then looking", unknown)
                self.claim.wait_out()
                if self._found(intent):
                    return
            else:
                self._refused_since_one_went_through = self._unknown_in_a_row = 0
                self._made(intent, answer)
                return

    def _found(self, intent: T) -> bool:
        """As :meth:`_find`; one that cannot be looked for now is left to the next attempt, and holds up no other.

        :raises NotNow: the store has not answered for several records, one after the other.
        """
        try:
            return self._find(intent)
        except NotNow as silence:
            self._unknown_fate(intent, silence)
            return True

    def _unknown_fate(self, intent: T, unknown: Unknown | NotNow) -> None:
        """The others are not held up by one; where it is the store that does not answer, the run ends."""
        self.claim.wait_out()  # recording anything says that no call is under way
        said = f"{self.entity.capitalize()} {intent.key}: nobody knows whether it was made: {unknown}."
        self.problem(intent.key, Reason.UNKNOWN_OUTCOME, said)
        self._note_unknown(intent.key, unknown)

    def _note_unknown(self, key: str, unknown: Unknown | NotNow) -> None:
        self.unknown.append(key)
        self._unknown_in_a_row += 1
        if self._unknown_in_a_row >= MOST_UNKNOWN:
            raise unknown

    def _count_refusal(self, refusal: Refused) -> None:
        """A store that refuses all is not asked for each of them."""
        self._refused_since_one_went_through += 1
        if self._refused_since_one_went_through >= MOST_REFUSED:
            self.gave_up = (
                f"the store has refused {MOST_REFUSED} {self.entity}s one after the other, the last one so: {refusal}."
                " The others were not sent; a later run tries them"
            )

    def _withdraw(self, intent: T) -> None:
        """The call was certainly not made, or had no effect."""
        with self.claim.settling() as settling:
            settling.session.run("pushes/withdraw_intent", push_no=intent.push_no)

    def _end(self, intent: T, state: str, reason: str | None, *, problem: Reason | None = None, said: str = "") -> None:
        """Record what became of an intent, and where a person has to know, why."""
        with self.claim.settling() as settling:
            self._close(settling.session, intent, state, reason, settling.sent_at)
            if problem is not None:
                words = said or f"{self.entity.capitalize()} {intent.key}: {reason}."
                self.note_problem(settling.session, intent.key, problem, words)

    def _close(self, session: Session, intent: T, state: str, reason: str | None, sent_at: Any) -> None:
        session.run(
            "pushes/end_intent",
            run_no=self.run.run_no,
            push_no=intent.push_no,
            state=state,
            reason=reason,
            epoch=self.claim.epoch,
            sent_at=sent_at,
        )

    def problem(self, key: str, reason: Reason, said: str, *, entity: str = "", of: str = "") -> None:
        """Record what a person has to know of one record.

        :param of: the key that the problem is about, where it is another entity's.
        """
        with self.claim.settling() as settling:
            self.note_problem(settling.session, key, reason, said, entity=entity, of=of)

    def note_problem(
        self, session: Session, key: str, reason: Reason, said: str, *, entity: str = "", of: str = ""
    ) -> None:
        """As :meth:`problem`, within a transaction that records something else too."""
        session.run(
            "problems/record",
            run_no=self.run.run_no,
            channel=self.channel.channel,
            operation=self.operation,
            entity=entity or self.entity,
            entity_key=of or key,
            reason=reason.value,
            source=f"{self.entity}/{key}",
            message=f"{said} {HINTS[reason]}",
        )
