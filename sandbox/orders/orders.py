"""The orders' state.

An order nobody has written to is a function of its sketch, and is made up anew when it is asked for; one that was
written to is kept whole in ``written``. Stored records are never changed in place: a write puts a new one. So a
snapshot is a shallow copy.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from sandbox.exchange import Json
from sandbox.orders.facts import facts_of
from sandbox.orders.lines import Shelf
from sandbox.orders.made_up import whole_order
from sandbox.orders.money import amount_of
from sandbox.orders.plan import OrdersPlan
from sandbox.orders.record import OrderRecord
from sandbox.orders.refunds import RefundFacts, sketched_facts, sketched_refunds
from sandbox.orders.refunds import facts_of as refund_facts_of
from sandbox.orders.rendering import Rendered
from sandbox.orders.selection import OrderIndexes
from sandbox.orders.sketches import (
    FIRST_ADDRESS_ID,
    FIRST_LINE_ID,
    FIRST_ORDER_ID,
    FIRST_REFUND_ID,
    FIRST_SHIPMENT_ID,
    Sketch,
    sketches,
)
from sandbox.orders.statuses import COMPLETED, NAMES, PARTIALLY_SHIPPED, SHIPPED

RENDERED_BYTES = 700_000_000


class OrdersState(msgspec.Struct):
    """What differs from the made-up orders: enough to build the present ones again."""

    written: dict[int, OrderRecord] = {}
    removed: set[int] = set()
    refunds: dict[int, Json] = {}
    labels: dict[int, str] = {}
    next_ids: dict[str, int] = {}


class Orders:
    """Orders with their lines, addresses and shipments, the refunds, and the statuses' labels.

    :param plan: what the made-up orders are like.
    :param shelf: the products they are filled with.
    :param store_hash: the hash their links begin with.
    """

    def __init__(self, plan: OrdersPlan, shelf: Shelf, store_hash: str) -> None:
        self.plan = plan
        self._shelf = shelf
        self._hash = store_hash
        self._made_up = {sketch.facts.id: sketch for sketch in sketches(plan)}
        self.indexes = OrderIndexes(sketch.facts for sketch in self._made_up.values())
        self._written: dict[int, OrderRecord] = {}
        self._removed: set[int] = set()
        made = [facts for sketch in self._made_up.values() for facts in sketched_facts(sketch)]
        self._made_up_refunds = {facts.id: facts for facts in sorted(made, key=lambda facts: facts.id)}
        self._refund_facts = dict(self._made_up_refunds)
        self._refunds: dict[int, Json] = {}
        self._shown_refunds: dict[int, bytes] = {}
        self._labels: dict[int, str] = {}
        self._next_ids = self._first_free_ids()
        self._totals: dict[int, int] = {}
        self._rendered: OrderedDict[int, Rendered] = OrderedDict()
        self._rendered_bytes = 0

    def _first_free_ids(self) -> dict[str, int]:
        last = next(reversed(self._made_up.values()), None)
        if last is None:
            line, address, shipment = FIRST_LINE_ID, FIRST_ADDRESS_ID, FIRST_SHIPMENT_ID
        else:
            line = last.first_line_id + len(last.layout)
            address = last.first_address_id + last.addresses
            shipped = {SHIPPED: last.addresses, COMPLETED: last.addresses, PARTIALLY_SHIPPED: 1}
            shipment = last.first_shipment_id + shipped.get(last.facts.status_id or 0, 0)
        return {
            "order": max(self._made_up, default=FIRST_ORDER_ID - 1) + 1,
            "line": line,
            "address": address,
            "shipment": shipment,
            "refund": max(self._made_up_refunds, default=FIRST_REFUND_ID - 1) + 1,
        }

    def new_id(self, kind: str) -> int:
        """The next free id of a kind: order, line, address, shipment, refund."""
        number = self._next_ids[kind]
        self._next_ids[kind] = number + 1
        return number

    def record(self, order_id: int) -> OrderRecord | None:
        """The order with all that belongs to it, for reading only."""
        if order_id in self._written:
            return self._written[order_id]
        if order_id not in self.indexes.facts:
            return None
        return self._make_up(self._made_up[order_id])

    def _make_up(self, sketch: Sketch) -> OrderRecord:
        return whole_order(sketch, self.plan, self._shelf, self._hash)

    def editable(self, order_id: int) -> OrderRecord | None:
        """A copy of the order with all that belongs to it, to be changed and put back."""
        record = self.record(order_id)
        return record.copy() if record is not None and order_id in self._written else record

    def put(self, record: OrderRecord) -> None:
        """Store an order, new or changed."""
        order_id = record.order["id"]
        self._written[order_id] = record
        self._removed.discard(order_id)
        self._forget_rendered(order_id)
        self.indexes.put(facts_of(record.order))
        self._next_ids["order"] = max(self._next_ids["order"], order_id + 1)

    def remove(self, order_id: int) -> None:
        """Delete an order with its shipments; its refunds stay."""
        self.indexes.remove(order_id)
        self._written.pop(order_id, None)
        self._removed.add(order_id)
        self._forget_rendered(order_id)

    def total(self, order_id: int) -> int:
        """An order's total with tax, in ten-thousandths."""
        total = self.indexes.facts[order_id].total
        if total is not None:
            return total
        if order_id not in self._totals:
            self._totals[order_id] = amount_of(self._make_up(self._made_up[order_id]).order["total_inc_tax"])
        return self._totals[order_id]

    def rendered(self, order_id: int) -> Rendered:
        """The order's JSON, from the shelf or freshly written."""
        kept = self._rendered.get(order_id)
        if kept is not None:
            return kept
        record = self.record(order_id)
        if record is None:
            raise KeyError(order_id)
        fresh = self._rendered[order_id] = Rendered(record.order, self.label(record.order["status_id"]), self._hash)
        self._rendered_bytes += fresh.size
        while self._rendered_bytes > RENDERED_BYTES and len(self._rendered) > 1:
            _, oldest = self._rendered.popitem(last=False)
            self._rendered_bytes -= oldest.size
        return fresh

    def shown(self, order_id: int, include: frozenset[str]) -> bytes:
        """The order's JSON with the parts asked for."""
        return self.rendered(order_id).whole(include, order_id, self._hash)

    def _forget_rendered(self, order_id: int) -> None:
        kept = self._rendered.pop(order_id, None)
        if kept is not None:
            self._rendered_bytes -= kept.size

    def _forget_all_rendered(self) -> None:
        self._rendered.clear()
        self._rendered_bytes = 0

    def shipments(self) -> Iterator[Json]:
        """Every shipment, order by order."""
        for order_id in list(self.indexes.ids):
            sketch = self._made_up.get(order_id)
            shipped = (SHIPPED, PARTIALLY_SHIPPED, COMPLETED)
            if order_id not in self._written and sketch is not None and sketch.facts.status_id not in shipped:
                continue
            record = self.record(order_id)
            yield from record.shipments if record is not None else ()

    @property
    def labels(self) -> dict[int, str]:
        """The status labels that differ from the names."""
        return dict(self._labels)

    def label(self, status_id: object) -> str:
        """What an order of this status says it is."""
        if not isinstance(status_id, int):
            return ""
        return self._labels.get(status_id, NAMES.get(status_id, ""))

    def rename_status(self, status_id: int, label: str) -> None:
        """Give a status another label; every order of it shows it."""
        self._labels = self._labels | {status_id: label}
        self._forget_all_rendered()

    @property
    def refund_facts(self) -> list[RefundFacts]:
        """The facts of every refund, by ascending id."""
        return list(self._refund_facts.values())

    def refund(self, refund_id: int) -> Json | None:
        """One refund, for reading only."""
        if refund_id in self._refunds:
            return self._refunds[refund_id]
        facts = self._made_up_refunds.get(refund_id)
        if facts is None:
            return None
        # A made-up refund is of the order as it was made up, whatever became of the order.
        sketch = self._made_up[facts.order_id]
        made = sketched_refunds(sketch, self._make_up(sketch).order)
        return next(each for each in made if each["id"] == refund_id)

    def shown_refund(self, refund_id: int) -> bytes:
        """A refund's JSON; a made-up one never changes, so it is written once."""
        if refund_id in self._refunds or refund_id not in self._made_up_refunds:
            return msgspec.json.encode(self.refund(refund_id))
        if refund_id not in self._shown_refunds:
            self._shown_refunds[refund_id] = msgspec.json.encode(self.refund(refund_id))
        return self._shown_refunds[refund_id]

    def put_refund(self, refund: Json) -> None:
        """Store a new refund."""
        self._refunds = self._refunds | {refund["id"]: refund}
        self._index_refunds()

    def _index_refunds(self) -> None:
        facts = self._made_up_refunds | {number: refund_facts_of(each) for number, each in self._refunds.items()}
        self._refund_facts = dict(sorted(facts.items()))

    def state(self) -> OrdersState:
        """The present state, to be kept."""
        return OrdersState(
            dict(self._written), set(self._removed), dict(self._refunds), dict(self._labels), dict(self._next_ids)
        )

    def restore(self, state: OrdersState) -> None:
        """Go back to a kept state; only orders that differ are touched."""
        for order_id in self._written.keys() | self._removed | state.written.keys() | state.removed:
            now, then = self._written.get(order_id), state.written.get(order_id)
            if now is then and (order_id in self._removed) == (order_id in state.removed):
                continue
            self._forget_rendered(order_id)
            if then is not None:
                self.indexes.put(facts_of(then.order))
            elif order_id not in state.removed and order_id in self._made_up:
                self.indexes.put(self._made_up[order_id].facts)
            else:
                self.indexes.remove(order_id)
        if self._labels != state.labels:
            self._forget_all_rendered()
        self._written, self._removed = dict(state.written), set(state.removed)
        self._refunds, self._labels = dict(state.refunds), dict(state.labels)
        self._next_ids = self._first_free_ids() | state.next_ids
        self._index_refunds()
