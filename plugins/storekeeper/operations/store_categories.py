"""The store's categories by path: looked up once a run, made where they are missing and the channel allows it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from storekeeper.bigcommerce import products as store_products
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.bigcommerce.products import Category
from storekeeper.outcomes import Refused, Unknown
from storekeeper.transforms.names import read_categories
from storekeeper.warehouse.claim import Claim

log = logging.getLogger(__name__)

SEPARATOR = " > "

ATTEMPTS = 3
"""How often missing categories are asked for: after an answer that was lost they are looked up anew."""


class StoreCategories:
    """The categories of one tree.

    :param channel_id: the store's own sales channel, whose tree it is; None: the store's first.
    """

    def __init__(self, store: StoreClient, channel_id: int | None) -> None:
        self._store = store
        self._tree = store_products.tree_of(store, channel_id)
        self._ids: dict[str, int] = {}
        self.refusal = ""
        """Why the store did not make what was asked of it; empty where it made all."""
        self._read()

    def ids(self, paths: Sequence[str]) -> list[int]:
        """The ids of those paths that there are."""
        return sorted({self._ids[_key(path)] for path in paths if _key(path) in self._ids})

    def missing(self, paths: Collection[str]) -> list[str]:
        """Those of some paths that there are not."""
        return [path for path in paths if _key(path) not in self._ids]

    def lacking(self, listing_key: str, paths: Sequence[str]) -> str | None:
        """A sentence on a listing that names a category which there is not; None where there are all."""
        missing = self.missing(paths)
        if not missing:
            return None
        why = f" and did not make it: {self.refusal}" if self.refusal else ""
        return f"Listing {listing_key}: the store has no category {missing[0]!r}{why}."[:400]

    def make(self, paths: Collection[str], claim: Claim) -> None:
        """Make what is missing, level by level; what the store refuses stays missing."""
        for _ in range(ATTEMPTS):
            try:
                self._make(paths, claim)
                if self.refusal:
                    self._read()  # somebody else may have made them meanwhile
                return
            except Unknown as unknown:
                log.warning("%s; waiting until it has taken effect or never will, then looking", unknown)
                claim.wait_out()
                self._read()

    def _make(self, paths: Collection[str], claim: Claim) -> None:
        levels: dict[int, dict[str, tuple[str, str]]] = {}
        for path in self.missing(paths):
            names = path.split(SEPARATOR)
            for depth in range(1, len(names) + 1):
                here = SEPARATOR.join(names[:depth])
                if _key(here) not in self._ids:
                    levels.setdefault(depth, {})[_key(here)] = (here, names[depth - 1])
        for depth in sorted(levels):
            wanted = {}
            for here, name in levels[depth].values():
                parent = self._ids.get(_key(here.rpartition(SEPARATOR)[0]), 0) if depth > 1 else 0
                if depth == 1 or parent:
                    wanted[parent, name.casefold()] = (here, {"name": name, "parent_id": parent, "tree_id": self._tree})
            for begin in range(0, len(wanted), store_products.MOST_CATEGORIES):
                some = list(wanted.values())[begin : begin + store_products.MOST_CATEGORIES]
                for category in self._create([each for _, each in some], claim):
                    path, _ = wanted.get((category.parent_id, category.name.casefold()), ("", None))
                    self._ids[_key(path)] = category.category_id

    def _create(self, categories: Sequence[Mapping[str, Any]], claim: Claim) -> list[Category]:
        """Make categories; where the store refuses them together, one by one."""
        try:
            return store_products.create_categories(self._store, categories, claim.check)
        except Refused as refusal:
            if len(categories) > 1:
                return [made for each in categories for made in self._create([each], claim)]
            self.refusal = refusal.said or str(refusal)
            return []

    def _read(self) -> None:
        named = read_categories(store_products.categories_of(self._store, self._tree))
        self._ids = {_key(path): identity for identity, path in reversed(named.names)}


def _key(path: str) -> str:
    return path.casefold()
