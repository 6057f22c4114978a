"""What can go wrong at one request or one statement, and how a run goes on after it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.chaos.proxy import Action, Side

Recovery = Literal["retry", "next", "successor", "overtaken", "none"]
"""How it goes on.

retry: the task that ended is tried again, as Airflow does. next: it is not; the store changes, and another run begins.
successor: the worker stands still while its own retry does everything, then wakes. overtaken: it stands still while the
store changes and another run does everything, then wakes. none: the store changed meanwhile, and the run must cope.
"""

FROM_HERE_ON = 1_000_000
THROTTLED = {"X-Rate-Limit-Time-Reset-Ms": "40"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    :param rule: for the sandbox store, without the request it strikes.
    :param strike: for the proxy in front of Postgres.
    :param situations: where alone it can be survived; empty for all.
    :param lasting: it strikes every request from that one on.
    """

    name: str
    rule: Mapping[str, Any] = field(default_factory=dict)
    strike: tuple[Action, Side] | None = None
    lasting: bool = False
    situations: tuple[str, ...] = ()
    recovery: Recovery = "retry"

    @property
    def where(self) -> Literal["request", "statement"]:
        """What its points are counted in."""
        return "statement" if self.strike else "request"


def _requests() -> Iterator[Fault]:
    for side in ("before", "after"):
        yield Fault(f"request-kill-{side}", {"kind": "kill", "side": side})
    yield Fault("request-reset", {"kind": "reset"})
    yield Fault("request-answer-lost", {"kind": "lost_answer"})
    yield Fault("request-429", {"kind": "status", "status": 429, "headers": THROTTLED})
    yield Fault("request-429-bare", {"kind": "status", "status": 429, "without_rate_headers": True})
    yield Fault("request-500", {"kind": "html", "status": 500})
    yield Fault("request-502", {"kind": "html", "status": 502})
    yield Fault("request-503", {"kind": "html", "status": 503})
    yield Fault("request-maintenance", {"kind": "html", "status": 200})
    yield Fault("request-truncated", {"kind": "truncate"})
    yield Fault("request-truncated-chunks", {"kind": "truncate", "chunked": True})
    yield Fault("request-broken-json", {"kind": "garbage"})
    yield Fault("request-slow", {"kind": "slow", "seconds": 1.5})
    yield Fault("request-drips", {"kind": "slow", "seconds": 3, "drip": True})
    yield Fault("request-401-on", {"kind": "status", "status": 401}, lasting=True)
    yield Fault("request-403-on", {"kind": "status", "status": 403}, lasting=True)
    yield Fault("request-503-on", {"kind": "html", "status": 503}, lasting=True)
    yield Fault("request-503-thrice", {"kind": "html", "status": 503, "times": 3})  # as often as a call is tried
    yield Fault("request-store-moves", {"kind": "change"}, recovery="none")
    yield Fault("request-store-blinks", {"kind": "change"}, situations=("changed",))  # a new product is just not there


def _statements() -> Iterator[Fault]:
    sides: tuple[Side, Side] = ("before", "after")
    for side in sides:
        yield Fault(f"statement-kill-{side}", strike=("kill", side))
        yield Fault(f"statement-cut-{side}", strike=("cut", side))
    # for what follows, before one statement is after the one before it
    yield Fault("statement-kill-next", strike=("kill", "after"), recovery="next")
    yield Fault("statement-restart", strike=("restart", "after"))
    yield Fault("statement-stall", strike=("stall", "after"), recovery="successor")
    yield Fault("statement-stall-next", strike=("stall", "after"), recovery="overtaken")
    yield Fault("statement-disk-full", strike=("disk_full", "before"))


FAULTS = {fault.name: fault for fault in (*_requests(), *_statements())}


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One place to fail in one way; its text form can be given to ``--point``.

    :param at: which request or statement, counted from 1.
    :param again: for a crash in the recovery from a crash: at which statement of the second attempt it is killed.
    """

    operation: str
    situation: str
    fault: str
    at: int
    again: int | None = None

    def __str__(self) -> str:
        again = f"+{self.again}" if self.again else ""
        return f"{self.operation}/{self.situation}/{self.fault}/{self.at}{again}"

    @classmethod
    def parse(cls, text: str) -> Point:
        """What ``str`` made.

        :raises ValueError: it is no point.
        """
        operation, situation, fault, at = text.split("/")
        first, _, second = at.partition("+")
        return cls(operation, situation, fault, int(first), int(second) if second else None)


def every_point(
    operation: str, situation: str, requests: int, statements: int, *, outbound: bool = False
) -> list[Point]:
    """Each fault at each request and statement of an undisturbed run, and one further than the last.

    What an operation writes does not depend on how the store moves, so that is not tried of an ``outbound`` one.
    Threads make the number of requests differ a little between two runs; a point past the end counts as not reached.
    """
    counts = {"request": requests, "statement": statements}
    return [
        Point(operation, situation, fault.name, at)
        for fault in FAULTS.values()
        if situation in (fault.situations or (situation,)) and not (outbound and fault.recovery == "none")
        for at in range(1, counts[fault.where] + 1)
    ]


def pairs(operation: str, situation: str, statements: int, most: int, seed: int) -> list[Point]:
    """Crashes in the recovery from a crash: the second attempt is killed at a statement that it still has to make."""
    draw = random.Random(f"{seed}/{operation}/{situation}/pairs")
    names = ("statement-kill-before", "statement-kill-after", "statement-cut-after", "statement-restart")
    chosen: dict[Point, None] = {}
    while len(chosen) < most:
        at = draw.randint(1, statements)
        again = draw.randint(1, max(statements - at, 8))
        chosen[Point(operation, situation, draw.choice((*names, "statement-disk-full")), at, again)] = None
    return list(chosen)


def sample(points: Sequence[Point], most: int, seed: int) -> list[Point]:
    """So many points, of each fault about as many: a fault with few points is not drowned by one with many."""
    draw = random.Random(seed)
    by_fault: dict[str, list[Point]] = {}
    for point in points:
        by_fault.setdefault(point.fault, []).append(point)
    for each in by_fault.values():
        draw.shuffle(each)
    chosen: list[Point] = []
    while len(chosen) < min(most, len(points)):
        for fault in sorted(by_fault):
            if by_fault[fault] and len(chosen) < most:
                chosen.append(by_fault[fault].pop())
    return chosen
