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


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "plugins/storekeeper/transforms/order_payload.py",
        "recipient_email: Any = None",
        'recipient_email: Any = ""',
        "only looked at for whether there is one, and an empty text is none",
    ),
    Equivalent(
        "plugins/storekeeper/bigcommerce/client.py",
        'headers={"Content-Type": "application/json"} if body is not None else {},',
        'headers={"content-type": "application/json"} if body is not None else {},',
        "HTTP does not tell the letter case of a header's name",
    ),
)
