"""What shipments of the warehouse ask of the store: new ones, other tracking, deletions; and what may not be sent.

Pure: orders with their lines, the shipments to send and those that the store has, in; calls and problems, out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import msgspec

from storekeeper.outcomes import Problem, Reason
from storekeeper.settings import Carrier, OrderStatus, SyncOrders, UnknownCarriers

MOST_OF_A_TRACKING_NUMBER = 50
MOST_OF_A_TRACKING_LINK = 500

NOT_SHIPPABLE = (OrderStatus.INCOMPLETE, OrderStatus.REFUNDED, OrderStatus.CANCELLED, OrderStatus.DECLINED)

FIELDS = ("tracking_number", "shipping_provider", "tracking_carrier", "tracking_link", "shipping_method")
"""How a shipment is followed: what a shipment that was sent may still change."""


class Line(msgspec.Struct, frozen=True):
    """A line of an order.

    :param shippable: it is physical, and goes to a shipping address.
    :param shipped: units that have left, as the store counts them, or as the warehouse knows they must by now.
    """

    order_product_id: int
    address_id: int
    shippable: bool
    quantity: int
    shipped: int
    master_sku: str | None = None
    type: str | None = None


class Item(msgspec.Struct, frozen=True):
    """A line of a shipment, as somebody wrote it."""

    quantity: int
    order_product_id: int | None = None
    master_sku: str | None = None


class Parcel(msgspec.Struct, frozen=True):
    """A shipment that the store has, or had.

    :param lines: units by the order's line.
    :param gone: somebody has deleted it there.
    """

    store_shipment_no: int
    order_address_id: int
    lines: dict[int, int]
    store_shipment_id: int | None = None
    tracking_number: str = ""
    shipping_provider: str = ""
    tracking_carrier: str = ""
    tracking_link: str = ""
    shipping_method: str | None = None
    in_doubt: bool = False
    gone: bool = False


class Shipment(msgspec.Struct, frozen=True):
    """A shipment of the warehouse that the store does not have, or not as it is now.

    :param undecided: a call may have made it, and nobody knows yet.
    :param retried: the store has refused it before.
    :param parcels: what the store has of it: one for each shipping address.
    """

    shipment_key: str
    version: int
    items: list[Item] = []
    parcels: list[Parcel] = []
    tracking_number: str | None = None
    carrier: str | None = None
    shipping_method: str | None = None
    tracking_link: str | None = None
    cancelled: bool = False
    undecided: bool = False
    retried: bool = False


class Order(msgspec.Struct, frozen=True):
    """An order with the shipments to send, in the order in which they are to go.

    :param known: the warehouse has it, in this channel.
    :param other_channel: where it belongs instead, as far as the warehouse knows.
    :param by_hand: shipments that somebody made in the store.
    :param reserved: units by line that calls whose fate is unknown may have shipped.
    """

    order_id: int
    known: bool
    shipments: list[Shipment]
    other_channel: str | None = None
    status_id: int | None = None
    deleted: bool = False
    lines: list[Line] = []
    by_hand: list[Parcel] = []
    reserved: dict[int, int] = {}


class Action(StrEnum):
    """What is to be done about a shipment, in the order in which it is done: what is deleted makes room."""

    DELETE = "delete"
    SETTLE = "settle"
    ADOPT = "adopt"
    UPDATE = "update"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing to do.

    :param payload: what the call sends; of ``adopt``, nothing.
    :param lines: units by the order's line.
    """

    action: Action
    order_id: int
    shipment: Shipment
    order_address_id: int | None = None
    store_shipment_no: int | None = None
    store_shipment_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What is to be done for some orders, and what may not be."""

    todo: list[Planned] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Unfit(Exception):
    """The shipment may not be sent as it is."""

    def __init__(self, reason: Reason, said: str) -> None:
        super().__init__(said)
        self.reason = reason


def plan_shipments(orders: Iterable[Order], settings: SyncOrders) -> Plan:
    """Decide what is to be sent.

    A shipment is sent whole or not at all: one line that may not go holds all of it back.
    """
    plan = Plan()
    carriers = settings.known_carriers()
    for order in orders:
        _Orders(order, settings, carriers, plan).plan()
    return plan


class _Orders:
    """One order's shipments."""

    def __init__(self, order: Order, settings: SyncOrders, carriers: Mapping[str, Carrier], plan: Plan) -> None:
        self._order = order
        self._settings = settings
        self._carriers = carriers
        self._plan = plan
        self._lines = {line.order_product_id: line for line in order.lines}
        self._open = Counter(
            {
                line.order_product_id: line.quantity - line.shipped - order.reserved.get(line.order_product_id, 0)
                for line in order.lines
            }
        )
        self._by_hand = list(order.by_hand)

    def plan(self) -> None:
        for shipment in sorted(self._order.shipments, key=lambda each: not each.cancelled):
            if shipment.undecided:  # what is known of it is said where it was looked for
                continue
            try:
                todo = list(self._cancel(shipment) if shipment.cancelled else self._ship(shipment))
            except _Unfit as unfit:
                self._plan.problems.append(_problem(shipment, unfit.reason, str(unfit)))
            else:
                self._plan.todo += todo or [self._planned(Action.SETTLE, shipment)]

    def _planned(self, action: Action, shipment: Shipment, **values: Any) -> Planned:
        return Planned(action, self._order.order_id, shipment, **values)

    def _cancel(self, shipment: Shipment) -> Iterator[Planned]:
        for parcel in shipment.parcels:
            if parcel.gone:
                continue
            if parcel.store_shipment_id is None or not self._settings.delete_cancelled:
                raise _Unfit(
                    Reason.CANCELLED_AFTER_SENDING,
                    f"Shipment {shipment.shipment_key} of order {self._order.order_id} was cancelled after it was"
                    " sent.",
                )
            self._open.update(parcel.lines)
            yield self._planned(
                Action.DELETE,
                shipment,
                order_address_id=parcel.order_address_id,
                store_shipment_no=parcel.store_shipment_no,
                store_shipment_id=parcel.store_shipment_id,
                lines=parcel.lines,
            )

    def _ship(self, shipment: Shipment) -> list[Planned]:
        gone = [parcel for parcel in shipment.parcels if parcel.gone]
        if gone:
            self._plan.problems.append(
                _problem(
                    shipment,
                    Reason.SHIPMENT_GONE,
                    f"Shipment {shipment.shipment_key} of order {self._order.order_id} was sent as"
                    f" {gone[0].store_shipment_id}, and the store does not have it any more.",
                )
            )
            return []
        if not self._order.known:
            raise self._unknown_order(shipment)
        tracking = self._tracking(shipment)
        todo: list[Planned] = []
        demand, wanted = self._demand(shipment)
        for parcel in shipment.parcels:
            if not self._take_off(demand, wanted, parcel.lines):
                raise _Unfit(
                    Reason.SHIPMENT_CHANGED,
                    f"The lines of shipment {shipment.shipment_key} are others than those that were sent"
                    f" (order {self._order.order_id}, store's shipment {parcel.store_shipment_id}).",
                )
            todo += self._update(shipment, parcel, tracking)
        for parcel in self._made_by_hand(tracking["tracking_number"] or ""):
            if self._take_off(demand, wanted, parcel.lines):
                self._by_hand.remove(parcel)
                todo.append(
                    self._planned(
                        Action.ADOPT,
                        shipment,
                        order_address_id=parcel.order_address_id,
                        store_shipment_no=parcel.store_shipment_no,
                        store_shipment_id=parcel.store_shipment_id,
                        lines=parcel.lines,
                    )
                )
                todo += self._update(shipment, parcel, tracking)
        return todo + self._create(shipment, demand, wanted, tracking)

    def _unknown_order(self, shipment: Shipment) -> _Unfit:
        said = f"Shipment {shipment.shipment_key}: order {self._order.order_id}"
        if self._order.other_channel:
            return _Unfit(
                Reason.ORDER_OF_OTHER_CHANNEL, f"{said} is not this channel's, but that of {self._order.other_channel}."
            )
        return _Unfit(Reason.UNKNOWN_ORDER, f"{said} is not in the warehouse.")

    def _demand(self, shipment: Shipment) -> tuple[Counter[int], Counter[str]]:
        """Units by line, and units by master SKU whose line is not said."""
        of = f"Shipment {shipment.shipment_key}"
        if not shipment.items:
            raise _Unfit(Reason.SHIPMENT_WITHOUT_LINES, f"{of} has no lines.")
        demand: Counter[int] = Counter()
        wanted: Counter[str] = Counter()
        for item in shipment.items:
            sku = (item.master_sku or "").strip()
            if item.quantity < 1 or (item.order_product_id is None and not sku):
                raise _Unfit(
                    Reason.INVALID_SHIPMENT_LINE,
                    f"{of} has a line of {item.quantity} units of"
                    f" {item.order_product_id or sku or 'nothing that is named'}.",
                )
            if item.order_product_id is not None:
                lines = [self._lines[item.order_product_id]] if item.order_product_id in self._lines else []
                named = f"line {item.order_product_id}"
                demand[item.order_product_id] += item.quantity
            else:
                lines = self._of_sku(sku.lower())
                named = f"a line of {sku}"
                wanted[sku.lower()] += item.quantity
            if not lines:
                raise _Unfit(Reason.UNKNOWN_ORDER_LINE, f"{of}: order {self._order.order_id} does not have {named}.")
            if not any(line.shippable for line in lines):
                raise _Unfit(
                    Reason.LINE_NOT_SHIPPED,
                    f"{of}: {named} of order {self._order.order_id} is not shipped ({lines[0].type or 'no type'}).",
                )
        return demand, wanted

    def _of_sku(self, sku: str) -> list[Line]:
        return [line for line in self._order.lines if (line.master_sku or "").lower() == sku]

    def _take_off(self, demand: Counter[int], wanted: Counter[str], lines: Mapping[int, int]) -> bool:
        """Take what was sent off what is to be sent; False, and nothing taken, where it is not a part of it."""
        rest, others = Counter(demand), Counter(wanted)
        for order_product_id, units in lines.items():
            named = min(units, rest[order_product_id])
            rest[order_product_id] -= named
            line = self._lines.get(order_product_id)
            sku = (line.master_sku or "").lower() if line else ""
            if others[sku] < units - named:
                return False
            others[sku] -= units - named
        demand.clear()
        wanted.clear()
        demand.update({key: units for key, units in rest.items() if units})
        wanted.update({key: units for key, units in others.items() if units})
        return True

    def _made_by_hand(self, tracking_number: str) -> list[Parcel]:
        """What somebody made in the store under the very tracking number: it is the same parcel."""
        if not tracking_number:
            return []
        return [parcel for parcel in self._by_hand if same_number(parcel.tracking_number, tracking_number)]

    def _update(self, shipment: Shipment, parcel: Parcel, tracking: Mapping[str, str | None]) -> Iterator[Planned]:
        """Only what is managed is compared, and then sent whole; so is what a call may have changed unknown to us."""
        managed = {name: tracking[name] for name in FIELDS if tracking[name] is not None}
        differs = any(value != (getattr(parcel, name) or "") for name, value in managed.items())
        if (differs or parcel.in_doubt) and parcel.store_shipment_id is not None:
            yield self._planned(
                Action.UPDATE,
                shipment,
                order_address_id=parcel.order_address_id,
                store_shipment_no=parcel.store_shipment_no,
                store_shipment_id=parcel.store_shipment_id,
                payload=managed,
            )

    def _create(
        self, shipment: Shipment, demand: Counter[int], wanted: Counter[str], tracking: Mapping[str, str | None]
    ) -> list[Planned]:
        if not demand and not wanted:
            return []
        order = self._order
        if order.deleted or order.status_id in NOT_SHIPPABLE:
            status = "deleted" if order.deleted else OrderStatus(order.status_id or 0).label
            raise _Unfit(
                Reason.ORDER_NOT_SHIPPABLE, f"Shipment {shipment.shipment_key}: order {order.order_id} is {status}."
            )
        sent_to = {parcel.order_address_id for parcel in shipment.parcels}
        left = Counter(self._open)
        units: dict[int, Counter[int]] = {}
        for order_product_id, needed in demand.items():
            self._take(shipment, left, order_product_id, needed, units)
        for sku, needed in wanted.items():
            rest = needed
            for line in sorted(self._of_sku(sku), key=lambda each: (each.address_id in sent_to, each.order_product_id)):
                some = min(rest, left[line.order_product_id]) if line.shippable else 0
                if some > 0:
                    self._take(shipment, left, line.order_product_id, some, units)
                    rest -= some
            if rest:
                raise _Unfit(
                    Reason.OVER_SHIPMENT,
                    f"Shipment {shipment.shipment_key}: {needed} of {sku} would ship in order {order.order_id}, and"
                    f" only {needed - rest} are open.",
                )
        again = sorted(sent_to & set(units))
        if again:
            raise _Unfit(
                Reason.SHIPMENT_CHANGED,
                f"Shipment {shipment.shipment_key} of order {order.order_id} was sent to address {again[0]} already,"
                " and has more lines for it now.",
            )
        self._open = left
        sent = {name: value for name, value in tracking.items() if value}
        return [
            self._planned(
                Action.CREATE,
                shipment,
                order_address_id=address_id,
                payload={
                    "order_address_id": address_id,
                    "items": [{"order_product_id": line, "quantity": each} for line, each in sorted(lines.items())],
                    **sent,
                },
                lines=dict(lines),
            )
            for address_id, lines in sorted(units.items())
        ]

    def _take(
        self,
        shipment: Shipment,
        left: Counter[int],
        order_product_id: int,
        needed: int,
        units: dict[int, Counter[int]],
    ) -> None:
        line = self._lines[order_product_id]
        if needed > left[order_product_id]:
            raise _Unfit(
                Reason.OVER_SHIPMENT,
                f"Shipment {shipment.shipment_key}: {needed} of line {order_product_id} would ship in order"
                f" {self._order.order_id}, and only {max(left[order_product_id], 0)} are open ({line.quantity} ordered,"
                f" {line.shipped} shipped).",
            )
        left[order_product_id] -= needed
        units.setdefault(line.address_id, Counter())[order_product_id] += needed

    def _tracking(self, shipment: Shipment) -> dict[str, str | None]:
        """How the store is told to follow it: empty where there is nothing to tell, None where it is not managed."""
        of = f"Shipment {shipment.shipment_key}"
        number = (shipment.tracking_number or "").strip()
        if len(number) > MOST_OF_A_TRACKING_NUMBER:
            raise _Unfit(
                Reason.VALUE_TOO_LONG,
                f"{of}: its tracking number has {len(number)} characters, and the store takes"
                f" {MOST_OF_A_TRACKING_NUMBER}.",
            )
        name = " ".join((shipment.carrier or "").split())
        carrier = self._carriers.get(name.casefold())
        method = (shipment.shipping_method or "").strip() or None
        if name and carrier is None:
            if self._settings.unknown_carriers is UnknownCarriers.PROBLEM:
                raise _Unfit(Reason.UNKNOWN_CARRIER, f"{of}: nobody has said how the store calls the carrier {name!r}.")
            method = name if method is None else f"{name}, {method}"
        link = (shipment.tracking_link or "").strip()
        if not link and carrier is not None and carrier.tracking_link is not None and number:
            link = carrier.tracking_link.replace("{tracking_number}", quote(number, safe=""))
        if link and not link.lower().startswith(("http://", "https://")):
            raise _Unfit(Reason.INVALID_TRACKING_LINK, f"{of}: its tracking link {link[:100]!r} is no web address.")
        if len(link) > MOST_OF_A_TRACKING_LINK:
            raise _Unfit(
                Reason.VALUE_TOO_LONG,
                f"{of}: its tracking link has {len(link)} characters, and the store takes {MOST_OF_A_TRACKING_LINK}.",
            )
        return {
            "tracking_number": number,
            "shipping_provider": (carrier.shipping_provider if carrier else None) or "",
            "tracking_carrier": (carrier.tracking_carrier if carrier else None) or "",
            "tracking_link": link,
            "shipping_method": method,
        }


def _problem(shipment: Shipment, reason: Reason, said: str) -> Problem:
    return Problem("shipment", shipment.shipment_key, reason, said, f"shipment/{shipment.shipment_key}")


def same_number(one: str | None, other: str | None) -> bool:
    """Whether two tracking numbers are one, however they were typed."""
    return "".join((one or "").split()).casefold() == "".join((other or "").split()).casefold()


class Candidate(msgspec.Struct, frozen=True):
    """A shipment that the store shows, and that may be the one whose answer was lost."""

    store_shipment_id: int
    order_address_id: int
    tracking_number: str
    lines: dict[int, int]


class Verdict(StrEnum):
    """Whether a call whose answer was lost has made its shipment."""

    MADE = "made"
    NOT_MADE = "not_made"
    UNDECIDED = "undecided"


def recognise(
    address_id: int,
    lines: Mapping[int, int],
    tracking_numbers: Sequence[str],
    candidates: Sequence[Candidate],
    others: Sequence[str],
) -> tuple[Verdict, int | None]:
    """Find the shipment of a lost answer among those that the store did not have before.

    :param tracking_numbers: what was sent, then what the warehouse has by now; empty texts where there is none.
    :param candidates: the order's shipments but those known before the call, and those that are others'.
    :param others: tracking numbers of the order's other shipments in the warehouse: those are not ours.
    :return: the verdict and, where it was made, the store's id.

    With a tracking number that finds it. Without one the count decides: none more than before, or exactly one. What
    looks the same but bears a number that nobody knows may be ours, changed by somebody in the store: undecided.
    """
    alike = [each for each in candidates if each.order_address_id == address_id and each.lines == dict(lines)]
    for number in tracking_numbers:
        if number:
            same = [each for each in alike if same_number(each.tracking_number, number)]
            if same:
                return Verdict.MADE, min(each.store_shipment_id for each in same)
    mine = tracking_numbers[0] if tracking_numbers else ""
    strangers = [
        each
        for each in alike
        if (each.tracking_number or mine) and not any(same_number(each.tracking_number, other) for other in others)
    ]
    plain = [] if mine else [each for each in alike if not each.tracking_number]
    if len(plain) == 1 and not strangers:
        return Verdict.MADE, plain[0].store_shipment_id
    if plain or strangers:
        return Verdict.UNDECIDED, None
    return Verdict.NOT_MADE, None
