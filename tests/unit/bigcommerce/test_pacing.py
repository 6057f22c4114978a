"""Pacing, against a simulated store that counts requests in fixed windows."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storekeeper.bigcommerce.pacing import Pacer

LATENCIES = st.lists(st.floats(0.001, 3), min_size=1, max_size=12)


@dataclass
class FixedWindows:
    """The store's side: so many requests in each window of the clock, whoever sends them.

    :param others_take: what another client takes of a window before anybody else gets to it.
    """

    quota: int
    seconds: float
    others_take: int = 0
    answered: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)

    def window(self, now: float) -> int:
        return int(now // self.seconds)

    def left(self, now: float) -> int:
        return max(self.quota - self.others_take - self.answered[self.window(now)], 0)

    def take(self, now: float) -> bool:
        if self.left(now):
            self.answered[self.window(now)] += 1
            return True
        self.refused[self.window(now)] += 1
        return False

    def headers(self, now: float) -> dict[str, str]:
        return {
            "X-Rate-Limit-Requests-Quota": str(self.quota),
            "X-Rate-Limit-Requests-Left": str(self.left(now)),
            "X-Rate-Limit-Time-Window-Ms": str(round(self.seconds * 1000)),
            "X-Rate-Limit-Time-Reset-Ms": str(max(1, round((self.seconds - now % self.seconds) * 1000))),
        }


class SimulatedTime:
    """One thread's clock: time passes only while somebody waits, and what is due happens on the way."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def clock(self) -> float:
        return self.now

    def at(self, moment: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._due, (moment, next(self._order), happens))

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.happen()
        self.now = max(self.now, until)

    def happen(self) -> None:
        moment, _, happens = heapq.heappop(self._due)
        self.now = max(self.now, moment)
        happens()


class WaitsInSimulatedTime(threading.Condition):
    """What wakes a waiter here is an answer that arrives in simulated time, not another thread."""

    def __init__(self, world: SimulatedTime) -> None:
        super().__init__()
        self._world = world

    def wait(self, timeout: float | None = None) -> bool:
        self._world.sleep(timeout or 0)
        return True


class Simulation:
    """Workers that share one pacer, over a way of changing length.

    :param pauses: what passes before each next request; by default there is always another to send.
    """

    def __init__(
        self, store: FixedWindows, workers: int, latencies: Iterable[float], pauses: Iterable[float] = (0,)
    ) -> None:
        self.store = store
        self.workers = workers
        self.time = SimulatedTime()
        self.pacer = Pacer(self.time.clock, self.time.sleep)
        self.pacer._turn = WaitsInSimulatedTime(self.time)
        self._latencies = itertools.cycle(latencies)
        self._pauses = itertools.cycle(pauses)
        self._under_way = 0

    def run(self, windows: int) -> None:
        while self.time.now < windows * self.store.seconds:
            while self._under_way >= self.workers:
                self.time.happen()
            self.time.sleep(next(self._pauses))
            slot = self.pacer.acquire()
            self._under_way += 1
            self.time.at(self.time.now + next(self._latencies) / 2, lambda slot=slot: self._arrive(slot))

    def _arrive(self, slot: object) -> None:
        accepted = self.store.take(self.time.now)
        headers = self.store.headers(self.time.now)
        self.time.at(self.time.now + next(self._latencies) / 2, lambda: self._return(slot, accepted, headers))

    def _return(self, slot: object, accepted: bool, headers: Mapping[str, str]) -> None:
        self._under_way -= 1
        self.pacer.release(slot, headers)  # type: ignore[arg-type]
        if not accepted:
            self.pacer.hold(int(headers["X-Rate-Limit-Time-Reset-Ms"]) / 1000 + 0.02)


@settings(max_examples=200, deadline=None)
@given(latencies=LATENCIES, workers=st.integers(1, 16), quota=st.integers(1, 60), seconds=st.integers(4, 30))
def test_a_window_is_never_overdrawn(latencies: list[float], workers: int, quota: int, seconds: int) -> None:
    simulation = Simulation(FixedWindows(quota, seconds), workers, latencies)
    simulation.run(windows=5)
    assert not simulation.store.refused
    assert sum(simulation.store.answered.values()) > 0


@settings(max_examples=200, deadline=None)
@given(
    latencies=LATENCIES,
    workers=st.integers(1, 16),
    quota=st.integers(10, 60),
    seconds=st.integers(4, 30),
    share=st.floats(0, 0.95),
    pauses=st.lists(st.floats(0, 1), min_size=1, max_size=12),
)
def test_what_another_client_took_of_a_window_before_us_is_respected(
    latencies: list[float], workers: int, quota: int, seconds: int, share: float, pauses: list[float]
) -> None:
    simulation = Simulation(FixedWindows(quota, seconds, others_take=int(quota * share)), workers, latencies, pauses)
    simulation.run(windows=5)
    assert not simulation.store.refused


@settings(max_examples=100, deadline=None)
@given(
    latencies=LATENCIES,
    workers=st.integers(1, 16),
    quota=st.integers(10, 60),
    moments=st.lists(st.floats(0, 50), max_size=200),
)
def test_a_client_that_interferes_at_any_moment_costs_at_most_what_was_under_way(
    latencies: list[float], workers: int, quota: int, moments: list[float]
) -> None:
    simulation = Simulation(FixedWindows(quota, 10), workers, latencies)
    taken_by_others: Counter[int] = Counter()

    def interfere() -> None:
        now = simulation.time.now
        before = simulation.store.refused[simulation.store.window(now)]
        simulation.store.take(now)
        taken_by_others[simulation.store.window(now)] += simulation.store.refused[simulation.store.window(now)] - before

    for moment in moments:
        simulation.time.at(moment, interfere)
    simulation.run(windows=5)
    ours = simulation.store.refused - taken_by_others
    assert all(refused <= workers for refused in ours.values())


@pytest.mark.parametrize("workers", [4, 8, 16])
@settings(max_examples=40, deadline=None)
@given(latencies=st.lists(st.floats(0.05, 0.8), min_size=1, max_size=12))
def test_a_saturated_window_is_used_to_95_percent_at_least(workers: int, latencies: list[float]) -> None:
    store = FixedWindows(150, 30)
    Simulation(store, workers, latencies).run(windows=5)
    assert {number: store.answered[number] for number in (1, 2, 3) if store.answered[number] < 0.95 * 150} == {}


def test_the_first_request_of_a_window_goes_alone() -> None:
    store, sent = FixedWindows(5, 10), []
    world = SimulatedTime()
    pacer = Pacer(world.clock, world.sleep)
    pacer._turn = WaitsInSimulatedTime(world)
    for _ in range(15):
        slot = pacer.acquire()
        sent.append((slot.probe, world.now))
        store.take(world.now)
        headers = store.headers(world.now)
        world.at(world.now + 2, lambda slot=slot, headers=headers: pacer.release(slot, headers))
    assert [probe for probe, _ in sent] == [True, False, False, False, False] * 3
    for (_, first), (_, second) in zip(sent[::5], sent[1::5], strict=True):
        assert second - first >= 2


def test_what_was_left_of_the_last_window_is_not_spent_in_the_next() -> None:
    store = FixedWindows(100, 10)
    world = SimulatedTime()
    pacer = Pacer(world.clock, world.sleep)
    store.take(world.now)
    headers, first = store.headers(world.now), pacer.acquire()
    world.sleep(2)  # the answer was two seconds on its way
    pacer.release(first, headers)
    world.sleep(9)
    assert store.window(world.now) == 1
    assert pacer.acquire().probe


def test_a_first_request_without_an_answer_is_followed_by_another_first() -> None:
    world = SimulatedTime()
    pacer = Pacer(world.clock, world.sleep)
    pacer.release(pacer.acquire(), None)
    assert pacer.acquire().probe


def test_hold_stops_everybody_for_its_time_and_then_one_goes_first() -> None:
    world = SimulatedTime()
    store = FixedWindows(100, 60)
    pacer = Pacer(world.clock, world.sleep)
    pacer.release(pacer.acquire(), store.headers(world.now))
    under_way = pacer.acquire()
    pacer.hold(7)
    pacer.hold(3)
    world.at(1, lambda: pacer.release(under_way, store.headers(world.now)))
    assert not pacer.acquire().probe  # the answer that came meanwhile told what is left
    assert world.now >= 7


def test_after_a_hold_the_window_is_unknown() -> None:
    world = SimulatedTime()
    store = FixedWindows(100, 60)
    pacer = Pacer(world.clock, world.sleep)
    pacer.release(pacer.acquire(), store.headers(world.now))
    pacer.hold(7)
    assert pacer.acquire().probe
    assert world.now >= 7


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Rate-Limit-Requests-Left": "3"},
        dict.fromkeys(FixedWindows(1, 1).headers(0), "soon"),
        dict.fromkeys(FixedWindows(1, 1).headers(0), ""),
    ],
)
def test_a_store_without_readable_rate_headers_sets_no_pace(headers: dict[str, str]) -> None:
    world = SimulatedTime()
    pacer = Pacer(world.clock, world.sleep)
    pacer.release(pacer.acquire(), headers)
    for _ in range(200):
        pacer.release(pacer.acquire(), headers)
    assert world.now == 0
    assert pacer.quota is None


def test_an_answer_without_rate_headers_does_not_lift_a_known_quota() -> None:
    world = SimulatedTime()
    store = FixedWindows(3, 10)
    pacer = Pacer(world.clock, world.sleep)
    store.take(0)
    pacer.release(pacer.acquire(), store.headers(0))
    for _ in range(2):
        pacer.release(pacer.acquire(), {})
    assert world.now == 0
    assert pacer.acquire().probe
    assert world.now >= 10


def test_the_quota_is_what_the_store_said_last() -> None:
    pacer = Pacer(SimulatedTime().clock)
    assert pacer.quota is None
    pacer.release(pacer.acquire(), FixedWindows(450, 30, others_take=50).headers(10))
    assert pacer.quota is not None
    assert (pacer.quota.limit, pacer.quota.left, pacer.quota.window_seconds) == (450, 400, 30)


def test_many_threads_share_one_window_without_overdrawing_it() -> None:
    fast = 20.0  # this clock and this sleep run faster than the world's
    began = time.monotonic()

    def clock() -> float:
        return (time.monotonic() - began) * fast

    def wait(seconds: float) -> None:
        time.sleep(seconds / fast)

    store, lock = FixedWindows(40, 6), threading.Lock()
    pacer = Pacer(clock, wait)
    sent_first: dict[int, float] = {}
    answered_first: dict[int, float] = {}
    sent_second: dict[int, float] = {}

    def work(seed: int) -> None:
        way = random.Random(seed)
        while clock() < 24:
            slot = pacer.acquire()
            sent_at = clock()
            wait(way.uniform(0.01, 0.1))
            with lock:
                arrived = clock()
                store.take(arrived)
                headers = store.headers(arrived)
                window = store.window(arrived)
                if slot.probe:
                    sent_first[window] = sent_at
                else:
                    sent_second[window] = min(sent_at, sent_second.get(window, sent_at))
            wait(way.uniform(0.01, 0.1))
            with lock:
                if slot.probe:
                    answered_first[window] = clock()
            pacer.release(slot, headers)

    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(work, seed) for seed in range(12)]:
            done.result()
    assert not store.refused
    assert len(sent_first) >= 3
    assert all(sent_second[window] >= answered_first[window] for window in sent_second if window in answered_first)
