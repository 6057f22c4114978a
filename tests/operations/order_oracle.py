"""What Get Orders must leave behind, worked out order by order from the design's words, apart from the product.

Plain dicts and decimals over a sandbox's dump: no SQL, no pandas, nothing of storekeeper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.operations.oracle import read_store

Row = dict[str, Any]
Dump = Mapping[str, list[Row]]
Tables = dict[str, dict[Any, Row]]
"""By name of the mart, rows by key."""

INCOMPLETE, CANCELLED, DECLINED = 0, 5, 6
NO_SALE = (INCOMPLETE, CANCELLED, DECLINED)
ALL_STATUSES = tuple(range(15))
IMPORTED = tuple(status for status in ALL_STATUSES if status not in NO_SALE)
BACKFILLED = tuple(status for status in ALL_STATUSES if status != INCOMPLETE)

KEYS = {
    "orders": ("order_id",),
    "order_items": ("order_id", "order_product_id"),
    "refunds": ("refund_id",),
    "orders_not_imported": ("order_id",),
    "daily_sales": ("day", "currency"),
}
COLUMNS = {
    "orders": (
        "order_id", "status_id", "status", "created_at", "modified_at", "currency", "subtotal", "shipping", "tax",
        "discount", "total", "refunded", "items_total", "items_shipped",
    ),
    "order_items": (
        "order_id", "order_product_id", "product_id", "variant_id", "sku", "master_sku", "name", "quantity",
        "quantity_shipped", "unit_price", "line_total",
    ),
    "refunds": ("refund_id", "order_id", "created_at", "currency", "amount", "tax", "units"),
    "orders_not_imported": ("order_id", "status_id", "created_at", "reason"),
    "daily_sales": ("day", "currency", "orders", "units", "gross", "discount", "refunded", "net"),
}  # fmt: skip


@dataclass(frozen=True)
class Pull:
    """What one run reads, and what an order that it does not know must fit.

    :param as_of: the store's clock when it began.
    :param since: orders changed since then are read; None: none because of that.
    :param window: orders created in it, [start, end), are read, and no others, unless ``since`` says so.
    :param oldest: an unknown order created before is too old; None: none is.
    """

    as_of: datetime
    statuses: tuple[int, ...]
    window: tuple[datetime, datetime]
    since: datetime | None = None
    oldest: datetime | None = None
    sales_channel: int | None = None

    @classmethod
    def first(cls, as_of: datetime, statuses: tuple[int, ...] = IMPORTED, days: int = 30, **more: Any) -> Pull:
        oldest = as_of - timedelta(days=days)
        return cls(as_of, statuses, (oldest, as_of + timedelta(seconds=1)), oldest=oldest, **more)

    @classmethod
    def next(cls, last: datetime, as_of: datetime, statuses: tuple[int, ...] = IMPORTED, days: int = 30) -> Pull:
        """A scheduled run that reads changes only, five minutes more than since the last one."""
        return cls(as_of, statuses, (as_of, as_of), last - timedelta(minutes=5), last - timedelta(days=days))

    @classmethod
    def backfill(cls, start: datetime, end: datetime, statuses: tuple[int, ...] = BACKFILLED) -> Pull:
        return cls(end, statuses, (start, end))

    def reads(self, order: Row) -> bool:
        if self.sales_channel is not None and order["channel_id"] != self.sales_channel:
            return False
        if self.since is not None and moment(order["date_modified"]) >= self.since:
            return True
        return self.window[0] <= moment(order["date_created"]) < self.window[1]

    def leaves_out(self, order: Row) -> str | None:
        """Why an order that the warehouse does not know stays out; None: it comes in."""
        if order["is_deleted"]:
            return "deleted"
        if order["status_id"] not in self.statuses:
            return "incomplete" if order["status_id"] == INCOMPLETE else "status_not_in_list"
        if self.oldest is not None and moment(order["date_created"]) < self.oldest:
            return "too_old"
        return None


@dataclass
class Memory:
    """The orders of one channel that the warehouse has, as the store showed them last, and those left out."""

    orders: dict[int, Row] = field(default_factory=dict)
    left_out: dict[int, Row] = field(default_factory=dict)

    def pull(self, dump: Dump, pull: Pull) -> None:
        for order in dump["order"]:
            if not pull.reads(order):
                continue
            number = order["id"]
            reason = None if number in self.orders else pull.leaves_out(order)
            if reason is None:
                self.orders[number] = order
                self.left_out.pop(number, None)
            else:
                self.left_out[number] = {
                    "order_id": number,
                    "status_id": order["status_id"],
                    "created_at": moment(order["date_created"]),
                    "reason": reason,
                }

    def tables(self, dump: Dump, zone: str, *, listings: bool = False) -> Tables:
        """What the marts must show.

        :param zone: the store's time zone.
        :param listings: whether Import Listings has brought in the store's catalog.
        """
        names = {status["id"]: status["system_label"] for status in dump["order_status"]}
        given_back = [refund for refund in dump["refund"] if refund["order_id"] in self.orders]
        orders = {number: order_row(order, names, given_back) for number, order in self.orders.items()}
        catalog = MasterSkus(dump) if listings else None
        items = {
            (number, line["id"]): item_row(number, line, catalog)
            for number, order in self.orders.items()
            for line in lines_of(order)
        }
        refunds = {refund["id"]: refund_row(refund, orders[refund["order_id"]]) for refund in given_back}
        return {
            "orders": orders,
            "order_items": items,
            "refunds": refunds,
            "orders_not_imported": dict(self.left_out),
            "daily_sales": daily_sales(list(orders.values()), zone),
        }


class MasterSkus:
    """The master SKUs of the catalog's variants: of two with the same, the lower variant id holds it."""

    def __init__(self, dump: Dump) -> None:
        offers = [offer for product in read_store(dump, "sku") for offer in product.offers if offer.claim]
        held: dict[str, int] = {}
        self._by_variant: dict[int, str] = {}
        self._by_sku: dict[str, str] = {}
        for offer in sorted(offers, key=lambda offer: offer.variant_id):
            claim = str(offer.claim)
            if held.setdefault(claim.lower(), offer.variant_id) == offer.variant_id:
                self._by_variant[offer.variant_id] = claim
                self._by_sku[claim.lower()] = claim

    def of(self, variant_id: int | None, sku: str | None) -> str | None:
        if variant_id in self._by_variant:
            return self._by_variant[variant_id]
        return None if sku is None else self._by_sku.get(sku.lower())


def moment(text: str) -> datetime:
    return parsedate_to_datetime(text)


def lines_of(order: Row) -> Iterator[Row]:
    parts = order["consignments"]
    for place in (*parts["shipping"], *parts["pickups"], *parts["downloads"], *parts["email"]["gift_certificates"]):
        yield from place["line_items"]


def order_row(order: Row, names: Mapping[int, str], refunds: list[Row]) -> Row:
    return {
        "order_id": order["id"],
        "status_id": order["status_id"],
        "status": names[order["status_id"]],
        "created_at": moment(order["date_created"]),
        "modified_at": moment(order["date_modified"]),
        "currency": order["default_currency_code"],
        "subtotal": Decimal(order["subtotal_inc_tax"]),
        "shipping": Decimal(order["shipping_cost_inc_tax"]),
        "tax": Decimal(order["total_tax"]),
        "discount": Decimal(order["discount_amount"]) + Decimal(order["coupon_discount"]),
        "total": Decimal(order["total_inc_tax"]),
        "refunded": sum(
            (exact(each["total_amount"]) for each in refunds if each["order_id"] == order["id"]), Decimal(0)
        ),
        "items_total": order["items_total"],
        "items_shipped": order["items_shipped"],
    }


def item_row(order_id: int, line: Row, catalog: MasterSkus | None) -> Row:
    variant_id, sku = line["variant_id"] or None, line["sku"] or None
    return {
        "order_id": order_id,
        "order_product_id": line["id"],
        "product_id": line["product_id"] or None,
        "variant_id": variant_id,
        "sku": sku,
        "master_sku": catalog.of(variant_id, sku) if catalog else None,
        "name": line["name"],
        "quantity": line["quantity"],
        "quantity_shipped": line["quantity_shipped"],
        "unit_price": Decimal(line["price_inc_tax"]),
        "line_total": Decimal(line["total_inc_tax"]),
    }


def refund_row(refund: Row, order: Row) -> Row:
    units = [item["quantity"] for item in refund["items"] if item["item_type"] == "PRODUCT"]
    return {
        "refund_id": refund["id"],
        "order_id": refund["order_id"],
        "created_at": datetime.fromisoformat(refund["created"]),
        "currency": order["currency"],
        "amount": exact(refund["total_amount"]),
        "tax": exact(refund["total_tax"]),
        "units": sum(units) if units else None,
    }


def daily_sales(orders: list[Row], zone: str) -> dict[Any, Row]:
    """By the store's own day and currency; all refunds of an order count on the day of its creation."""
    days: dict[Any, Row] = {}
    for order in orders:
        if order["status_id"] in NO_SALE:
            continue
        key = (order["created_at"].astimezone(ZoneInfo(zone)).date(), order["currency"])
        nothing = dict.fromkeys(("gross", "discount", "refunded", "net"), Decimal(0))
        day = days.setdefault(key, {"day": key[0], "currency": key[1], "orders": 0, "units": 0, **nothing})
        day["orders"] += 1
        day["units"] += order["items_total"]
        day["gross"] += order["total"]
        day["discount"] += order["discount"]
        day["refunded"] += order["refunded"]
        day["net"] += order["total"] - order["refunded"]
    return days


def exact(number: float) -> Decimal:
    """A JSON number's own digits."""
    return Decimal(str(number))


def differences(expected: Tables, got: Tables) -> list[str]:
    """Field by field; empty where the two agree."""
    found = []
    for table, mine in expected.items():
        theirs = got[table]
        found += [f"{table} {key}: missing, expected {mine[key]}" for key in mine.keys() - theirs.keys()]
        found += [f"{table} {key}: not expected, got {theirs[key]}" for key in theirs.keys() - mine.keys()]
        found += [
            f"{table} {key}.{name}: expected {value!r}, got {theirs[key][name]!r}"
            for key in mine.keys() & theirs.keys()
            for name, value in mine[key].items()
            if value != theirs[key][name]
        ]
    return sorted(found)
