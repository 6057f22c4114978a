"""What a request may set of a shipment: checked against its order, and not yet in effect."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sandbox.catalog.field_rules import TEXT_MOST, FieldRule
from sandbox.exchange import Json
from sandbox.orders.consignments import lines_in, lines_of, shipping_of
from sandbox.orders.money import amount_of, amount_text
from sandbox.orders.shipments import PROVIDERS, unshipped
from sandbox.v2 import bad_field, checked, required

RULES: Mapping[str, FieldRule] = {
    "order_address_id": FieldRule("integer"),
    "tracking_number": FieldRule("text", 0, 50),
    "tracking_carrier": FieldRule("text"),
    "tracking_link": FieldRule("text", 0, 500),
    "shipping_provider": FieldRule("text"),
    "shipping_method": FieldRule("text"),
    "comments": FieldRule("text", 0, TEXT_MOST),
    "merchant_shipping_cost": FieldRule("text"),
}
ITEM_RULES: Mapping[str, FieldRule] = {"order_product_id": FieldRule("integer"), "quantity": FieldRule("integer", 1)}
FORMS = {
    "tracking_carrier": (re.compile(r"([a-z0-9]+(-[a-z0-9]+)*)?"), "must be the name of a courier, or empty"),
    "shipping_provider": (
        re.compile("|".join([*PROVIDERS, r"carrier_[0-9]+"])),
        f"must be one of {', '.join(filter(None, PROVIDERS))}, carrier_ with an id, or empty",
    ),
    "merchant_shipping_cost": (re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?"), "must be an amount of 0 or more"),
}


def fields_of(order: Json, given: Json) -> Json:
    """The fields of a shipment that a request sets, its items apart; what the store does not know is passed over.

    :raises Refusal: 400 for a value that cannot be one, or an address the order does not have.
    """
    fields = {name: checked(name, given[name], rule) for name, rule in RULES.items() if name in given}
    for name, (form, reason) in FORMS.items():
        if name in fields and not form.fullmatch(fields[name]):
            raise bad_field(name, fields[name], reason)
    if "merchant_shipping_cost" in fields:
        fields["merchant_shipping_cost"] = amount_text(amount_of(fields["merchant_shipping_cost"]))
    address_id = fields.get("order_address_id")
    if address_id is not None and all(each.get("id") != address_id for each in shipping_of(order)):
        raise bad_field("order_address_id", address_id, "is no shipping address of the order")
    return fields


def items_of(order: Json, address_id: int, given: Json) -> list[Json]:
    """The pieces a new shipment holds.

    :raises Refusal: 400 for none, a line that does not go to the address, or more than has not left yet.
    """
    listed = required(given, "items", FieldRule("list", 1))
    lines = {line.get("id"): line for line in lines_of(order)}
    here = [line.get("id") for each in shipping_of(order) if each.get("id") == address_id for line in lines_in(each)]
    left = {line_id: unshipped(line) for line_id, line in lines.items()}
    items = []
    for place, each in enumerate(listed):
        at = f"items.{place}"
        checked(at, each, FieldRule("object"))
        item = {name: required(each, name, rule, f"{at}.") for name, rule in ITEM_RULES.items()}
        line_id, quantity = item["order_product_id"], item["quantity"]
        if line_id not in lines:
            raise bad_field(f"{at}.order_product_id", line_id, "is no line of the order")
        if lines[line_id].get("type") != "physical":
            reason = f"is a {lines[line_id].get('type')} line, which cannot be shipped"
            raise bad_field(f"{at}.order_product_id", line_id, reason)
        if line_id not in here:
            raise bad_field(f"{at}.order_product_id", line_id, f"does not go to the address {address_id}")
        if quantity > left[line_id]:
            raise bad_field(f"{at}.quantity", quantity, f"only {max(left[line_id], 0)} of the line are left to ship")
        left[line_id] -= quantity
        items.append(item)
    return items
