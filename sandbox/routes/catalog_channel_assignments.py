"""``/v3/catalog/products/channel-assignments``: which products are on which sales channel."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from sandbox.catalog.field_rules import is_whole
from sandbox.exchange import Answer, Request, invalid
from sandbox.filtering import PAGE_PARAMETERS, Filter, conditions, integer
from sandbox.paging import collection, page_of
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS, PRODUCTS_READ

MOST_IN_BATCH = 250
IN = frozenset({"in"})
FILTERS = {
    "product_id": Filter(lambda assignment: assignment["product_id"], integer, IN, plain=False),
    "channel_id": Filter(lambda assignment: assignment["channel_id"], integer, IN, plain=False),
}


def list_assignments(store: Store, request: Request) -> Answer:
    """GET: a page of assignments, by product."""
    page = page_of(request)
    chosen = _asked_for(store, request)
    return collection(map(msgspec.json.encode, chosen[page.start : page.stop]), page, len(chosen))


def put_assignments(store: Store, request: Request) -> Answer:
    """PUT: assign products to channels; an assignment that is there already stays."""
    given = request.json_objects(sys.maxsize)
    if len(given) > MOST_IN_BATCH:
        # The specification names no limit and no 413.
        raise invalid({".": f"must have at most {MOST_IN_BATCH} entries"})
    facts = store.catalog.indexes.facts
    unknown = [each for each in given if not (is_whole(at := each.get("product_id")) and at in facts)]
    if unknown or any(not is_whole(each.get("channel_id")) for each in given):
        named = ", ".join(str(each.get("product_id")) for each in unknown)
        raise invalid({"product_id": f"unknown: {named}"} if unknown else {"channel_id": "is required"})
    for each in given:
        product_id, channel_id = each["product_id"], each["channel_id"]
        channels = store.catalog.channels(product_id)
        if channel_id not in channels:
            _assign(store, request, product_id, sorted([*channels, channel_id]), ("assigned", channel_id))
    return Answer(204)


def delete_assignments(store: Store, request: Request) -> Answer:
    """DELETE: the assignments a filter means; without one, none."""
    if not any(name in ("product_id:in", "channel_id:in") for name, _ in request.query):
        raise invalid({"filter": "at least one filter must be provided in order to delete channel assignments"})
    for each in _asked_for(store, request):
        product_id, channel_id = each["product_id"], each["channel_id"]
        left = [channel for channel in store.catalog.channels(product_id) if channel != channel_id]
        _assign(store, request, product_id, left, ("unassigned", channel_id))
    return Answer(204)


def _asked_for(store: Store, request: Request) -> list[dict[str, int]]:
    asked = conditions(request.query, FILTERS, PAGE_PARAMETERS & {"page", "limit"})
    product_ids: Any = store.catalog.indexes.product_ids
    for condition in asked:
        if condition.field == "product_id":
            product_ids = sorted(set(condition.value) & store.catalog.indexes.facts.keys())
    assignments = [
        {"product_id": product_id, "channel_id": channel_id}
        for product_id in product_ids
        for channel_id in store.catalog.channels(product_id)
    ]
    return [each for each in assignments if all(condition.holds(each) for condition in asked)]


def _assign(store: Store, request: Request, product_id: int, channels: list[int], change: tuple[str, int]) -> None:
    product = store.catalog.editable(product_id)
    assert product is not None, "assignments are made of known products only"
    store.catalog.put(product | {"channels": channels})
    store.note(request, f"channel.{change[0]}", product_id, {"channel_id": change[1]})


ROUTES = [
    Route("GET", "/v3/catalog/products/channel-assignments", PRODUCTS_READ, list_assignments),
    Route("PUT", "/v3/catalog/products/channel-assignments", PRODUCTS, put_assignments, NONE),
    Route("DELETE", "/v3/catalog/products/channel-assignments", PRODUCTS, delete_assignments),
]
