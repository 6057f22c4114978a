"""The catalog's state.

A product nobody has written to is a function of its facts, and is made up anew when it is asked for; one that was
written to is kept whole in ``written``. Stored records are never changed in place: a write puts a new one. So a
snapshot is a shallow copy.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from sandbox.catalog import shelving
from sandbox.catalog.details import whole_product
from sandbox.catalog.facts import facts_of
from sandbox.catalog.indexes import Indexes
from sandbox.catalog.plan import Plan
from sandbox.catalog.rendering import Rendered
from sandbox.catalog.sketches import sketches
from sandbox.exchange import Json

RENDERED_BYTES = 2_000_000_000


class CatalogState(msgspec.Struct):
    """What differs from the made-up catalog: enough to build the present one again."""

    written: dict[int, Json]
    removed: set[int]
    brands: dict[int, Json]
    categories: dict[int, Json]
    next_ids: dict[str, int]


class Catalog:
    """Products with their sub-resources, brands and categories.

    :param plan: what the made-up catalog is like.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._made_up = {facts.id: facts for facts in sketches(plan)}
        self.indexes = Indexes(self._made_up.values())
        self.brands = {each["id"]: each for each in shelving.brands(plan)}
        self.categories = {each["category_id"]: each for each in shelving.categories()}
        self._written: dict[int, Json] = {}
        self._removed: set[int] = set()
        self._next_ids = self._first_free_ids()
        self._rendered: OrderedDict[int, Rendered] = OrderedDict()
        self._rendered_bytes = 0
        self._original = self.state()

    def _first_free_ids(self) -> dict[str, int]:
        product = max(self._made_up, default=100) + 1
        variant = max(self.indexes.product_of_variant, default=100) + 1
        return {
            "product": product,
            "variant": variant,
            "brand": max(self.brands, default=0) + 1,
            "category": max(self.categories, default=0) + 1,
            # Made-up sub-resources are numbered from their product's id.
            "part": product * 10,
            "option_value": product * 2000,
        }

    def new_id(self, kind: str) -> int:
        """The next free id of a kind: product, variant, brand, category, part, option_value."""
        number = self._next_ids[kind]
        self._next_ids[kind] = number + 1
        return number

    def product(self, product_id: int) -> Json | None:
        """The whole product, for reading only."""
        if product_id in self._written:
            return self._written[product_id]
        if product_id not in self.indexes.facts:
            return None
        return whole_product(self._made_up[product_id], self.plan.seed)

    def channels(self, product_id: int) -> list[int]:
        """The channels a product is assigned to; one nobody has written to is on the default channel."""
        written = self._written.get(product_id)
        listed = [1] if written is None else written.get("channels")
        return listed if isinstance(listed, list) else []

    def editable(self, product_id: int) -> Json | None:
        """A copy of the whole product, to be changed and put back."""
        product = self.product(product_id)
        if product_id not in self._written:
            return product
        copied: Json = msgspec.json.decode(msgspec.json.encode(product))
        return copied

    def products(self) -> Iterator[Json]:
        """Every product whole, by ascending id."""
        for product_id in list(self.indexes.product_ids):
            product = self.product(product_id)
            if product is not None:
                yield product

    def put(self, product: Json) -> None:
        """Store a product, new or changed."""
        product_id = product["id"]
        self._written[product_id] = product
        self._removed.discard(product_id)
        self._forget_rendered(product_id)
        if product_id in self.indexes.facts:
            self.indexes.replace(facts_of(product))
        else:
            self.indexes.add(facts_of(product))

    def remove(self, product_id: int) -> None:
        """Delete a product with all that belongs to it."""
        self.indexes.remove(product_id)
        self._written.pop(product_id, None)
        self._removed.add(product_id)
        self._forget_rendered(product_id)

    def rendered(self, product_id: int) -> Rendered:
        """The product's JSON, from the shelf or freshly written."""
        kept = self._rendered.get(product_id)
        if kept is not None:
            return kept
        product = self.product(product_id)
        if product is None:
            raise KeyError(product_id)
        fresh = self._rendered[product_id] = Rendered(product)
        self._rendered_bytes += fresh.size
        while self._rendered_bytes > RENDERED_BYTES and len(self._rendered) > 1:
            _, oldest = self._rendered.popitem(last=False)
            self._rendered_bytes -= oldest.size
        return fresh

    def _forget_rendered(self, product_id: int) -> None:
        kept = self._rendered.pop(product_id, None)
        if kept is not None:
            self._rendered_bytes -= kept.size

    def state(self) -> CatalogState:
        """The present state, to be kept."""
        return CatalogState(
            dict(self._written), set(self._removed), dict(self.brands), dict(self.categories), dict(self._next_ids)
        )

    def original(self) -> CatalogState:
        """The state as made up from the plan."""
        return self._original

    def restore(self, state: CatalogState) -> None:
        """Go back to a kept state; only products that differ are touched."""
        for product_id in self._written.keys() | self._removed | state.written.keys() | state.removed:
            now, then = self._written.get(product_id), state.written.get(product_id)
            same_record = now is then and (product_id in self._removed) == (product_id in state.removed)
            if same_record:
                continue
            if product_id in self.indexes.facts:
                self.indexes.remove(product_id)
            self._forget_rendered(product_id)
            if then is not None:
                self.indexes.add(facts_of(then))
            elif product_id not in state.removed and product_id in self._made_up:
                self.indexes.add(self._made_up[product_id])
        self._written, self._removed = dict(state.written), set(state.removed)
        self.brands, self.categories = dict(state.brands), dict(state.categories)
        self._next_ids = dict(state.next_ids)
