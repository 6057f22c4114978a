"""Consignments: where an order's lines go. Addresses and lines are read from them, there is no second copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.exchange import Json
from sandbox.orders.money import amount_number, amount_of, amount_text

COSTS = tuple(f"{part}_{kind}" for part in ("cost", "handling_cost") for kind in ("ex_tax", "inc_tax", "tax"))
MONEY = ("base_cost", "base_handling_cost", *COSTS)
LOCATION: Json = {
    "id": 1,
    "name": "Location 1",
    "code": "LOCATION-1",
    "address_line_1": "1 Main Street",
    "address_line_2": "Suite 101",
    "city": "Austin",
    "state": "Texas",
    "postal_code": "78726",
    "country_alpha2": "US",
    "email": "location1@example.com",
    "phone": "555-0100",
}


def empty_consignments() -> Json:
    """No consignment of any kind."""
    return {"pickups": [], "shipping": [], "downloads": [], "email": {"gift_certificates": []}}


def shipping_consignment(
    consignment_id: int, address: Json, form_fields: list[Json], lines: list[Json], quotes: str
) -> Json:
    """Lines that go to an address, without cost.

    :param quotes: the path of its quotes from the version on.
    """
    return {
        "id": consignment_id,
        **address,
        "form_fields": form_fields,
        "shipping_method": "Free Shipping",
        "line_items": lines,
        "items_total": sum(whole(each.get("quantity")) for each in lines),
        "items_shipped": sum(whole(each.get("quantity_shipped")) for each in lines),
        **dict.fromkeys(MONEY, 0),
        "cost_tax_class_id": 2,
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": address.get("country", ""),
        "shipping_quotes": {
            "url": f"https://api.bigcommerce.com{quotes}",
            "resource": quotes[quotes.find("/orders") :],
        },
    }


def set_costs(consignment: Json, part: str, ex_tax: int, tax: int) -> None:
    """Give a shipping consignment its ``cost`` or ``handling_cost``."""
    consignment[f"base_{part}"] = consignment[f"{part}_ex_tax"] = amount_number(ex_tax)
    consignment[f"{part}_tax"] = amount_number(tax)
    consignment[f"{part}_inc_tax"] = amount_number(ex_tax + tax)


def pickup_consignment(consignment_id: int, lines: list[Json]) -> Json:
    """Lines a shopper comes for."""
    return {
        "id": consignment_id,
        "pickup_method_id": 1,
        "pickup_method_display_name": "Pick Up",
        "collection_instructions": "Bring your ID",
        "collection_time_description": "9am - 6pm",
        "location": LOCATION,
        "line_items": lines,
    }


def email_consignment(recipient: str, lines: list[Json]) -> Json:
    """Lines that go by mail: downloads or gift certificates."""
    return {"recipient_email": recipient, "line_items": lines}


def each_consignment(consignments: Any) -> Iterator[Json]:
    """Every consignment of every kind; what is of a wrong type is passed over, since tests put such values in."""
    if not isinstance(consignments, dict):
        return
    email = consignments.get("email")
    kinds = [consignments.get(kind) for kind in ("shipping", "pickups", "downloads")]
    kinds.append(email.get("gift_certificates") if isinstance(email, dict) else None)
    for kind in kinds:
        yield from (each for each in (kind if isinstance(kind, list) else ()) if isinstance(each, dict))


def lines_of(order: Json) -> list[Json]:
    """The order's lines, by ascending id."""
    lines = [line for consignment in each_consignment(order.get("consignments")) for line in lines_in(consignment)]
    return sorted(lines, key=lambda line: whole(line.get("id")))


def lines_in(consignment: Json) -> list[Json]:
    """The lines of one consignment."""
    return [line for line in (consignment.get("line_items") or ()) if isinstance(line, dict)]


def shipping_of(order: Json) -> list[Json]:
    """The order's shipping consignments."""
    consignments = order.get("consignments")
    shipping = consignments.get("shipping") if isinstance(consignments, dict) else None
    return [each for each in (shipping if isinstance(shipping, list) else ()) if isinstance(each, dict)]


def shipping_address(order_id: int, consignment: Json) -> Json:
    """A shipping consignment as the older resource shows it, whose amounts are texts."""
    address = {name: value for name, value in consignment.items() if name != "line_items"}
    address |= {name: amount_text(amount_of(address.get(name))) for name in MONEY}
    resource = f"/orders/{order_id}/shippingaddresses/{consignment.get('id')}/shippingquotes"
    quotes = consignment.get("shipping_quotes")
    url = quotes.get("url", "") if isinstance(quotes, dict) else ""
    quotes = {"url": url[: url.find("/orders/")] + resource, "resource": resource}
    return address | {"order_id": order_id, "shipping_quotes": quotes}


def whole(value: Any) -> int:
    """A whole number, 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
