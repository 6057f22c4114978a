"""Faults: what goes wrong with which requests, as tests ask for it."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

import msgspec

Kind = Literal[
    "status", "reset", "truncate", "length", "slow", "lost_answer", "html", "redirect", "garbage", "replace", "deaf",
    "kill", "change", "hold",
]  # fmt: skip


class Match(msgspec.Struct, forbid_unknown_fields=True):
    """Which requests a rule looks at.

    :param route: a route's template, a path, or a regular expression for the whole path (below the store).
    :param nth: only the k-th matching request from now on, counted from 1.
    :param every: each k-th matching request.
    :param any_request_nth: like ``nth``, but counting the store's requests of any kind.
    """

    method: str | None = None
    route: str | None = None
    nth: int | None = None
    every: int | None = None
    any_request_nth: int | None = None

    def looks_at(self, method: str, template: str, path: str) -> bool:
        """Whether method and route are the ones meant."""
        if self.method is not None and self.method.upper() != method:
            return False
        return self.route is None or self.route in (template, path) or re.fullmatch(self.route, path) is not None


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """An admin request that a rule makes: ``path`` below ``/_sandbox/``."""

    method: str
    path: str
    body: object = None


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """One fault.

    :param times: how often it strikes at most; ``None`` for ever (once, when an ``nth`` is given).
    :param status: the status of ``status`` and ``html``.
    :param seconds: how long ``slow`` waits, or takes to let the body out with ``drip``; how long a connection stays
        open after a ``length`` that is not kept.
    :param off_by: how many bytes more (or, below 0, fewer) than it sends ``length`` promises.
    :param replacements: what ``replace`` puts into the body: a text that stands in it, and the bytes for it in
        hexadecimal digits. So an answer may hold what no JSON of a test can: bytes that are not UTF-8, half characters,
        numbers beyond all floats.
    :param parameters: the query parameters that ``deaf`` does not see, as a store that ignores a filter.
    :param changes: what ``change`` does to the store before it answers: admin requests ``{method, path, body}``.
    :param chunked: ``truncate`` sends chunks and leaves out the last, instead of a length that is not kept.
    :param without_rate_headers: as the platform answers when it is overloaded itself.
    :param side: whether it strikes before the request takes effect or after.
    :ivar held: how many requests ``hold`` keeps waiting at this moment.
    """

    kind: Kind
    match: Match = msgspec.field(default_factory=Match)
    times: int | None = None
    status: int | None = None
    headers: dict[str, str] = {}
    body: object = None
    seconds: float = 1.0
    location: str = "https://login.example.com/"
    drip: bool = False
    off_by: int = 0
    replacements: dict[str, str] = {}
    parameters: list[str] = []
    changes: list[Change] = []
    chunked: bool = False
    without_rate_headers: bool = False
    side: Literal["before", "after"] | None = None
    seen: int = 0
    struck: int = 0
    held: int = 0

    @property
    def strikes_after(self) -> bool:
        """Whether the request takes effect before the fault strikes."""
        if self.kind in ("lost_answer", "truncate"):
            return True
        return self.side == "after"

    @property
    def waits_first(self) -> bool:
        """Whether the request waits before it takes effect."""
        return self.kind in ("slow", "hold") and not self.drip and not self.strikes_after

    @property
    def replaces_answer(self) -> bool:
        """Whether the client gets another answer, or none, in place of the store's own."""
        return self.kind not in ("slow", "truncate", "length", "replace", "lost_answer", "deaf", "change", "hold")

    @property
    def lets_effect(self) -> bool:
        """Whether the request takes effect."""
        return self.strikes_after or not self.replaces_answer

    def strikes(self, method: str, template: str, path: str) -> bool:
        """Count the request and tell whether the fault strikes it."""
        match = self.match
        looked_at = match.looks_at(method, template, path)
        if match.any_request_nth is not None:
            self.seen += 1
            due = looked_at and self.seen == match.any_request_nth
        elif not looked_at:
            return False
        else:
            self.seen += 1
            if match.nth is not None:
                due = match.nth <= self.seen < match.nth + (self.times or 1)
            elif match.every is not None:
                due = self.seen % match.every == 0
            else:
                due = True
        if not due or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._gate = asyncio.Event()

    def add(self, rules: object) -> None:
        """Put rules in force.

        :param rules: one rule or a list of them, as JSON values.
        :raises msgspec.ValidationError: a rule is malformed.
        """
        listed = rules if isinstance(rules, list) else [rules]
        self.rules.extend(msgspec.convert(listed, list[Rule]))

    def clear(self) -> None:
        """Put all rules out of force; what was held goes on."""
        self.rules.clear()
        self.release()

    async def wait(self, rule: Rule) -> None:
        """Let a request that ``slow`` or ``hold`` strikes wait for its time, or until it is released."""
        if rule.kind == "slow":
            await asyncio.sleep(rule.seconds)
            return
        rule.held += 1
        try:
            await self._gate.wait()
        finally:
            rule.held -= 1

    def release(self) -> None:
        """Let all requests go on that are held at this moment."""
        self._gate.set()
        self._gate = asyncio.Event()

    def strike(self, method: str, template: str, path: str) -> Rule | None:
        """The first rule that strikes this request; every rule counts it."""
        struck: Rule | None = None
        for rule in self.rules:
            if struck is not None:
                # One fault a request: a rule that waits its turn still counts, but keeps its strike.
                if rule.match.any_request_nth is not None or rule.match.looks_at(method, template, path):
                    rule.seen += 1
            elif rule.strikes(method, template, path):
                struck = rule
        return struck
