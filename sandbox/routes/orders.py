"""``/v2/orders``: lists of orders, one order, and how many there are of each status."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from sandbox.exchange import Answer, Request
from sandbox.filtering import number
from sandbox.orders.dates import moment_of
from sandbox.orders.money import ONE
from sandbox.orders.rendering import INCLUDES
from sandbox.orders.selection import SORT_KEYS, select
from sandbox.orders.statuses import order_statuses
from sandbox.routing import Route
from sandbox.store import Store
from sandbox.tokens import ORDERS_READ
from sandbox.v2 import PAGE, Parsers, array, bounds, not_found_v2, number_of, parameters, whole_number

MAX_TOTAL = 10**14  # in ten-thousandths still 64 bits


def _total(text: str) -> int:
    if abs(number(text)) >= MAX_TOTAL:
        raise ValueError(f"must be less than {MAX_TOTAL}")
    return int(Decimal(text) * ONE)


def _sort(text: str) -> tuple[str, bool]:
    field, _, direction = text.partition(":")
    if field not in SORT_KEYS or direction not in ("", "asc", "desc"):
        raise ValueError(f"must be one of {', '.join(SORT_KEYS)}, with :asc or :desc")
    return field, direction == "desc"


def _include(text: str) -> frozenset[str]:
    names = frozenset(each for each in text.split(",") if each)
    if not names <= INCLUDES:
        raise ValueError(f"must be of {', '.join(sorted(INCLUDES))}")
    return names


def _structure(text: str) -> str:
    if text != "object":
        raise ValueError("must be object")
    return text


FILTERS: Parsers = {
    **dict.fromkeys(("min_id", "max_id", "customer_id", "status_id", "channel_id"), whole_number),
    **dict.fromkeys(("min_total", "max_total"), _total),
    **dict.fromkeys(("cart_id", "external_order_id"), str),
    **dict.fromkeys(("email", "payment_method"), str.lower),
    **{f"{bound}_date_{field}": moment_of for bound in ("min", "max") for field in ("created", "modified")},
}
SHAPE: Parsers = {"include": _include, "consignment_structure": _structure}


def _included(asked: dict[str, Any]) -> frozenset[str]:
    """What is asked to be included; without the structure V2 still has for them, consignments stay links."""
    include: frozenset[str] = asked.pop("include", frozenset())
    return include if asked.pop("consignment_structure", None) else include & {"fees"}


def list_orders(store: Store, request: Request) -> Answer:
    """GET: a page of orders."""
    asked = parameters(request, {**FILTERS, **SHAPE, **PAGE, "sort": _sort})
    start, stop = bounds(asked)
    include = _included(asked)
    sort, descending = asked.pop("sort", ("id", False))
    ids = select(store.orders, asked, sort, descending)
    return array(store.orders.shown(order_id, include) for order_id in ids[start:stop])


def get_order(store: Store, request: Request) -> Answer:
    """GET: one order."""
    order_id = number_of(request, "order_id")
    include = _included(parameters(request, SHAPE))
    if order_id not in store.orders.indexes.facts:
        raise not_found_v2()
    return Answer(200, store.orders.shown(order_id, include))


def count_orders(store: Store, request: Request) -> Answer:
    """GET: how many orders there are of each status."""
    facts = store.orders.indexes.facts
    counts = Counter(facts[each].status_id for each in select(store.orders, parameters(request, FILTERS)))
    statuses = []
    for status in order_statuses(store.orders.labels):
        place = status.pop("order")
        statuses.append(status | {"count": counts[status["id"]], "sort_order": place})
    statuses.sort(key=lambda status: status["sort_order"])
    return Answer.of({"statuses": statuses, "count": counts.total()})


ROUTES = [
    Route("GET", "/v2/orders", ORDERS_READ, list_orders),
    Route("GET", "/v2/orders/count", ORDERS_READ, count_orders),
    Route("GET", "/v2/orders/{order_id}", ORDERS_READ, get_order),
]
