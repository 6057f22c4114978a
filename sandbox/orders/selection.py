"""Which orders a request means, and in which order they come."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.orders.facts import OrderFacts

if TYPE_CHECKING:
    from sandbox.orders.orders import Orders

SORT_KEYS: dict[str, Callable[[OrderFacts], Any]] = {
    "id": lambda facts: facts.id,
    "customer_id": lambda facts: facts.customer_id or 0,
    "date_created": lambda facts: facts.created or 0,
    "date_modified": lambda facts: facts.modified or 0,
    "status_id": lambda facts: facts.status_id or 0,
    "channel_id": lambda facts: facts.channel_id or 0,
    "external_id": lambda facts: facts.external_id,
}
EXACT: dict[str, Callable[[OrderFacts], Any]] = {
    "customer_id": lambda facts: facts.customer_id,
    "status_id": lambda facts: facts.status_id,
    "channel_id": lambda facts: facts.channel_id,
    "email": lambda facts: facts.email,
    "cart_id": lambda facts: facts.cart_id,
    "payment_method": lambda facts: facts.payment_method.lower(),
    "external_order_id": lambda facts: facts.external_order_id,
}
Dated = list[tuple[int, int]]
MOST_KEPT_ANSWERS = 64


class OrderIndexes:
    """Facts of every order, with what was worked out of them until the next write."""

    def __init__(self, facts: Iterable[OrderFacts]) -> None:
        self.facts = {each.id: each for each in facts}
        self.ids = sorted(self.facts)
        self._dated: dict[str, Dated] = {}
        self._answers: dict[str, Sequence[int]] = {}

    def put(self, facts: OrderFacts) -> None:
        """Enter a new order, or a known one's new facts."""
        if facts.id not in self.facts:
            self.ids.insert(bisect_left(self.ids, facts.id), facts.id)
        self.facts[facts.id] = facts
        self._forget()

    def remove(self, order_id: int) -> None:
        """Take an order out."""
        if self.facts.pop(order_id, None) is not None:
            del self.ids[bisect_left(self.ids, order_id)]
            self._forget()

    def _forget(self) -> None:
        self._dated.clear()
        self._answers.clear()

    def dated(self, field: str) -> Dated:
        """Times with the ids of their orders; an order without the time is not among them."""
        if field not in self._dated:
            found = ((getattr(facts, field), facts.id) for facts in self.facts.values())
            self._dated[field] = sorted(pair for pair in found if pair[0] is not None)
        return self._dated[field]

    def answer(self, question: str, look_up: Callable[[], Sequence[int]]) -> Sequence[int]:
        """The ids that answer a question, kept until the next write."""
        if question not in self._answers:
            if len(self._answers) >= MOST_KEPT_ANSWERS:
                self._answers.clear()
            self._answers[question] = look_up()
        return self._answers[question]


def select(orders: Orders, asked: Mapping[str, Any], sort: str = "id", descending: bool = False) -> Sequence[int]:
    """The ids of the orders that pass every filter.

    :param asked: filter names and values; dates are seconds, totals ten-thousandths.
    :param sort: a key of ``SORT_KEYS``; where it is equal, the lower id comes first.
    """
    indexes = orders.indexes
    rest = {name: value for name, value in asked.items() if name not in ("min_id", "max_id")}
    # Somebody who pages by id asks the same question again with a higher id, so the answer is kept without the ids.
    question = msgspec.json.encode([sorted(rest.items()), sort, descending]).decode()
    ids = indexes.answer(question, lambda: _ordered(indexes, _passing(orders, rest), sort, descending))
    low, high = asked.get("min_id"), asked.get("max_id")
    if low is None and high is None:
        return ids
    if sort == "id" and not descending:
        return ids[0 if low is None else bisect_left(ids, low) : None if high is None else bisect_right(ids, high)]
    return [each for each in ids if (low is None or each >= low) and (high is None or each <= high)]


def _ordered(indexes: OrderIndexes, ids: Sequence[int], sort: str, descending: bool) -> Sequence[int]:
    if sort == "id":
        return ids[::-1] if descending else ids
    key, facts = SORT_KEYS[sort], indexes.facts
    return sorted(ids, key=lambda each: key(facts[each]), reverse=descending)


def _passing(orders: Orders, asked: Mapping[str, Any]) -> Sequence[int]:
    """Ids in ascending order; dates are answered from the indexes, other fields are looked at one by one."""
    indexes = orders.indexes
    found: Sequence[int] = indexes.ids
    for field in ("created", "modified"):
        low, high = asked.get(f"min_date_{field}"), asked.get(f"max_date_{field}")
        if low is None and high is None:
            continue
        dated = indexes.dated(field)
        start = 0 if low is None else bisect_left(dated, (low, -1))
        stop = len(dated) if high is None else bisect_left(dated, (high + 1, -1))
        within = {order_id for _, order_id in dated[start:stop]}
        found = sorted(within) if found is indexes.ids else [each for each in found if each in within]
    for name, read in EXACT.items():
        if name in asked:
            wanted, facts = asked[name], indexes.facts
            found = [each for each in found if read(facts[each]) == wanted]
    low, high = asked.get("min_total"), asked.get("max_total")
    if low is not None:
        found = [each for each in found if orders.total(each) >= low]
    if high is not None:
        found = [each for each in found if orders.total(each) <= high]
    # The list of all ids changes with the next write, an answer must not.
    return list(found)
