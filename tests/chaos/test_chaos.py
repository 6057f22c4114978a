"""A sample of the crash matrix; ``make chaos`` tries all of it. ``STOREKEEPER_TEST_SEED`` draws another sample."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.faults import FAULTS, Point, every_point, pairs, sample
from tests.chaos.lane import Lanes
from tests.chaos.matrix import explain, table, try_all
from tests.chaos.mutants import MUTANTS, caught, work_undisturbed
from tests.chaos.operations import OPERATIONS
from tests.effort import SEED

POINTS, PAIRS = 44, 4
"""For all operations together: more of them would take longer than a test may."""


@pytest.fixture(scope="module")
def lanes() -> Iterator[Lanes]:
    with Lanes() as opened:
        yield opened


def test_a_sample_of_all_points_holds(lanes: Lanes) -> None:
    points, twice = [], []
    for operation in OPERATIONS.values():
        for situation in operation.situations:
            usual = lanes.get(operation.name).undisturbed(situation.name)
            key = (operation.name, situation.name)
            points += every_point(*key, usual.requests, len(usual.statements), outbound=operation.outbound)
            twice += pairs(*key, len(usual.statements), PAIRS, SEED)
    verdicts = try_all(sample(points, POINTS, SEED) + sample(twice, PAIRS, SEED), lanes)
    broken = [explain(verdict) for verdict in verdicts if verdict.broken]
    assert not broken, f"seed {SEED}:\n" + "\n".join(broken)
    reached = [verdict.point.fault for verdict in verdicts if verdict.reached]
    assert len(reached) > 0.9 * len(verdicts), table(verdicts)
    assert len(set(reached)) > 0.9 * len(FAULTS), table(verdicts)


@pytest.mark.parametrize("mutant", ["run-state-first", "failed-page-empty"])
def test_the_instrument_can_fail(lanes: Lanes, mutant: str) -> None:
    """``make chaos-selftest`` tries all mutants."""
    point, why = caught(lanes, mutant)
    assert point is not None
    assert "differs from the undisturbed run" in why


@pytest.mark.parametrize(
    "text", ["import_listings/first/request-500/3", "import_listings/changed/statement-kill-after/7+9"]
)
def test_a_point_can_be_tried_again_by_its_name(text: str) -> None:
    assert str(Point.parse(text)) == text


def test_every_mutant_does_its_work_where_nothing_is_wrong(lanes: Lanes) -> None:
    for name, mutant in MUTANTS.items():
        work_undisturbed(lanes.get(mutant.operation, mutant=name), mutant.situation)


def test_a_sample_is_the_same_for_the_same_seed_and_has_all_faults() -> None:
    points = every_point("import_listings", "changed", 10, 200)
    assert sample(points, 60, 4) == sample(points, 60, 4) != sample(points, 60, 5)
    assert {point.fault for point in sample(points, 60, 4)} == set(FAULTS)
