"""What belongs to one order: lines, addresses, consignments, coupons, fees, taxes and messages."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Answer, Json, Request
from sandbox.filtering import flag
from sandbox.orders.consignments import lines_of, shipping_address, shipping_of
from sandbox.orders.dates import moment_of, moment_or_none
from sandbox.orders.record import OrderRecord
from sandbox.orders.rendering import with_links
from sandbox.orders.taxes import order_taxes
from sandbox.routing import Route
from sandbox.store import Store
from sandbox.tokens import ORDERS_READ
from sandbox.v2 import (
    PAGE,
    Parsers,
    array_page,
    bounds,
    not_found_v2,
    number_of,
    parameters,
    whole_number,
)


def order_record(store: Store, request: Request) -> OrderRecord:
    """The order a path names."""
    record = store.orders.record(number_of(request, "order_id"))
    if record is None:
        raise not_found_v2()
    return record


def one_of(records: list[Json], record_id: int) -> Answer:
    """The record of an id."""
    found = next((each for each in records if each.get("id") == record_id), None)
    if found is None:
        raise not_found_v2()
    return Answer.of(found)


def list_lines(store: Store, request: Request) -> Answer:
    """GET: a page of the lines."""
    return array_page(request, lines_of(order_record(store, request).order))


def get_line(store: Store, request: Request) -> Answer:
    """GET: one line, by its own id."""
    parameters(request, {})
    return one_of(lines_of(order_record(store, request).order), number_of(request, "product_id"))


def _addresses(store: Store, request: Request) -> list[Json]:
    order = order_record(store, request).order
    return [shipping_address(order["id"], each) for each in shipping_of(order)]


def list_addresses(store: Store, request: Request) -> Answer:
    """GET: a page of the shipping addresses."""
    return array_page(request, _addresses(store, request))


def get_address(store: Store, request: Request) -> Answer:
    """GET: one shipping address."""
    parameters(request, {})
    return one_of(_addresses(store, request), number_of(request, "id"))


def get_consignments(store: Store, request: Request) -> Answer:
    """GET: the consignments, lines as links unless they are included."""

    def included(text: str) -> bool:
        if text != "consignments.line_items":
            raise ValueError("must be consignments.line_items")
        return True

    asked = parameters(request, {"include": included})
    order = order_record(store, request).order
    consignments: Any = order.get("consignments")
    return Answer.of(consignments if asked else with_links(consignments, order["id"], store.hash))


def list_coupons(store: Store, request: Request) -> Answer:
    """GET: a page of the coupons."""
    return array_page(request, order_record(store, request).coupons)


def get_fees(store: Store, request: Request) -> Answer:
    """GET: the fees."""
    parameters(request, {})
    return Answer.of({"fees": order_record(store, request).order.get("fees")})


def list_taxes(store: Store, request: Request) -> Answer:
    """GET: a page of the taxes, of each line where details are asked for."""
    asked = parameters(request, {**PAGE, "details": flag})
    request.query = [(name, text) for name, text in request.query if name != "details"]
    return array_page(request, order_taxes(order_record(store, request), details=asked.get("details", False)))


def _message_status(text: str) -> str:
    if text not in ("read", "unread"):
        raise ValueError("must be read or unread")
    return text


MESSAGE_FILTERS: Parsers = {
    **dict.fromkeys(("min_id", "max_id", "customer_id"), whole_number),
    **dict.fromkeys(("min_date_created", "max_date_created"), moment_of),
    "is_flagged": flag,
    "status": _message_status,
}


def list_messages(store: Store, request: Request) -> Answer:
    """GET: a page of the messages."""
    asked = parameters(request, {**MESSAGE_FILTERS, **PAGE})
    start, stop = bounds(asked)

    def passes(message: Json) -> bool:
        moment = moment_or_none(message["date_created"]) or 0
        values = {"min_id": message["id"], "max_id": message["id"]}
        values |= {"min_date_created": moment, "max_date_created": moment}
        return all(
            values[name] >= wanted
            if name.startswith("min_")
            else values[name] <= wanted
            if name.startswith("max_")
            else message[name] == wanted
            for name, wanted in asked.items()
        )

    request.query = []
    return array_page(request, [each for each in order_record(store, request).messages if passes(each)][start:stop])


ORDER = "/v2/orders/{order_id}"
ROUTES = [
    Route("GET", f"{ORDER}/products", ORDERS_READ, list_lines),
    Route("GET", f"{ORDER}/products/{{product_id}}", ORDERS_READ, get_line),
    Route("GET", f"{ORDER}/shipping_addresses", ORDERS_READ, list_addresses),
    Route("GET", f"{ORDER}/shipping_addresses/{{id}}", ORDERS_READ, get_address),
    # The same under the name that links have for it.
    Route("GET", f"{ORDER}/shippingaddresses", ORDERS_READ, list_addresses),
    Route("GET", f"{ORDER}/shippingaddresses/{{id}}", ORDERS_READ, get_address),
    Route("GET", f"{ORDER}/consignments", ORDERS_READ, get_consignments),
    Route("GET", f"{ORDER}/coupons", ORDERS_READ, list_coupons),
    Route("GET", f"{ORDER}/fees", ORDERS_READ, get_fees),
    Route("GET", f"{ORDER}/taxes", ORDERS_READ, list_taxes),
    Route("GET", f"{ORDER}/messages", ORDERS_READ, list_messages),
]
