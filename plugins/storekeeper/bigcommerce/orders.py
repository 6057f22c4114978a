"""The store's orders (V2) and refunds (V3): which request brings the most of what is asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from storekeeper.bigcommerce.client import Query, StoreClient
from storekeeper.bigcommerce.paging import (
    NO_CONTENT,
    V2_DEFAULT_LIMIT,
    IdRange,
    Page,
    PageSize,
    list_pages,
    numbered_pages,
    read_list,
)

MOST_PER_PAGE = 250
"""The API's largest page; also the most ids that one ``order_id:in`` is asked for."""

ORDERS = "/v2/orders"
REFUNDS = "/v3/orders/payment_actions/refunds"
WITH_PARTS: Query = {
    "include": "consignments,consignments.line_items,fees",
    "consignment_structure": "object",
}
"""Everything of an order that the list itself can bring: no call per order for lines, addresses and fees."""


class _Refunds(msgspec.Struct):
    data: list[msgspec.Raw]


def created_between(start: datetime, end: datetime | None) -> Query:
    """A filter for orders by creation; the store counts whole seconds and may include both ends."""
    return _between("created", start, end)


def modified_between(start: datetime, end: datetime | None) -> Query:
    """A filter for orders by their last change; the store counts whole seconds and may include both ends."""
    return _between("modified", start, end)


def of_sales_channel(sales_channel: int | None) -> Query:
    """A filter for the orders of one of BigCommerce's own sales channels; None: of all."""
    return {} if sales_channel is None else {"channel_id": sales_channel}


def order_pages(store: StoreClient, ids: IdRange, size: PageSize, only: Query) -> Iterator[Page]:
    """Orders with consignments, lines and fees, in ascending order of id."""
    return list_pages(store, ORDERS, ids, {**WITH_PARTS, **only}, size)


def first_orders(store: StoreClient, size: PageSize, only: Query) -> Page:
    """The page of the lowest ids."""
    return read_list(store, ORDERS, {**WITH_PARTS, **only, "sort": "id:asc"}, size)


def last_orders(store: StoreClient, size: PageSize, only: Query) -> Page:
    """The page of the highest ids."""
    return read_list(store, ORDERS, {**WITH_PARTS, **only, "sort": "id:desc"}, size)


def orders_by_id(store: StoreClient, order_ids: Sequence[int], size: PageSize) -> Iterator[Page]:
    """Orders by their ids: V2 knows no list of ids, so neighbours share a request for the range they span.

    :return: a page a request, with those of the orders asked for that the store has.
    """
    for ids in neighbours(order_ids, size.limit):
        wanted = set(ids)
        for page in list_pages(store, ORDERS, IdRange(ids[0] - 1, ids[-1] + 1), WITH_PARTS, size):
            yield replace(page, records=[record for record in page.records if record[0] in wanted])


def neighbours(order_ids: Sequence[int], most: int) -> Iterator[list[int]]:
    """The ids in ascending order, in groups that span at most so many ids."""
    group: list[int] = []
    for order_id in sorted(set(order_ids)):
        if group and order_id - group[0] >= most:
            yield group
            group = []
        group.append(order_id)
    if group:
        yield group


def refunds_since(store: StoreClient, moment: datetime) -> Iterator[list[bytes]]:
    """Refunds made at that moment of the store's clock, or later; undecoded, a page each, by ascending id.

    Pages are numbered, yet none is missed: a refund is never deleted, and a new one stands behind all others.
    """
    return _refund_pages(store, {"created:min": _moment(moment)})


def refunds_of(store: StoreClient, order_ids: Sequence[int]) -> Iterator[list[bytes]]:
    """Refunds of these orders; undecoded, a page each."""
    for start in range(0, len(order_ids), MOST_PER_PAGE):
        chosen = order_ids[start : start + MOST_PER_PAGE]
        yield from _refund_pages(store, {"order_id:in": ",".join(map(str, chosen))})


def refunds_by_id(store: StoreClient, refund_ids: Sequence[int]) -> Iterator[list[bytes]]:
    """Refunds by their ids; undecoded, a page each."""
    for start in range(0, len(refund_ids), MOST_PER_PAGE):
        chosen = refund_ids[start : start + MOST_PER_PAGE]
        yield from _refund_pages(store, {"id:in": ",".join(map(str, chosen))})


def order_parts(store: StoreClient, order_id: int, part: str) -> bytes:
    """What no list brings along: an order's ``coupons``, ``taxes`` or ``messages``, a JSON array."""
    found: list[msgspec.Raw] = []
    for number in itertools.count(1):
        answer = store.get(f"{ORDERS}/{order_id:d}/{part}", {"limit": MOST_PER_PAGE, "page": number})
        if answer.status != NO_CONTENT:
            page = answer.decode(list[msgspec.Raw])
            found += page
            if len(page) in (MOST_PER_PAGE, V2_DEFAULT_LIMIT):
                continue
        break
    return b"[" + b",".join(map(bytes, found)) + b"]"


def _refund_pages(store: StoreClient, only: Query) -> Iterator[list[bytes]]:
    for page in numbered_pages(store, REFUNDS, {**only, "limit": MOST_PER_PAGE}):
        yield [bytes(raw) for raw in page.decode(_Refunds).data]


def _between(what: str, start: datetime, end: datetime | None) -> Query:
    bounds: dict[str, str | int] = {f"min_date_{what}": _moment(start)}
    if end is not None:
        bounds[f"max_date_{what}"] = _moment(end)
    return bounds


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
