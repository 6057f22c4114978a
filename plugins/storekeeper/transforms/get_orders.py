"""Orders as the store sent them become typed rows: orders, lines, consignments, fees, and shoppers' data apart.

Takes payloads and returns named frames; an order that cannot be handled becomes a problem, never an exception. Money is
exact decimals from the store's own digits, never floats. No message about an order tells anything of its shopper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

import msgspec
import pandas as pd

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.dates import parse_dates
from storekeeper.transforms.validation import LARGEST_AMOUNT, texts, with_value

CHOSEN = frozenset({"Checkbox", "Multiple choice", "Product Pick List", "Swatch"})
"""Types of options whose value the shopper chooses; what they type themselves may tell who they are."""

ORDER_COLUMNS = (
    "order_id", "status_id", "custom_status", "created_at", "modified_at", "shipped_at", "currency", "store_currency",
    "exchange_rate", "subtotal", "subtotal_ex_tax", "shipping", "handling", "wrapping", "tax", "discount",
    "coupon_discount", "gift_certificate", "store_credit", "total", "total_ex_tax", "items_total", "items_shipped",
    "payment_method", "payment_status", "source", "sales_channel_id", "external_source", "external_order_id", "country",
    "digital", "deleted", "stripped",
)  # fmt: skip
ITEM_COLUMNS = (
    "order_id", "order_product_id", "fulfilment", "consignment_id", "type", "product_id", "variant_id", "sku", "upc",
    "name", "options", "quantity", "quantity_shipped", "quantity_refunded", "unit_price", "unit_price_ex_tax",
    "line_total", "line_tax", "discount", "parent_order_product_id",
)  # fmt: skip
CONSIGNMENT_COLUMNS = (
    "order_id", "kind", "consignment_id", "method", "cost", "country", "region", "items_total", "items_shipped",
    "location_id",
)  # fmt: skip
FEE_COLUMNS = ("order_id", "fee_id", "type", "name", "cost", "tax")
CONTACT_COLUMNS = ("order_id", "customer_id", "ip_address", "customer_message", "staff_notes")
ADDRESS_COLUMNS = (
    "order_id", "kind", "consignment_id", "first_name", "last_name", "company", "street_1", "street_2", "city",
    "region", "postal_code", "country", "country_name", "phone", "email", "form_fields",
)  # fmt: skip
TEXT_COLUMNS = ("order_id", "order_product_id", "text_no", "name", "value")

_Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Money = Decimal | None
_Number = int | float | None
"""What the specification calls a number although only whole ones make sense."""


class _Discount(msgspec.Struct):
    amount: _Money = None


class _Option(msgspec.Struct):
    display_name: Any = None
    display_value: Any = None
    value: Any = None
    type: Any = None


class _Item(msgspec.Struct):
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
    applied_discounts: list[_Discount] | None = None
    product_options: list[_Option] | None = None
    wrapping_message: Any = None


class _Place(msgspec.Struct):
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


class _Shipping(_Place):
    id: _Id = 0
    line_items: list[_Item] = []
    items_total: _Number = None
    items_shipped: _Number = None
    shipping_method: str | None = None
    cost_inc_tax: _Money = None


class _Location(msgspec.Struct):
    id: _Id | None = None
    state: str | None = None
    country_alpha2: str | None = None


class _Pickup(msgspec.Struct):
    id: _Id
    line_items: list[_Item] = []
    pickup_method_display_name: str | None = None
    location: _Location | None = None


class _Download(msgspec.Struct):
    line_items: list[_Item] = []
    recipient_email: Any = None


class _Email(msgspec.Struct):
    gift_certificates: list[_Download] | None = None


class _Consignments(msgspec.Struct):
    shipping: list[_Shipping] | None = None
    pickups: list[_Pickup] | None = None
    downloads: list[_Download] | None = None
    email: _Email | list[Any] | None = None
    url: str | None = None


class _Fee(msgspec.Struct):
    id: _Id
    type: str | None = None
    display_name_customer: str | None = None
    cost_inc_tax: _Money = None
    cost_tax: _Money = None


class _Order(msgspec.Struct):
    id: _Id
    status_id: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
    date_created: str
    consignments: _Consignments | list[Any]
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
    fees: list[_Fee] | dict[str, Any] | None = None


_PRIVATE = frozenset(
    {
        *_Place.__struct_fields__, "customer_id", "ip_address", "ip_address_v6", "customer_message", "staff_notes",
        "billing_address", "recipient_email", "product_options", "wrapping_message",
    }
)  # fmt: skip
"""Fields that tell of the shopper."""

_SHOWN = frozenset(
    {*_Order.__struct_fields__, *_Item.__struct_fields__, *_Shipping.__struct_fields__, *_Fee.__struct_fields__}
    - _PRIVATE
    - {"consignments", "fees", "line_items", "applied_discounts"}  # a text in place of a record may hold anything
)
"""Fields whose value a message may show, if it is a single one and no record."""

_KEPT = frozenset(
    {
        *(name for name in _Order.__struct_fields__ if name not in _PRIVATE and name != "consignments"),
        "base_handling_cost", "base_shipping_cost", "base_wrapping_cost", "credit_card_type",
        "currency_code", "currency_exchange_rate", "currency_id", "customer_locale", "default_currency_id",
        "ebay_order_id", "external_id", "external_merchant_id", "geoip_country_iso2", "handling_cost_ex_tax",
        "handling_cost_tax", "handling_cost_tax_class_id", "is_email_opt_in", "is_tax_inclusive_pricing",
        "refunded_amount", "shipping_address_count", "shipping_cost_ex_tax", "shipping_cost_tax",
        "shipping_cost_tax_class_id", "subtotal_tax", "tax_provider_id", "wrapping_cost_ex_tax", "wrapping_cost_tax",
        "wrapping_cost_tax_class_id",
    }
)  # fmt: skip
"""What of an order is kept in ``raw``. What is not named here is left out: a new field may hold anything."""

_KEPT_OF_CONSIGNMENT = frozenset(
    {
        "id", "pickup_method_id", "pickup_method_display_name", "location", "items_total", "items_shipped",
        "shipping_method", "base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax", "cost_tax_class_id",
        "base_handling_cost", "handling_cost_ex_tax", "handling_cost_inc_tax", "handling_cost_tax",
        "handling_cost_tax_class_id", "shipping_zone_id", "shipping_zone_name", "country_iso2",
    }
)  # fmt: skip
_LEFT_OUT_OF_ITEM = frozenset({"product_options", "wrapping_message", "configurable_fields"})

# Made once: a type that is no struct is taken apart anew by each call of msgspec.json.decode.
_RECORD = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RECORDS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_RECORDS_OR_NONE = msgspec.json.Decoder(list[dict[str, msgspec.Raw]] | None)
_RECORD_OR_LIST = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw])
_RECORD_OR_ANY_LIST = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[Any] | None)
_TO_JSON = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Orders:
    """Some orders, read; each frame's columns are named by the constants of this module.

    :param problems: one for each order that could not be read; it has no row in the frames.
    """

    orders: pd.DataFrame
    items: pd.DataFrame
    consignments: pd.DataFrame
    fees: pd.DataFrame
    contacts: pd.DataFrame
    addresses: pd.DataFrame
    texts: pd.DataFrame
    problems: list[Problem]


@dataclass(slots=True)
class _Rows:
    """Rows of all frames, as they are collected."""

    orders: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)
    consignments: list[tuple[Any, ...]] = field(default_factory=list)
    fees: list[tuple[Any, ...]] = field(default_factory=list)
    contacts: list[tuple[Any, ...]] = field(default_factory=list)
    addresses: list[tuple[Any, ...]] = field(default_factory=list)
    texts: list[tuple[Any, ...]] = field(default_factory=list)


def read_orders(payloads: Iterable[tuple[int, str]]) -> Orders:
    """Read orders as the API sends them with consignments, their lines and fees included.

    :param payloads: order id and its JSON.
    :return: every order stands either in the frames or in the problems.
    """
    rows, problems = _Rows(), []
    for order_id, payload in payloads:
        order = _read_order(order_id, payload)
        if isinstance(order, Problem):
            problems.append(order)
        else:
            _add(rows, order, payload)
    orders = _frame(rows.orders, ORDER_COLUMNS)
    undated = _date(orders)
    problems += [_invalid(order_id, f"its {name} is no date (got {text[:50]!r})") for order_id, name, text in undated]
    left_out = {order_id for order_id, _, _ in undated}

    def dated(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[~frame["order_id"].isin(left_out)] if left_out else frame

    return Orders(
        orders=dated(orders),
        items=dated(_frame(rows.items, ITEM_COLUMNS)),
        consignments=dated(_frame(rows.consignments, CONSIGNMENT_COLUMNS)),
        fees=dated(_frame(rows.fees, FEE_COLUMNS)),
        contacts=dated(_frame(rows.contacts, CONTACT_COLUMNS)),
        addresses=dated(_frame(rows.addresses, ADDRESS_COLUMNS)),
        texts=dated(_frame(rows.texts, TEXT_COLUMNS)),
        problems=problems,
    )


def unstorable(order_id: int) -> Problem:
    """The problem of an order whose payload no database can store."""
    return _invalid(order_id, "its text is not valid Unicode (a lone surrogate, or no UTF-8)", Reason.UNSTORABLE_TEXT)


def strip(payload: str) -> str:
    """The order's JSON without all that tells of its shopper: names, addresses, contacts, messages, free text."""
    order = _RECORD.decode(payload)
    kept: dict[str, Any] = {name: value for name, value in order.items() if name in _KEPT}
    consignments = _RECORD_OR_LIST.decode(order["consignments"])
    if isinstance(consignments, dict):
        email = _RECORD_OR_ANY_LIST.decode(consignments.get("email", b"{}"))
        parts = {name: consignments[name] for name in ("shipping", "pickups", "downloads") if name in consignments}
        if isinstance(email, dict) and "gift_certificates" in email:
            parts["gift_certificates"] = email["gift_certificates"]
        kept["consignments"] = {name: _strip_consignments(part) for name, part in parts.items()}
    return _TO_JSON.encode(kept).decode()


def _strip_consignments(part: msgspec.Raw) -> list[dict[str, Any]]:
    stripped = []
    for consignment in _RECORDS_OR_NONE.decode(part) or []:
        kept: dict[str, Any] = {name: value for name, value in consignment.items() if name in _KEPT_OF_CONSIGNMENT}
        items = _RECORDS.decode(consignment.get("line_items", b"[]"))
        kept["line_items"] = [
            {name: value for name, value in item.items() if name not in _LEFT_OUT_OF_ITEM} for item in items
        ]
        stripped.append(kept)
    return stripped


def _read_order(order_id: int, payload: str) -> _Order | Problem:
    try:
        order = msgspec.json.decode(payload, type=_Order)
        if isinstance(order.billing_address, dict):
            order.billing_address = msgspec.convert(order.billing_address, _Place)
    except msgspec.ValidationError as error:
        return _invalid(order_id, with_value(str(error), payload, shown=_SHOWN))
    except (msgspec.DecodeError, RecursionError) as error:
        return _invalid(order_id, str(error), Reason.UNSTORABLE_TEXT)
    if isinstance(order.consignments, list) and order.consignments:
        return _invalid(order_id, "its consignments are a list where an object was asked for")
    if isinstance(order.consignments, _Consignments) and order.consignments.url is not None:
        return _invalid(order_id, "its lines did not come with it: the store ignored include=consignments")
    if wrong := _mistake(order):
        return _invalid(order_id, wrong)
    if "\\u0000" in payload:
        for place, text in texts(msgspec.to_builtins(order)):
            if "\0" in text:
                return _invalid(order_id, f"its text holds the character U+0000 - at `{place}`", Reason.UNSTORABLE_TEXT)
    return order


def _invalid(order_id: int, why: str, reason: Reason = Reason.INVALID_RECORD) -> Problem:
    return Problem("order", str(order_id), reason, f"Order {order_id} cannot be read: {why}.", f"order/{order_id}")


def _mistake(order: _Order) -> str | None:
    """What is wrong with an order's figures, or the ids of its parts."""
    seen: set[tuple[str, int]] = set()

    def known(kind: str, identity: int) -> bool:
        twice = (kind, identity) in seen
        seen.add((kind, identity))
        return twice

    if wrong := _wrong_figure(order):
        return f"its {wrong}"
    for kind, part, items in _parts(order):
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


def _parts(order: _Order) -> Iterator[tuple[str, Any, Sequence[_Item]]]:
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
    for certificate in (email.gift_certificates if isinstance(email, _Email) else None) or ():
        yield "gift_certificate", certificate, certificate.line_items


def _add(rows: _Rows, order: _Order, payload: str) -> None:
    counted: dict[str, int] = {}
    billing = order.billing_address if isinstance(order.billing_address, _Place) else None
    for kind, part, items in _parts(order):
        counted[kind] = counted.get(kind, 0) + 1
        consignment_id = part.id if kind in ("shipping", "pickup") else counted[kind]
        rows.consignments.append(_consignment_row(order.id, kind, consignment_id, part))
        if kind == "shipping":
            rows.addresses.append(_address_row(order.id, kind, consignment_id, part))
        elif kind != "pickup" and part.recipient_email:
            rows.addresses.append(_address_row(order.id, kind, consignment_id, _Place(email=part.recipient_email)))
        for item in items:
            rows.items.append(_item_row(order.id, kind, consignment_id, item))
            rows.texts.extend((order.id, item.id, *each) for each in _texts_of(item))
    if isinstance(order.fees, list):
        rows.fees.extend(
            (order.id, fee.id, fee.type, fee.display_name_customer, fee.cost_inc_tax, fee.cost_tax)
            for fee in order.fees
        )
    if billing is not None:
        rows.addresses.append(_address_row(order.id, "billing", 0, billing))
    rows.contacts.append(
        (
            order.id,
            _customer(order.customer_id),
            _text(order.ip_address) or _text(order.ip_address_v6),
            _text(order.customer_message),
            _text(order.staff_notes),
        )
    )
    rows.orders.append(
        (
            order.id, order.status_id, order.custom_status or order.status, order.date_created, order.date_modified,
            order.date_shipped, order.default_currency_code or None, order.store_default_currency_code or None,
            order.store_default_to_transactional_exchange_rate, order.subtotal_inc_tax, order.subtotal_ex_tax,
            order.shipping_cost_inc_tax, order.handling_cost_inc_tax, order.wrapping_cost_inc_tax, order.total_tax,
            order.discount_amount, order.coupon_discount, order.gift_certificate_amount, order.store_credit_amount,
            order.total_inc_tax, order.total_ex_tax, _whole(order.items_total), _whole(order.items_shipped),
            order.payment_method, order.payment_status, order.order_source, order.channel_id,
            order.external_source or None, order.external_order_id or None,
            _text(billing.country_iso2) if billing else None, order.order_is_digital, order.is_deleted, strip(payload),
        )
    )  # fmt: skip


def _consignment_row(order_id: int, kind: str, consignment_id: int, part: Any) -> tuple[Any, ...]:
    if isinstance(part, _Shipping):
        return (
            order_id, kind, consignment_id, part.shipping_method, part.cost_inc_tax, _text(part.country_iso2),
            _text(part.state), _whole(part.items_total), _whole(part.items_shipped), None,
        )  # fmt: skip
    units = sum(_whole(item.quantity) or 0 for item in part.line_items)
    shipped = sum(_whole(item.quantity_shipped) or 0 for item in part.line_items)
    if isinstance(part, _Pickup):
        location = part.location or _Location()
        return (
            order_id, kind, consignment_id, part.pickup_method_display_name, None, location.country_alpha2,
            location.state, units, shipped, location.id,
        )  # fmt: skip
    return order_id, kind, consignment_id, None, None, None, None, units, shipped, None


def _item_row(order_id: int, kind: str, consignment_id: int, item: _Item) -> tuple[Any, ...]:
    discounts = [each.amount for each in item.applied_discounts or () if each.amount is not None]
    return (
        order_id, item.id, kind, consignment_id, item.type, item.product_id or None, item.variant_id or None,
        item.sku or None, item.upc or None, item.name, _options(item), _whole(item.quantity) or 0,
        _whole(item.quantity_shipped) or 0, _whole(item.quantity_refunded) or 0, item.price_inc_tax, item.price_ex_tax,
        item.total_inc_tax, item.total_tax, sum(discounts, Decimal(0)), item.parent_order_product_id or None,
    )  # fmt: skip


def _options(item: _Item) -> str:
    """A line's options; of those that a shopper types, only the name."""
    if not item.product_options:
        return "[]"
    return msgspec.json.encode(
        [
            {
                "name": _text(option.display_name) or "",
                "type": _text(option.type) or "",
                "value": None if _is_typed(option) else _text(option.display_value),
            }
            for option in item.product_options
        ]
    ).decode()


def _texts_of(item: _Item) -> Iterator[tuple[int, str, str | None]]:
    """What a shopper typed for a line, counted from 1."""
    typed = [
        (_text(option.display_name) or "", _text(option.display_value) or _text(option.value))
        for option in item.product_options or ()
        if _is_typed(option)
    ]
    if message := _text(item.wrapping_message):
        typed.append(("wrapping_message", message))
    for number, (name, value) in enumerate(typed, 1):
        yield number, name, value


def _is_typed(option: _Option) -> bool:
    """Whether a shopper typed its value; a type that nobody knows is taken for one."""
    return option.type not in CHOSEN


def _address_row(order_id: int, kind: str, consignment_id: int, place: _Place) -> tuple[Any, ...]:
    fields = place.form_fields if isinstance(place.form_fields, list) else []
    return (
        order_id, kind, consignment_id, _text(place.first_name), _text(place.last_name), _text(place.company),
        _text(place.street_1), _text(place.street_2), _text(place.city), _text(place.state), _text(place.zip),
        _text(place.country_iso2), _text(place.country), _text(place.phone), _text(place.email),
        msgspec.json.encode(fields).decode() if fields else "[]",
    )  # fmt: skip


def _whole(given: float | None) -> int | None:
    return None if given is None else int(given)


def _customer(given: Any) -> int | None:
    """The store's customer; 0 says that a guest ordered."""
    return int(given) or None if type(given) in (int, float) and abs(given) < 2**63 else None


def _text(given: Any) -> str | None:
    """Text as it is, a number as text; None where there is none."""
    if isinstance(given, str):
        return given or None
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else None


def _date(orders: pd.DataFrame) -> list[tuple[int, str, str]]:
    """Turn the dates of orders from text into moments, in place; one that never changed was modified when created.

    :return: order id, field and text of each date that is none.
    """
    undated = []
    for column, name in (
        ("created_at", "date_created"),
        ("modified_at", "date_modified"),
        ("shipped_at", "date_shipped"),
    ):
        told = orders[column]
        orders[column], wrong = parse_dates(told)
        if column == "created_at":
            wrong |= orders[column].isna()
        undated += [
            (order_id, name, text) for order_id, text in zip(orders["order_id"][wrong], told[wrong], strict=True)
        ]
    orders["modified_at"] = orders["modified_at"].where(orders["modified_at"].notna(), orders["created_at"])
    return undated


def _frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Columns of plain Python values: pandas would turn ids into floats and decimals into guesses."""
    return pd.DataFrame(rows, columns=list(columns), dtype=object)
