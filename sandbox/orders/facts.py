"""The facts of an order that filters and sort orders look at."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.exchange import Json
from sandbox.orders.dates import moment_or_none
from sandbox.orders.money import amount_of


class OrderFacts(msgspec.Struct, frozen=True, gc=False):
    """What the store knows of an order without looking at the whole of it.

    Times are whole seconds since 1970, ``None`` where the order has none. The total of a made-up order nobody has
    written to is ``None``: it takes the whole order to tell.
    """

    id: int
    created: int | None
    modified: int | None
    status_id: int | None
    customer_id: int | None
    channel_id: int | None
    email: str
    cart_id: str
    payment_method: str
    external_id: str
    external_order_id: str
    total: int | None = None


def facts_of(order: Json) -> OrderFacts:
    """Read an order's facts; a value of a wrong type counts as unset, since tests put such values in."""
    billing = order.get("billing_address")
    return OrderFacts(
        id=order["id"],
        created=moment_or_none(order.get("date_created")),
        modified=moment_or_none(order.get("date_modified")),
        status_id=_integer(order.get("status_id")),
        customer_id=_integer(order.get("customer_id")),
        channel_id=_integer(order.get("channel_id")),
        email=_text(billing.get("email")).lower() if isinstance(billing, dict) else "",
        cart_id=_text(order.get("cart_id")),
        payment_method=_text(order.get("payment_method")),
        external_id=_text(order.get("external_id")),
        external_order_id=_text(order.get("external_order_id")),
        total=amount_of(order.get("total_inc_tax")),
    )


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
