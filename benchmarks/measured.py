"""The operations that are measured, each with its store, what the floor asks of it, and the runs after the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from benchmarks.stores import LINES, VARIANTS, measured_store, store_with_orders
from sandbox.process import SandboxProcess

FIRST = "first"
SECOND = "second"
BACKFILL = "backfill"
"""The run of this name belongs to a backfill over the whole time that the store's orders are of."""

PER_PAGE = 250


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation.

    :param operation: its name.
    :param records: what it reads, as the tables call it.
    :param each: what belongs to each of them.
    :param store: a store with so many of them, to be started.
    :param path: the list that the floor asks for, with all that the operation asks to be included.
    :param records_of: the records of a page's JSON.
    :param routes: by name, the requests that are counted apart from the others; the first are those for pages.
    :param most_beside_pages: how many requests a run may make besides one for each page.
    :param read: by run, in their order, what a run must have looked at for each record, by the ledger; None: not all.
    """

    operation: str
    records: str
    each: str
    store: Callable[[int], SandboxProcess]
    path: str
    records_of: Callable[[Any], Sequence[dict[str, Any]]]
    routes: Mapping[str, str]
    most_beside_pages: int
    read: Mapping[str, int | None]

    @property
    def again(self) -> list[str]:
        """The runs after the first; nothing changes between them."""
        return [run for run in self.read if run != FIRST]

    def most_requests(self, size: int) -> int:
        """How many requests a run may make of a store of this size."""
        return ceil(size / PER_PAGE) + self.most_beside_pages


IMPORT_LISTINGS = Measured(
    operation="import_listings",
    records="products",
    each=f"{VARIANTS} variants",
    store=measured_store,
    path="/v3/catalog/products?include=variants,images,custom_fields",
    records_of=lambda page: page["data"],
    routes={"pages": "GET /v3/catalog/products"},
    most_beside_pages=10,
    read={FIRST: VARIANTS, SECOND: VARIANTS},
)
GET_ORDERS = Measured(
    operation="get_orders",
    records="orders",
    each=f"{LINES} lines",
    store=store_with_orders,
    path="/v2/orders?include=consignments,consignments.line_items,fees&consignment_structure=object",
    records_of=lambda page: page,
    routes={"pages": "GET /v2/orders", "refunds": "GET /v3/orders/payment_actions/refunds"},
    most_beside_pages=5,
    read={FIRST: 1, SECOND: None, BACKFILL: 1},
)
