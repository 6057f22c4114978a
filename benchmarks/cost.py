"""What a run of an operation has cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

STEPS = ("extract", "transform", "load")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of work and requests of one run.

    :param mib: the peak of memory that each step had above its imports.
    """

    seconds_by_step: Mapping[str, float]
    requests: int
    mib: Mapping[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """The steps' own work added up."""
        return sum(self.seconds_by_step.values())


Ready = AbstractContextManager[Callable[[], Cost]]
"""Everything is started and imported; the call does the run, so that what was measured before is its neighbour."""
