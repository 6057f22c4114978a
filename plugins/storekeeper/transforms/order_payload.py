"""An order as the API sends it with consignments, their lines and fees: its shape, and what may be wrong with it.

No message about an order tells anything of its shopper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

import msgspec

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.validation import LARGEST_AMOUNT, texts, with_value

_Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Money = Decimal | None
_Number = int | float | None
"""What the specification calls a number although only whole ones make sense."""


class Discount(msgspec.Struct):
    """A line's share of a discount."""

    amount: _Money = None


class Option(msgspec.Struct):
    """A chosen option or a modifier of a line."""

    display_name: Any = None
    display_value: Any = None
    value: Any = None
    type: Any = None


class Item(msgspec.Struct):
    """A line."""

    id: _Id
    product_id: _Id | None = None
    variant_id: _Id | None = None
    sku: str | None = None
    upc: str | None = None
    name: str | None = None
    type: str | None = None
    quantity: _Number = 0
    quantity_shipped: _Number = None
    quantity_refunded: _Number = None
    price_inc_tax: _Money = None
    price_ex_tax: _Money = None
    total_inc_tax: _Money = None
    total_tax: _Money = None
    parent_order_product_id: _Id | None = None
    applied_discounts: list[Discount] | None = None
    product_options: list[Option] | None = None
    wrapping_message: Any = None


class Place(msgspec.Struct):
    """An address. Nothing of it is needed to handle an order, so no value of it is wrong."""

    first_name: Any = None
    last_name: Any = None
    company: Any = None
    street_1: Any = None
    street_2: Any = None
    city: Any = None
    state: Any = None
    zip: Any = None
    country: Any = None
    country_iso2: Any = None
    phone: Any = None
    email: Any = None
    form_fields: Any = None


class Shipping(Place):
    """A part of an order that goes to one address."""

    id: _Id = 0
    line_items: list[Item] = []
    items_total: _Number = None
    items_shipped: _Number = None
    shipping_method: str | None = None
    cost_inc_tax: _Money = None


class Location(msgspec.Struct):
    """Where a pickup waits."""

    id: _Id | None = None
    state: str | None = None
    country_alpha2: str | None = None


class Pickup(msgspec.Struct):
    """A part of an order that is picked up."""

    id: _Id
    line_items: list[Item] = []
    pickup_method_display_name: str | None = None
    location: Location | None = None


class Download(msgspec.Struct):
    """A part of an order that goes to an e-mail address."""

    line_items: list[Item] = []
    recipient_email: Any = None


class Email(msgspec.Struct):
    """What is sent by e-mail."""

    gift_certificates: list[Download] | None = None


class Consignments(msgspec.Struct):
    """The parts of an order; ``url`` stands there where the store did not include them."""

    shipping: list[Shipping] | None = None
    pickups: list[Pickup] | None = None
    downloads: list[Download] | None = None
    email: Email | list[Any] | None = None
    url: str | None = None


class Fee(msgspec.Struct):
    """A fee."""

    id: _Id
    type: str | None = None
    display_name_customer: str | None = None
    cost_inc_tax: _Money = None
    cost_tax: _Money = None


class Order(msgspec.Struct):
    """An order."""

    id: _Id
    status_id: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
    date_created: str
    consignments: Consignments | list[Any]
    date_modified: str | None = None
    date_shipped: str | None = None
    custom_status: str | None = None
    status: str | None = None
    default_currency_code: str | None = None
    store_default_currency_code: str | None = None
    store_default_to_transactional_exchange_rate: _Money = None
    subtotal_inc_tax: _Money = None
    subtotal_ex_tax: _Money = None
    shipping_cost_inc_tax: _Money = None
    handling_cost_inc_tax: _Money = None
    wrapping_cost_inc_tax: _Money = None
    total_tax: _Money = None
    discount_amount: _Money = None
    coupon_discount: _Money = None
    gift_certificate_amount: _Money = None
    store_credit_amount: _Money = None
    total_inc_tax: _Money = None
    total_ex_tax: _Money = None
    items_total: _Number = None
    items_shipped: _Number = None
    payment_method: str | None = None
    payment_status: str | None = None
    order_source: str | None = None
    channel_id: _Id | None = None
    external_source: str | None = None
    external_order_id: str | None = None
    order_is_digital: bool = False
    is_deleted: bool = False
    customer_id: Any = None
    ip_address: Any = None
    ip_address_v6: Any = None
    customer_message: Any = None
    staff_notes: Any = None
    billing_address: Any = None
    fees: list[Fee] | dict[str, Any] | None = None


PRIVATE = frozenset(
    {
        *Place.__struct_fields__, "customer_id", "ip_address", "ip_address_v6", "customer_message", "staff_notes",
        "billing_address", "recipient_email", "product_options", "wrapping_message",
    }
)  # fmt: skip
"""Fields that tell of the shopper."""

_SHOWN = frozenset(
    {*Order.__struct_fields__, *Item.__struct_fields__, *Shipping.__struct_fields__, *Fee.__struct_fields__}
    - PRIVATE
    - {"consignments", "fees", "line_items", "applied_discounts"}  # a text in place of a record may hold anything
)
"""Fields whose value a message may show, if it is a single one and no record."""


def unstorable(order_id: int) -> Problem:
    """The problem of an order whose payload no database can store."""
    return invalid_order(
        order_id, "its text is not valid Unicode (a lone surrogate, or no UTF-8)", Reason.UNSTORABLE_TEXT
    )


def read_order(order_id: int, payload: str) -> Order | Problem:
    """One order, or what is wrong with it."""
    try:
        order = msgspec.json.decode(payload, type=Order)
        if isinstance(order.billing_address, dict):
            order.billing_address = msgspec.convert(order.billing_address, Place)
    except msgspec.ValidationError as error:
        return invalid_order(order_id, with_value(str(error), payload, shown=_SHOWN))
    except (msgspec.DecodeError, RecursionError) as error:
        return invalid_order(order_id, str(error), Reason.UNSTORABLE_TEXT)
    if isinstance(order.consignments, list) and order.consignments:
        return invalid_order(order_id, "its consignments are a list where an object was asked for")
    if isinstance(order.consignments, Consignments) and order.consignments.url is not None:
        return invalid_order(order_id, "its lines did not come with it: the store ignored include=consignments")
    if wrong := _mistake(order):
        return invalid_order(order_id, wrong)
    if "\\u0000" in payload:
        for place, text in texts(msgspec.to_builtins(order)):
            if "\0" in text:
                return invalid_order(
                    order_id, f"its text holds the character U+0000 - at `{place}`", Reason.UNSTORABLE_TEXT
                )
    return order


def invalid_order(order_id: int, why: str, reason: Reason = Reason.INVALID_RECORD) -> Problem:
    """The problem of an order that cannot be read.

    :param why: what is wrong with it, without a word on its shopper.
    """
    return Problem("order", str(order_id), reason, f"Order {order_id} cannot be read: {why}.", f"order/{order_id}")


def _mistake(order: Order) -> str | None:
    """What is wrong with an order's figures, or the ids of its parts."""
    seen: set[tuple[str, int]] = set()

    def known(kind: str, identity: int) -> bool:
        twice = (kind, identity) in seen
        seen.add((kind, identity))
        return twice

    if wrong := _wrong_figure(order):
        return f"its {wrong}"
    for kind, part, items in parts_of(order):
        if wrong := _wrong_figure(part):
            return f"its consignment's {wrong}"
        if kind in ("shipping", "pickup") and known(kind, part.id):
            return f"two of its {kind} consignments have the id {part.id}"
        for item in items:
            if known("line", item.id):
                return f"two of its lines have the id {item.id}"
            for figures in (item, *(item.applied_discounts or ())):
                if wrong := _wrong_figure(figures):
                    return f"line {item.id}'s {wrong}"
    for fee in order.fees if isinstance(order.fees, list) else ():
        if known("fee", fee.id):
            return f"two of its fees have the id {fee.id}"
        if wrong := _wrong_figure(fee):
            return f"fee {fee.id}'s {wrong}"
    return None


def _wrong_figure(record: msgspec.Struct) -> str | None:
    """The first amount that is none, or count that is not whole, and why; ids are within bounds by their type."""
    for name in _figures(type(record)):
        value = getattr(record, name)
        if value is None:
            continue
        if type(value) is Decimal:
            if not (value.is_finite() and abs(value) <= LARGEST_AMOUNT):
                return f"{name} must be an amount within {LARGEST_AMOUNT:.0e} (got {str(value)[:50]})"
        elif not (abs(value) < 2**63 and value == int(value)):
            return f"{name} must be a whole number that fits in 8 bytes (got {str(value)[:50]})"
    return None


@cache
def _figures(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields that hold amounts or counts, in their order."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.type in (_Money, _Number))


def parts_of(order: Order) -> Iterator[tuple[str, Any, Sequence[Item]]]:
    """Kind, record and lines of each consignment."""
    consignments = order.consignments
    if isinstance(consignments, list):
        return
    for shipping in consignments.shipping or ():
        yield "shipping", shipping, shipping.line_items
    for pickup in consignments.pickups or ():
        yield "pickup", pickup, pickup.line_items
    for download in consignments.downloads or ():
        yield "digital", download, download.line_items
    email = consignments.email  # a list is how PHP writes an object without members
    for certificate in (email.gift_certificates if isinstance(email, Email) else None) or ():
        yield "gift_certificate", certificate, certificate.line_items
