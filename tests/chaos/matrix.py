"""Many trials, on several lanes side by side, and the table of what they showed."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from tests.chaos.faults import FAULTS, Point
from tests.chaos.lane import Lanes
from tests.chaos.trial import Verdict, try_point

Progress = Callable[[Verdict], None]


def try_all(
    points: Sequence[Point], lanes: Lanes, width: int = 1, progress: Progress = lambda verdict: None
) -> list[Verdict]:
    """Try every point; the verdicts in the order of the points.

    :param width: how many trials are made side by side.
    :raises RuntimeError: a lane broke: nothing can be said of its points.
    """
    verdicts: dict[Point, Verdict] = {}
    failures: list[BaseException] = []
    for name in sorted({point.operation for point in points}):
        waiting: queue.SimpleQueue[Point] = queue.SimpleQueue()
        for point in (each for each in dict.fromkeys(points) if each.operation == name):
            waiting.put(point)

        def work(number: int, name: str = name, waiting: queue.SimpleQueue[Point] = waiting) -> None:
            try:
                lane = lanes.get(name, number)
                while not failures:
                    try:
                        point = waiting.get_nowait()
                    except queue.Empty:
                        return
                    verdicts[point] = try_point(lane, point)
                    progress(verdicts[point])
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(min(width, waiting.qsize()))]
        for thread in threads:
            thread.start()
            if width > 1:
                time.sleep(1)  # each lane's Postgres looks for a free port of its own
        for thread in threads:
            thread.join()
    if failures:
        raise RuntimeError("a lane broke") from failures[0]
    return [verdicts[point] for point in dict.fromkeys(points)]


def table(verdicts: Sequence[Verdict]) -> str:
    """A line for each operation, situation and fault: points tried, held, broken, not reached."""
    kinds: dict[tuple[str, str, str], Counter[str]] = {}
    for verdict in verdicts:
        fault = verdict.point.fault + (" + killed again" if verdict.point.again else "")
        counts = kinds.setdefault((verdict.point.operation, verdict.point.situation, fault), Counter())
        counts["tried"] += 1
        counts["broken" if verdict.broken else "held" if verdict.reached else "not reached"] += 1
    columns = ("tried", "held", "broken", "not reached")
    order = list(FAULTS)
    lines = [f"{'operation':<18}{'situation':<12}{'fault':<44}" + "".join(f"{name:>13}" for name in columns)]
    for kind in sorted(kinds, key=lambda each: (each[0], each[1], order.index(each[2].split(" ")[0]), each[2])):
        lines.append(
            f"{kind[0]:<18}{kind[1]:<12}{kind[2]:<44}" + "".join(f"{kinds[kind][name]:>13}" for name in columns)
        )
    total: Counter[str] = sum(kinds.values(), Counter())
    lines.append(f"{'all':<74}" + "".join(f"{total[name]:>13}" for name in columns))
    return "\n".join(lines)


def explain(verdict: Verdict) -> str:
    """A broken point: how to try it again, and what did not hold."""
    return (
        f"python -m tests.chaos --point {verdict.point}  # {verdict.label}\n  first attempt: {verdict.ended}\n"
        + "\n".join(f"  {line}" for what in verdict.broken for line in what.splitlines())
    )
