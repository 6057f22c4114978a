"""First half of making up orders: who ordered when and how it went, cheap enough for fifty thousand at start."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TypeVar
from uuid import UUID

import msgspec

from sandbox.orders import words
from sandbox.orders.facts import OrderFacts
from sandbox.orders.plan import OrdersPlan
from sandbox.orders.shoppers import email
from sandbox.orders.statuses import AWAITING_PICKUP, COMPLETED, PARTIALLY_REFUNDED, PARTIALLY_SHIPPED, REFUNDED, SHIPPED

FIRST_ORDER_ID = 100
# Numbers of different things begin apart, so that one taken for another is seen.
FIRST_LINE_ID = 1001
FIRST_ADDRESS_ID = 501
FIRST_SHIPMENT_ID = 31
FIRST_REFUND_ID = 11
GUESTS_FROM = 500_000
DAY = 86_400

# How often each comes in a hundred orders; the hundred is shuffled, so that few orders already have nearly everything.
STATUS_TURNS = {10: 30, 2: 22, 11: 16, 9: 9, 3: 3, 4: 3, 5: 3, 14: 3, 0: 2, 1: 2, 7: 2, 8: 2, 6: 1, 12: 1, 13: 1}
CLEAN_STATUS_TURNS = {10: 40, 2: 30, 11: 20, 9: 10}
CURRENCY_TURNS = (90, 6, 4)
# Where the lines go: addresses by number, (p)ickup, (d)ownload, (g)ift certificate.
LAYOUT_TURNS = {"1": 74, "12": 5, "123": 1, "p": 4, "1p": 3, "d": 4, "1d": 5, "g": 1, "1g": 3}


Turn = TypeVar("Turn")


class Sketch(msgspec.Struct, frozen=True, gc=False):
    """One made-up order before its lines are drawn.

    :param layout: for each line where it goes: an address' number, ``p``, ``d`` or ``g``.
    :param refund_ids: its refunds, with ``refunded`` their times.
    """

    facts: OrderFacts
    shopper: int
    currency: str
    layout: str
    first_line_id: int
    first_address_id: int
    first_shipment_id: int
    refund_ids: tuple[int, ...] = ()
    refunded: tuple[int, ...] = ()

    @property
    def addresses(self) -> int:
        """How many shipping addresses it has."""
        return max((int(place) for place in self.layout if place.isdigit()), default=0)


def sketches(plan: OrdersPlan) -> Iterator[Sketch]:
    """The made-up orders, by ascending id and time."""
    drawn = list(_drawn(plan))
    refunds = sorted((moment, sketch.facts.id) for sketch in drawn for moment in sketch.refunded)
    # Refunds are numbered as they are made, whatever the order.
    numbers: dict[int, list[int]] = {}
    for number, (_, order_id) in enumerate(refunds, FIRST_REFUND_ID):
        numbers.setdefault(order_id, []).append(number)
    for sketch in drawn:
        if sketch.refunded:
            yield msgspec.structs.replace(sketch, refund_ids=tuple(numbers[sketch.facts.id]))
        else:
            yield sketch


def _drawn(plan: OrdersPlan) -> Iterator[Sketch]:
    rng = Random((plan.seed << 20) + 3)
    draw = rng.random
    others = [code for code in ("EUR", "JPY", "USD") if code != plan.currency][:2]
    statuses = _turns(CLEAN_STATUS_TURNS if plan.clean else STATUS_TURNS, rng)
    layouts = _turns(LAYOUT_TURNS, rng)
    currencies = _turns(dict(zip((plan.currency, *others), CURRENCY_TURNS, strict=True)), rng)
    customers = max(5, plan.number // 3)
    line_id, address_id, shipment_id = FIRST_LINE_ID, FIRST_ADDRESS_ID, FIRST_SHIPMENT_ID
    span = plan.days * DAY
    for number in range(plan.number):
        order_id = FIRST_ORDER_ID + number
        status_id, base, currency = next(statuses), next(layouts), next(currencies)
        # The later the order in its slot, the nearer to the next; the last one is not later than the end.
        created = plan.until - span + int((number + draw()) / plan.number * span)
        later = min(plan.until - created, 20 * DAY)
        modified = created if draw() < 0.3 else created + int(draw() ** 2 * later)
        guest = not plan.clean and draw() < 0.25
        customer_id = 0 if guest else 1 + int(draw() * customers)
        shopper = GUESTS_FROM + order_id if guest else customer_id
        count = plan.lines or min(6, 1 + int(draw() ** 2 * 6.5))
        if status_id == AWAITING_PICKUP:
            base = "p"
        elif plan.clean or (status_id in (SHIPPED, PARTIALLY_SHIPPED) and "1" not in base):
            base, currency = "1", plan.currency if plan.clean else currency
        count = count if plan.lines else max(count, len(base))
        layout = "".join(base[line % len(base)] for line in range(count))
        manual = draw() < 0.1 and not plan.clean
        refunded: tuple[int, ...] = ()
        if status_id in (REFUNDED, PARTIALLY_REFUNDED) and not plan.clean:
            first = created + int(draw() * (modified - created))
            refunded = (first, modified) if status_id == PARTIALLY_REFUNDED and count > 2 else (modified,)
        addresses = max((int(place) for place in layout if place.isdigit()), default=0)
        yield Sketch(
            facts=OrderFacts(
                id=order_id,
                created=created,
                modified=modified,
                status_id=status_id,
                customer_id=customer_id,
                channel_id=1 if plan.clean or draw() < 0.95 else 2,
                email=email(shopper),
                cart_id="" if manual else str(UUID(int=rng.getrandbits(128), version=4)),
                payment_method=words.PAYMENT_METHODS[int(draw() ** 2 * len(words.PAYMENT_METHODS))],
                external_id="",
                external_order_id=f"EXT-{order_id}" if draw() < 0.1 else "",
            ),
            shopper=shopper,
            currency=currency,
            layout=layout,
            first_line_id=line_id,
            first_address_id=address_id,
            first_shipment_id=shipment_id,
            refunded=refunded,
        )
        line_id += count
        address_id += addresses
        if status_id in (SHIPPED, COMPLETED):
            shipment_id += addresses
        elif status_id == PARTIALLY_SHIPPED:
            shipment_id += 1


def _turns(counts: dict[Turn, int], rng: Random) -> Iterator[Turn]:
    hundred = [each for each, times in counts.items() for _ in range(times)]
    while True:
        rng.shuffle(hundred)
        yield from hundred
