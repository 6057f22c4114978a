"""``python -m tests.chaos``: try the points of all operations, or a sample of them; exit 1 where one did not hold."""

from __future__ import annotations

import argparse
import signal
import sys
import time

from tests.chaos.airflow import try_through_airflow
from tests.chaos.faults import Point, every_point, pairs, sample
from tests.chaos.lane import Lanes
from tests.chaos.matrix import explain, table, try_all
from tests.chaos.mutants import MUTANTS, caught
from tests.chaos.operations import OPERATIONS
from tests.chaos.trial import Verdict


def main() -> int:
    """See ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--operation", choices=sorted(OPERATIONS), action="append", help="only this one (repeatable)")
    parser.add_argument("--situation", action="append", help="only this one (repeatable)")
    parser.add_argument("--fault", action="append", help="only this kind, or those whose name begins so (repeatable)")
    parser.add_argument("--sample", type=int, help="so many points, of each fault about as many; all where left out")
    parser.add_argument("--pairs", type=int, default=500, help="crashes in the recovery from a crash (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of sample and pairs (%(default)s)")
    parser.add_argument("--lanes", type=int, default=2, help="trials side by side (%(default)s)")
    parser.add_argument("--point", action="append", help="only this one, as the report names it (repeatable)")
    parser.add_argument("--selftest", action="store_true", help="try whether mutants of our own code are caught")
    parser.add_argument("--airflow", type=int, default=0, help="so many points through the real Airflow, and no others")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all that was started is stopped
    if asked.selftest:
        return _selftest()
    if asked.airflow:
        return _report(try_through_airflow(asked.airflow, asked.seed))
    with Lanes() as lanes:
        return _try(asked, lanes)


def _try(asked: argparse.Namespace, lanes: Lanes) -> int:
    chosen = [Point.parse(text) for text in asked.point] if asked.point else _points(asked, lanes)
    print(f"{len(chosen):,} points, seed {asked.seed}", flush=True)
    began, said, done = time.monotonic(), time.monotonic(), 0

    def progress(verdict: Verdict) -> None:
        nonlocal said, done
        done += 1
        if verdict.broken:
            print(explain(verdict), flush=True)
        if time.monotonic() - said > 10:
            said = time.monotonic()
            print(f"  {done:,} of {len(chosen):,}, {said - began:.0f} s", flush=True)

    verdicts = try_all(chosen, lanes, asked.lanes, progress)
    print(f"\nseed {asked.seed}, {time.monotonic() - began:.0f} s")
    return _report(verdicts)


def _report(verdicts: list[Verdict]) -> int:
    print(f"\n{table(verdicts)}")
    broken = [verdict for verdict in verdicts if verdict.broken]
    if broken:
        print("\n" + "\n".join(str(verdict.point) for verdict in broken))
    return 1 if broken else 0


def _points(asked: argparse.Namespace, lanes: Lanes) -> list[Point]:
    points: list[Point] = []
    for operation in OPERATIONS.values():
        if asked.operation and operation.name not in asked.operation:
            continue
        for situation in operation.situations:
            if asked.situation and situation.name not in asked.situation:
                continue
            usual = lanes.get(operation.name).undisturbed(situation.name)
            requests, statements = usual.requests, len(usual.statements)
            print(f"{operation.name}, {situation.name}: {requests} requests, {statements} statements", flush=True)
            points += every_point(operation.name, situation.name, requests, statements, outbound=operation.outbound)
            share = -(-asked.pairs // len(operation.situations))
            points += pairs(operation.name, situation.name, statements, share, asked.seed)
    if asked.fault:
        points = [point for point in points if point.fault.startswith(tuple(asked.fault))]
    return sample(points, asked.sample, asked.seed) if asked.sample else points


def _selftest() -> int:
    """Each mutant must be caught by the points named for it; the unchanged code must hold at the same points."""
    escaped = 0
    with Lanes() as lanes:
        for name, mutant in MUTANTS.items():
            by, why = caught(lanes, name)
            escaped += by is None
            print(f"{'caught ' if by else 'ESCAPED'}  {name:<28} {mutant.says}", flush=True)
            if by:
                print(f"         at {by}: {why}", flush=True)
    print(f"{len(MUTANTS) - escaped} of {len(MUTANTS)} mutants caught")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())
