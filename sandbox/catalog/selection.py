"""Which products a request means, and in which order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.catalog.facts import Facts
from sandbox.catalog.indexes import Indexes, TextIndex
from sandbox.filtering import Condition

SORT_KEYS: dict[str, Callable[[Facts], Any]] = {
    "id": lambda facts: facts.id,
    "name": lambda facts: facts.name.lower(),
    "sku": lambda facts: facts.sku.lower(),
    "price": lambda facts: facts.price,
    "date_modified": lambda facts: facts.modified,
    "date_last_imported": lambda facts: facts.imported,
    "inventory_level": lambda facts: facts.level,
    "is_visible": lambda facts: facts.is_visible,
    "total_sold": lambda facts: facts.total_sold,
    "calculated_price": lambda facts: facts.calculated_price,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Product ids: the stretch from ``low`` to ``high`` of a list, forwards or backwards."""

    ids: Sequence[int]
    low: int
    high: int
    descending: bool = False

    @property
    def total(self) -> int:
        """How many products are selected."""
        return max(0, self.high - self.low)

    def slice(self, start: int, stop: int) -> Sequence[int]:
        """The selected ids from one position to another."""
        start, stop = min(start, self.total), min(stop, self.total)
        if not self.descending:
            return self.ids[self.low + start : self.low + stop]
        return self.ids[self.high - stop : self.high - start][::-1]


def select(indexes: Indexes, asked: Sequence[Condition], sort: str = "id", descending: bool = False) -> Selection:
    """The products that pass every condition.

    Identifiers, id ranges and modification dates are answered from the indexes; other fields are looked at one by one,
    only among the products the indexes left.
    """
    pointed, rest = _pointed_at(indexes, asked)
    if pointed is not None:
        ids = _passing(indexes, sorted(pointed), rest)
        return _ordered(indexes, ids, sort, descending)
    low, high, rest = _id_stretch(indexes.product_ids, rest)
    if not rest and sort == "id":
        return Selection(indexes.product_ids, low, high, descending)
    if not rest and (low, high) == (0, len(indexes.product_ids)):
        return Selection(indexes.order(sort, SORT_KEYS[sort]), low, high, descending)
    # Somebody who pages by id asks the same question again with a higher id, so the answer is kept without the ids.
    question = repr([(condition.field, condition.operator, condition.value) for condition in rest])
    ids = indexes.answer(question, lambda: _looked_up(indexes, rest))
    low, high, _ = _id_stretch(ids, asked)
    if sort == "id":
        return Selection(ids, low, high, descending)
    return _ordered(indexes, ids[low:high], sort, descending)


def _ordered(indexes: Indexes, ids: list[int], sort: str, descending: bool) -> Selection:
    if sort != "id":
        key, facts = SORT_KEYS[sort], indexes.facts
        ids.sort(key=lambda each: (key(facts[each]), each))
    return Selection(ids, 0, len(ids), descending)


def _looked_up(indexes: Indexes, asked: Sequence[Condition]) -> list[int]:
    recent, rest = _modified_stretch(indexes, asked)
    return _passing(indexes, indexes.product_ids if recent is None else sorted(recent), rest)


def _passing(indexes: Indexes, candidates: Sequence[int], asked: Sequence[Condition]) -> list[int]:
    facts = indexes.facts
    return [each for each in candidates if all(condition.holds(facts[each]) for condition in asked)]


def _pointed_at(indexes: Indexes, asked: Sequence[Condition]) -> tuple[set[int] | None, list[Condition]]:
    texts: dict[str, TextIndex] = {
        "name": indexes.product_name,
        "sku": indexes.product_sku,
        "upc": indexes.product_upc,
        "mpn": indexes.product_mpn,
    }
    pointed: set[int] | None = None
    rest = []
    for condition in asked:
        if condition.operator not in ("", "in") or (condition.field != "id" and condition.field not in texts):
            rest.append(condition)
            continue
        wanted = condition.value if condition.operator == "in" else [condition.value]
        if condition.field == "id":
            found = {each for each in wanted if each in indexes.facts}
        elif "" in wanted:
            # Blank identifiers are not indexed.
            rest.append(condition)
            continue
        else:
            found = {product_id for text in wanted for product_id in texts[condition.field].find(text)}
        pointed = found if pointed is None else pointed & found
    return pointed, rest


def _id_stretch(ids: Sequence[int], asked: Sequence[Condition]) -> tuple[int, int, list[Condition]]:
    low, high, rest = 0, len(ids), []
    for condition in asked:
        match (condition.field, condition.operator):
            case ("id", "min"):
                low = max(low, bisect_left(ids, condition.value))
            case ("id", "greater"):
                low = max(low, bisect_right(ids, condition.value))
            case ("id", "max"):
                high = min(high, bisect_right(ids, condition.value))
            case ("id", "less"):
                high = min(high, bisect_left(ids, condition.value))
            case _:
                rest.append(condition)
    return low, max(low, high), rest


def _modified_stretch(indexes: Indexes, asked: Sequence[Condition]) -> tuple[set[int] | None, list[Condition]]:
    low, high, rest = 0, len(indexes.modified), []
    for condition in asked:
        match (condition.field, condition.operator):
            case ("date_modified", "min"):
                low = max(low, bisect_left(indexes.modified, (condition.value, 0)))
            case ("date_modified", "max"):
                high = min(high, bisect_left(indexes.modified, (condition.value + 1, 0)))
            case _:
                rest.append(condition)
    if len(rest) == len(asked):
        return None, rest
    return {product_id for _, product_id in indexes.modified[low:high]}, rest
