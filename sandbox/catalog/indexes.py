"""Indexes over the facts: no request walks the whole catalog for an identifier, an id range or a date."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.catalog.facts import Facts

MOST_KEPT_ANSWERS = 32


class TextIndex:
    """Ids by a text, whatever its letter case; a blank text is not indexed."""

    def __init__(self) -> None:
        self._ids: dict[str, tuple[int, ...]] = {}

    def add(self, text: str, record_id: int) -> None:
        """Note that the record has this text."""
        if text:
            key = text.lower()
            self._ids[key] = (*self._ids.get(key, ()), record_id)

    def remove(self, text: str, record_id: int) -> None:
        """Forget that the record has this text."""
        if text:
            key = text.lower()
            left = tuple(each for each in self._ids.get(key, ()) if each != record_id)
            if left:
                self._ids[key] = left
            else:
                self._ids.pop(key, None)

    def find(self, text: str) -> tuple[int, ...]:
        """Ids of the records with this text."""
        return self._ids.get(text.lower(), ())


class Indexes:
    """Everything the store looks records up by."""

    def __init__(self, all_facts: Iterable[Facts]) -> None:
        self.facts: dict[int, Facts] = {}
        self.product_ids: list[int] = []
        self.variant_ids: list[int] = []
        self.product_of_variant: dict[int, int] = {}
        self.product_name = TextIndex()
        self.product_sku = TextIndex()
        self.product_upc = TextIndex()
        self.product_mpn = TextIndex()
        self.variant_sku = TextIndex()
        self.variant_upc = TextIndex()
        self.modified: list[tuple[int, int]] = []
        self._orders: dict[str, list[int]] = {}
        self._answers: dict[str, list[int]] = {}
        self._stock_items: list[tuple[int, int]] | None = None
        for facts in all_facts:
            self._add_texts(facts)
            self.product_ids.append(facts.id)
            self.variant_ids.extend(variant.id for variant in facts.variants)
            self.modified.append((facts.modified, facts.id))
        self.modified.sort()

    def _add_texts(self, facts: Facts) -> None:
        self.facts[facts.id] = facts
        self.product_name.add(facts.name, facts.id)
        self.product_sku.add(facts.sku, facts.id)
        self.product_upc.add(facts.upc, facts.id)
        self.product_mpn.add(facts.mpn, facts.id)
        for variant in facts.variants:
            self.product_of_variant[variant.id] = facts.id
            self.variant_sku.add(variant.sku, variant.id)
            self.variant_upc.add(variant.upc, variant.id)

    def add(self, facts: Facts) -> None:
        """Index a product that is new."""
        self._add_texts(facts)
        insort(self.product_ids, facts.id)
        for variant in facts.variants:
            insort(self.variant_ids, variant.id)
        insort(self.modified, (facts.modified, facts.id))
        self._forget_derived()

    def replace(self, facts: Facts) -> None:
        """Index a product anew that has changed."""
        before = self.facts[facts.id]
        if [each.id for each in before.variants] != [each.id for each in facts.variants]:
            self.remove(facts.id)
            self.add(facts)
            return
        self._remove_texts(before)
        self._add_texts(facts)
        if before.modified != facts.modified:
            del self.modified[bisect_left(self.modified, (before.modified, facts.id))]
            insort(self.modified, (facts.modified, facts.id))
        self._forget_derived(stock_items=before.tracking != facts.tracking)

    def remove(self, product_id: int) -> None:
        """Take a product out."""
        facts = self._remove_texts(self.facts[product_id])
        for variant in facts.variants:
            del self.variant_ids[bisect_left(self.variant_ids, variant.id)]
        del self.product_ids[bisect_left(self.product_ids, product_id)]
        del self.modified[bisect_left(self.modified, (facts.modified, facts.id))]
        self._forget_derived()

    def _remove_texts(self, facts: Facts) -> Facts:
        del self.facts[facts.id]
        self.product_name.remove(facts.name, facts.id)
        self.product_sku.remove(facts.sku, facts.id)
        self.product_upc.remove(facts.upc, facts.id)
        self.product_mpn.remove(facts.mpn, facts.id)
        for variant in facts.variants:
            del self.product_of_variant[variant.id]
            self.variant_sku.remove(variant.sku, variant.id)
            self.variant_upc.remove(variant.upc, variant.id)
        return facts

    def _forget_derived(self, *, stock_items: bool = True) -> None:
        self._orders.clear()
        self._answers.clear()
        if stock_items:
            self._stock_items = None

    def order(self, name: str, key: Callable[[Facts], Any]) -> list[int]:
        """All product ids in the order of a key, kept until the next write."""
        if name not in self._orders:
            self._orders[name] = [each.id for each in sorted(self.facts.values(), key=lambda one: (key(one), one.id))]
        return self._orders[name]

    def answer(self, question: str, look_up: Callable[[], list[int]]) -> list[int]:
        """The product ids that answer a question, kept until the next write."""
        if question not in self._answers:
            if len(self._answers) >= MOST_KEPT_ANSWERS:
                self._answers.clear()
            self._answers[question] = look_up()
        return self._answers[question]

    def forget_answers(self) -> None:
        """Something outside the products changed that an answer may rest on."""
        self._answers.clear()

    def stock_items(self) -> list[tuple[int, int]]:
        """Stock items as (product id, variant id), in order.

        A product tracked as a whole is one item, whose variant id is 0 when it has several variants.
        """
        if self._stock_items is None:
            items = []
            for product_id in self.product_ids:
                facts = self.facts[product_id]
                if facts.tracking == "product" and len(facts.variants) != 1:
                    items.append((product_id, 0))
                else:
                    items.extend((product_id, variant.id) for variant in facts.variants)
            self._stock_items = items
        return self._stock_items
