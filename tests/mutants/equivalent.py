"""Mutants that no test can notice, because they behave as the code does. Each has its reason; keep the list short."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Equivalent:
    """A mutant by what it changes, wherever the lines are.

    :param module: the file, relative to the root of the project.
    :param before: the changed lines, without indentation.
    :param after: what the mutant says in their place.
    """

    module: str
    before: str
    after: str
    reason: str


EQUIVALENT: tuple[Equivalent, ...] = ()
