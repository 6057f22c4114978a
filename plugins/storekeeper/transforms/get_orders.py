"""Orders as the store sent them become typed rows: orders, lines, consignments, fees, and shoppers' data apart.

Takes payloads and returns named frames; an order that cannot be handled becomes a problem, never an exception. Money is
exact decimals from the store's own digits, never floats. No message about an order tells anything of its shopper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import pandas as pd

from storekeeper.outcomes import Problem
from storekeeper.transforms.dates import parse_dates
from storekeeper.transforms.order_payload import (
    Item,
    Location,
    Option,
    Order,
    Pickup,
    Place,
    Shipping,
    invalid_order,
    parts_of,
    read_order,
)
from storekeeper.transforms.order_stripping import strip

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
        order = read_order(order_id, payload)
        if isinstance(order, Problem):
            problems.append(order)
        else:
            _add(rows, order, payload)
    orders = _frame(rows.orders, ORDER_COLUMNS)
    undated = _date(orders)
    problems += [
        invalid_order(order_id, f"its {name} is no date (got {text[:50]!r})") for order_id, name, text in undated
    ]
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


def _add(rows: _Rows, order: Order, payload: str) -> None:
    counted: dict[str, int] = {}
    billing = order.billing_address if isinstance(order.billing_address, Place) else None
    for kind, part, items in parts_of(order):
        counted[kind] = counted.get(kind, 0) + 1
        consignment_id = part.id if kind in ("shipping", "pickup") else counted[kind]
        rows.consignments.append(_consignment_row(order.id, kind, consignment_id, part))
        if kind == "shipping":
            rows.addresses.append(_address_row(order.id, kind, consignment_id, part))
        elif kind != "pickup" and part.recipient_email:
            rows.addresses.append(_address_row(order.id, kind, consignment_id, Place(email=part.recipient_email)))
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
    if isinstance(part, Shipping):
        return (
            order_id, kind, consignment_id, part.shipping_method, part.cost_inc_tax, _text(part.country_iso2),
            _text(part.state), _whole(part.items_total), _whole(part.items_shipped), None,
        )  # fmt: skip
    units = sum(_whole(item.quantity) or 0 for item in part.line_items)
    shipped = sum(_whole(item.quantity_shipped) or 0 for item in part.line_items)
    if isinstance(part, Pickup):
        location = part.location or Location()
        return (
            order_id, kind, consignment_id, part.pickup_method_display_name, None, location.country_alpha2,
            location.state, units, shipped, location.id,
        )  # fmt: skip
    return order_id, kind, consignment_id, None, None, None, None, units, shipped, None


def _item_row(order_id: int, kind: str, consignment_id: int, item: Item) -> tuple[Any, ...]:
    discounts = [each.amount for each in item.applied_discounts or () if each.amount is not None]
    return (
        order_id, item.id, kind, consignment_id, item.type, item.product_id or None, item.variant_id or None,
        item.sku or None, item.upc or None, item.name, _options(item), _whole(item.quantity) or 0,
        _whole(item.quantity_shipped) or 0, _whole(item.quantity_refunded) or 0, item.price_inc_tax, item.price_ex_tax,
        item.total_inc_tax, item.total_tax, sum(discounts, Decimal(0)), item.parent_order_product_id or None,
    )  # fmt: skip


def _options(item: Item) -> str:
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


def _texts_of(item: Item) -> Iterator[tuple[int, str, str | None]]:
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


def _is_typed(option: Option) -> bool:
    """Whether a shopper typed its value; a type that nobody knows is taken for one."""
    return option.type not in CHOSEN


def _address_row(order_id: int, kind: str, consignment_id: int, place: Place) -> tuple[Any, ...]:
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
