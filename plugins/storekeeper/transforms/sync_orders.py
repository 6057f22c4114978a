"""What shipments of the warehouse ask of the store: new ones, other tracking, deletions; and what may not be sent.

Pure: orders with their lines, the shipments to send and those that the store has, in; calls and problems, out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    :param shipped: units that have left: the larger of what the store counts and of what the warehouse knows of.
    :param counted: the former.
    :param known: the latter.
    """

    order_product_id: int
    address_id: int
    shippable: bool
    quantity: int
    shipped: int
    master_sku: str | None = None
    type: str | None = None
    counted: int = 0
    known: int = 0


class Item(msgspec.Struct, frozen=True):
    """A line of a shipment, as somebody wrote it."""

    quantity: int
    order_product_id: int | None = None
    master_sku: str | None = None


class Parcel(msgspec.Struct, frozen=True):
    """A shipment that the store has, or had.

    :param lines: units by the order's line.
    :param in_doubt: a call may have changed it without our knowing.
    :param by_hand: somebody made it there: what the warehouse leaves empty stays as it is.
    :param gone: somebody has deleted it there.
    """

    store_shipment_no: int
    order_id: int
    order_address_id: int
    lines: dict[int, int]
    store_shipment_id: int | None = None
    tracking_number: str = ""
    shipping_provider: str = ""
    tracking_carrier: str = ""
    tracking_link: str = ""
    shipping_method: str | None = None
    in_doubt: bool = False
    by_hand: bool = False
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
    :param read_since: its shipments were read, or one was sent, since the store showed the order.
    :param by_hand: shipments that somebody made in the store.
    :param reserved: units by line that calls whose fate is unknown may have shipped.
    """

    order_id: int
    known: bool
    shipments: list[Shipment]
    other_channel: str | None = None
    status_id: int | None = None
    deleted: bool = False
    read_since: bool = True
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
        self._named = {
            shipment.shipment_key: _named_units(shipment)
            for shipment in order.shipments
            if not (shipment.parcels or shipment.cancelled or shipment.undecided)
        }

    def plan(self) -> None:
        for shipment in sorted(self._order.shipments, key=lambda each: not each.cancelled):
            if shipment.undecided:  # what is known of it is said where it was looked for
                continue
            try:
                todo = self._cancel(shipment) if shipment.cancelled else self._ship(shipment)
            except _Unfit as unfit:
                self._plan.problems.append(_problem(shipment, unfit.reason, str(unfit)))
            else:
                self._plan.todo += todo or [self._planned(Action.SETTLE, shipment)]

    def _planned(self, action: Action, shipment: Shipment, parcel: Parcel | None = None, **values: Any) -> Planned:
        if parcel is None:
            return Planned(action, self._order.order_id, shipment, **values)
        return Planned(
            action,
            parcel.order_id,
            shipment,
            order_address_id=parcel.order_address_id,
            store_shipment_no=parcel.store_shipment_no,
            store_shipment_id=parcel.store_shipment_id,
            lines=parcel.lines,
            **values,
        )

    def _cancel(self, shipment: Shipment) -> list[Planned]:
        living = [parcel for parcel in shipment.parcels if not parcel.gone]
        if living and (not self._settings.delete_cancelled or any(each.store_shipment_id is None for each in living)):
            raise _Unfit(
                Reason.CANCELLED_AFTER_SENDING,
                f"Shipment {shipment.shipment_key} of order {living[0].order_id} was cancelled after it was sent.",
            )
        for parcel in living:
            self._open.update(parcel.lines)
        return [self._planned(Action.DELETE, shipment, parcel) for parcel in living]

    def _ship(self, shipment: Shipment) -> list[Planned]:
        gone = [parcel for parcel in shipment.parcels if parcel.gone]
        if gone:
            self._plan.problems.append(
                _problem(
                    shipment,
                    Reason.SHIPMENT_GONE,
                    f"Shipment {shipment.shipment_key} of order {gone[0].order_id} was sent as"
                    f" {gone[0].store_shipment_id}, and the store does not have it any more.",
                )
            )
            return []
        if not self._order.known:
            raise self._unknown_order(shipment)
        for parcel in shipment.parcels:
            if parcel.order_id != self._order.order_id:
                raise _changed("order", shipment, parcel)
        tracking = self._tracking(shipment)
        demand, wanted = self._demand(shipment)
        todo: list[Planned] = []
        for parcel in shipment.parcels:
            if not self._take_off(demand, wanted, parcel.lines):
                raise _changed("lines", shipment, parcel)
            todo += self._update(shipment, parcel, tracking)
        adopted = self._adopt(shipment, demand, wanted, tracking)
        if adopted is not None:
            return todo + adopted
        return todo + self._create(shipment, demand, wanted, tracking)

    def _adopt(
        self, shipment: Shipment, demand: Counter[int], wanted: Counter[str], tracking: Mapping[str, str | None]
    ) -> list[Planned] | None:
        """What somebody made in the store under the very tracking number is the same parcel; None: there is none.

        It may have been entered in several pieces. Where anything would be left for its address, it is another one.
        """
        number = tracking["tracking_number"] or ""
        sent_to = {parcel.order_address_id for parcel in shipment.parcels}
        rest, others, todo, mine = Counter(demand), Counter(wanted), list[Planned](), list[Parcel]()
        for parcel in self._by_hand if number else ():
            same = same_number(parcel.tracking_number, number) and parcel.order_address_id not in sent_to
            if same and self._take_off(rest, others, parcel.lines):
                mine.append(parcel)
                todo += [self._planned(Action.ADOPT, shipment, parcel), *self._update(shipment, parcel, tracking)]
        if not mine:
            return None
        try:
            todo += self._create(shipment, rest, others, tracking, [*shipment.parcels, *mine])
        except _Unfit:
            return None
        self._by_hand = [parcel for parcel in self._by_hand if parcel not in mine]
        return todo

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
        return [line for line in self._order.lines if _sku(line) == sku]

    def _take_off(self, demand: Counter[int], wanted: Counter[str], lines: Mapping[int, int]) -> bool:
        """Take what was sent off what is to be sent; False, and nothing taken, where it is not a part of it."""
        rest, others = Counter(demand), Counter(wanted)
        for order_product_id, units in lines.items():
            named = min(units, rest[order_product_id])
            rest[order_product_id] -= named
            line = self._lines.get(order_product_id)
            sku = _sku(line) if line else ""
            if others[sku] < units - named:
                return False
            others[sku] -= units - named
        demand.clear()
        wanted.clear()
        demand.update({key: units for key, units in rest.items() if units})
        wanted.update({key: units for key, units in others.items() if units})
        return True

    def _update(self, shipment: Shipment, parcel: Parcel, tracking: Mapping[str, str | None]) -> list[Planned]:
        """Only what is managed is compared, and then sent whole; so is what a call may have changed unknown to us."""
        managed = {
            name: value for name in FIELDS if (value := tracking[name]) is not None and (value or not parcel.by_hand)
        }
        if tracking["shipping_method"] is None and parcel.shipping_method and not parcel.by_hand:
            managed["shipping_method"] = ""  # it was ours, and is taken back
        differs = any(value != (getattr(parcel, name) or "") for name, value in managed.items())
        if not differs and not parcel.in_doubt:
            return []
        if parcel.store_shipment_id is None:
            raise _Unfit(
                Reason.SHIPMENT_GONE,
                f"Shipment {shipment.shipment_key} of order {parcel.order_id} was said to be sent, and the store does"
                " not show it: its tracking cannot be changed there.",
            )
        return [self._planned(Action.UPDATE, shipment, parcel, payload=managed)]

    def _create(
        self,
        shipment: Shipment,
        demand: Counter[int],
        wanted: Counter[str],
        tracking: Mapping[str, str | None],
        parcels: Sequence[Parcel] | None = None,
    ) -> list[Planned]:
        if not demand and not wanted:
            return []
        self._check_order(shipment)
        sent_to = {parcel.order_address_id for parcel in (shipment.parcels if parcels is None else parcels)}
        units = self._spread(shipment, demand, wanted, sent_to)
        again = sorted({self._lines[line].address_id for line in units} & sent_to)
        if again:
            raise _Unfit(
                Reason.SHIPMENT_CHANGED,
                f"Shipment {shipment.shipment_key} of order {self._order.order_id} was sent to address {again[0]}"
                " already, and has more lines for it now.",
            )
        self._open.subtract(units)
        by_address: dict[int, dict[int, int]] = {}
        for line, each in sorted(units.items()):
            by_address.setdefault(self._lines[line].address_id, {})[line] = each
        sent = {name: value for name, value in tracking.items() if value}
        return [
            self._planned(
                Action.CREATE,
                shipment,
                order_address_id=address_id,
                payload={
                    "order_address_id": address_id,
                    "items": [{"order_product_id": line, "quantity": each} for line, each in lines.items()],
                    **sent,
                },
                lines=lines,
            )
            for address_id, lines in sorted(by_address.items())
        ]

    def _check_order(self, shipment: Shipment) -> None:
        """Whether anything new may be sent of the order."""
        order = self._order
        if order.deleted or order.status_id in NOT_SHIPPABLE:
            status = "deleted" if order.deleted else OrderStatus(order.status_id or 0).label
            raise _Unfit(
                Reason.ORDER_NOT_SHIPPABLE, f"Shipment {shipment.shipment_key}: order {order.order_id} is {status}."
            )
        if not order.read_since and any(line.shippable and line.counted != line.known for line in order.lines):
            raise _Unfit(
                Reason.SHIPMENTS_UNREADABLE,
                f"Shipment {shipment.shipment_key}: somebody has shipped of order {order.order_id} by hand, and the"
                " store does not let us read what.",
            )

    def _spread(
        self, shipment: Shipment, demand: Counter[int], wanted: Counter[str], sent_to: Collection[int]
    ) -> Counter[int]:
        """Units by line: as they are named, and those of a master SKU over its open lines.

        One address is better than several, lines that no other shipment names are better than those, lower ids come
        first.
        """
        for order_product_id, needed in demand.items():
            if needed > self._open[order_product_id]:
                line = self._lines[order_product_id]
                raise _Unfit(
                    Reason.OVER_SHIPMENT,
                    f"Shipment {shipment.shipment_key}: {needed} of line {order_product_id} would ship in order"
                    f" {self._order.order_id}, and {max(self._open[order_product_id], 0)} can ({line.quantity} ordered,"
                    f" {line.shipped} shipped, the others in shipments that go before).",
                )
        left = self._open - demand
        named = Counter[int]()
        for key, lines in self._named.items():
            if key != shipment.shipment_key:
                named.update(lines)
        fixed = {self._lines[line].address_id for line in demand}
        addresses = sorted(
            {line.address_id for line in self._order.lines if line.shippable} - set(sent_to),
            key=lambda address: (address not in fixed, address),
        )
        for only in ([address] for address in addresses if fixed <= {address}):
            for spare in (left - named, left):
                filled, _ = self._fill(wanted, spare, only)
                if filled is not None:
                    return demand + filled
        short = ("", 0, 0)
        for spare in (left - named, left):
            filled, short = self._fill(wanted, spare, [*addresses, *sorted(sent_to)])
            if filled is not None:
                return demand + filled
        sku, needed, open_units = short
        raise _Unfit(
            Reason.OVER_SHIPMENT,
            f"Shipment {shipment.shipment_key}: {needed} of {sku} would ship in order {self._order.order_id}, and"
            f" {open_units} can.",
        )

    def _fill(
        self, wanted: Mapping[str, int], spare: Counter[int], addresses: Sequence[int]
    ) -> tuple[Counter[int] | None, tuple[str, int, int]]:
        """Units by line from lines of these addresses, in their order; None, and the SKU that lacks some."""
        units = Counter[int]()
        for sku, needed in wanted.items():
            rest = needed
            lines = [line for line in self._of_sku(sku) if line.shippable and line.address_id in addresses]
            for line in sorted(lines, key=lambda each: (addresses.index(each.address_id), each.order_product_id)):
                some = min(rest, spare[line.order_product_id] - units[line.order_product_id])
                if some > 0:
                    units[line.order_product_id] += some
                    rest -= some
            if rest:
                return None, (sku, needed, needed - rest)
        return units, ("", 0, 0)

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


def _changed(what: str, shipment: Shipment, parcel: Parcel) -> _Unfit:
    return _Unfit(
        Reason.SHIPMENT_CHANGED,
        f"Shipment {shipment.shipment_key} was sent with another {what} than it has now (order {parcel.order_id}, the"
        f" store's shipment {parcel.store_shipment_id}).".replace("another lines", "other lines"),
    )


def _sku(line: Line) -> str:
    return (line.master_sku or "").strip().lower()


def _named_units(shipment: Shipment) -> Counter[int]:
    units = Counter[int]()
    for item in shipment.items:
        if item.order_product_id is not None:
            units[item.order_product_id] += item.quantity
    return units


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
    tracking_numbers: tuple[str, str],
    candidates: Sequence[Candidate],
    others: Sequence[str],
) -> tuple[Verdict, int | None]:
    """Find the shipment of a lost answer among those that the store did not have before.

    :param tracking_numbers: what was sent, and what the warehouse has by now; empty texts where there is none.
    :param candidates: the order's shipments but those known before the call, older ones, and those that are others'.
    :param others: tracking numbers of the order's other shipments in the warehouse: those are not ours.
    :return: the verdict, and the store's id of the one; where nobody can say, of the first that it could be.

    With a tracking number that finds it. Without one the count decides: none more than before, or exactly one. What
    looks the same but bears a number that nobody knows may be ours, changed by somebody in the store: undecided.
    """
    alike = sorted(
        (each for each in candidates if each.order_address_id == address_id and each.lines == dict(lines)),
        key=lambda each: each.store_shipment_id,
    )
    sent, present = tracking_numbers
    for number in filter(None, (sent, present)):
        for each in alike:
            if same_number(each.tracking_number, number):
                return Verdict.MADE, each.store_shipment_id
    possible = [
        each
        for each in alike
        if not each.tracking_number or not any(same_number(each.tracking_number, other) for other in others)
    ]
    if not possible:
        return Verdict.NOT_MADE, None
    if not sent and len(possible) == 1 and not possible[0].tracking_number:
        return Verdict.MADE, possible[0].store_shipment_id
    return Verdict.UNDECIDED, possible[0].store_shipment_id
