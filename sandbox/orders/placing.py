"""An order placed from without: what was given wins, the rest is plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.exchange import Json, Refusal
from sandbox.orders.blank import BLANK_LINE, BLANK_ORDER
from sandbox.orders.consignments import (
    each_consignment,
    email_consignment,
    empty_consignments,
    pickup_consignment,
    shipping_consignment,
    whole,
)
from sandbox.orders.dates import moment_or_none
from sandbox.orders.lines import priced, product_fields
from sandbox.orders.money import amount_of
from sandbox.orders.record import OrderRecord
from sandbox.orders.shoppers import form_fields, ip_address
from sandbox.orders.statuses import payment_status
from sandbox.orders.totals import settle

if TYPE_CHECKING:
    from sandbox.store import Store

# What a type of product is sent by where the line does not say it, and the type of a line that says only that.
CONSIGNMENTS = {"physical": "shipping", "digital": "download", "giftcertificate": "gift_certificate"}
TYPES = {kind: product_type for product_type, kind in CONSIGNMENTS.items()} | {"pickup": "physical"}
# Members of a placed order that are kept beside its own fields.
BESIDE = frozenset({"lines", "coupons", "messages", "shipments"})


def placed_order(store: Store, given: Json, now: str) -> OrderRecord:
    """The order that ``given`` describes, with ids for it and for its lines.

    :param now: the store's time, for dates that are not given.
    :raises Refusal: a line of an unknown consignment.
    """
    order_id = given["id"] if "id" in given else store.orders.new_id("order")
    customer_id = given.get("customer_id", 1)
    # A guest is known by the order alone.
    shopper = whole(customer_id) or whole(order_id)
    address = _address(shopper)
    currency = given.get("default_currency_code", store.configuration.currency)
    modified = given.get("date_modified", now)
    order: Json = BLANK_ORDER | {
        "id": order_id,
        "customer_id": customer_id,
        # An order is not made after it was changed.
        "date_created": now if moment_or_none(modified) is None else modified,
        "date_modified": modified,
        "payment_status": payment_status(whole(given.get("status_id", 11))),
        "ip_address": ip_address(shopper),
        "geoip_country": address["country"],
        "geoip_country_iso2": address["country_iso2"],
        "currency_code": currency,
        "default_currency_code": currency,
        "store_default_currency_code": store.configuration.currency,
        "billing_address": address | {"form_fields": form_fields(shopper)},
        "fees": [],
    }
    order |= {name: value for name, value in given.items() if name not in BESIDE}
    if "consignments" not in given:
        order["consignments"] = _consignments(store, order["id"], given.get("lines", [{}]), address)
    _number(store, order)
    settle(order, given)
    coupons, messages, shipments = (list(given.get(name) or []) for name in ("coupons", "messages", "shipments"))
    return OrderRecord(order, coupons, messages, shipments)


def _address(shopper: int) -> Json:
    return {
        "first_name": "Jane Shopper",
        "last_name": f"Doe Shopper-{shopper}",
        "company": "",
        "street_1": f"{shopper} Shopper Street",
        "street_2": "",
        "city": "Austin",
        "state": "Texas",
        "zip": "78751",
        "country": "United States",
        "country_iso2": "US",
        "phone": f"555-0100-{shopper:06d}",
        "email": f"shopper-{shopper}@example.com",
    }


def _consignments(store: Store, order_id: int, listed: list[Json], address: Json) -> Json:
    """Consignments of lines that each say where they go: ``consignment``, and for several addresses ``address``."""
    by_place: dict[tuple[str, int], list[Json]] = {}
    for each in listed:
        given = dict(each)
        number = given.pop("address", 1)
        kind = given.pop("consignment", None) or CONSIGNMENTS.get(str(given.get("type")), "shipping")
        if kind not in TYPES:
            raise Refusal(422, f"consignment must be one of {', '.join(TYPES)} (got {kind!r})")
        by_place.setdefault((kind, number if kind == "shipping" else 0), []).append(_line(store, given, TYPES[kind]))
    consignments = empty_consignments()
    for (kind, number), lines in sorted(by_place.items(), key=lambda place: place[0]):
        match kind:
            case "shipping":
                address_id = store.orders.new_id("address")
                quotes = f"/stores/{store.hash}/v2/orders/{order_id}/consignments/shipping/{address_id}/shipping_quotes"
                to = address if number == 1 else address | {"street_2": f"Address {number}"}
                consignments["shipping"].append(shipping_consignment(address_id, to, [], lines, quotes))
            case "pickup":
                consignments["pickups"].append(pickup_consignment(order_id, lines))
            case "download":
                consignments["downloads"].append(email_consignment(address["email"], lines))
            case _:
                consignments["email"]["gift_certificates"].append(email_consignment(address["email"], lines))
    return consignments


def _line(store: Store, given: Json, product_type: str) -> Json:
    quantity = whole(given.get("quantity", 1))
    prices = [amount_of(given[name]) for name in ("price_ex_tax", "base_price", "price_inc_tax") if name in given]
    price = prices[0] if prices else amount_of(10)
    tax = amount_of(given.get("price_tax", 0))
    if "price_inc_tax" in given and "price_tax" not in given:
        tax = amount_of(given["price_inc_tax"]) - price
    names = {name: given["name"] for name in ("name_customer", "name_merchant") if "name" in given}
    lists: Json = {"applied_discounts": [], "product_options": [], "configurable_fields": []}
    known = _product(store, given) if product_type == "physical" else {"name": product_type}
    return BLANK_LINE | lists | known | {"type": product_type} | priced(price, tax, quantity) | names | given


def _product(store: Store, given: Json) -> Json:
    """What the catalog knows of a line's product: of the one it names, or of any if it says nothing of it."""
    indexes = store.catalog.indexes
    product_id, variant_id = given.get("product_id"), given.get("variant_id")
    if variant_id is not None:
        product_id = indexes.product_of_variant.get(variant_id)
    elif product_id is None:
        if {"name", "sku", "upc"} & given.keys() or "variant_id" in given or not indexes.product_ids:
            return {"name": "A thing"}
        product_id = indexes.product_ids[0]
    facts = indexes.facts.get(whole(product_id))
    if facts is None or not facts.variants:
        return {"name": "A thing"}
    number = next((place for place, each in enumerate(facts.variants) if each.id == variant_id), 0)
    brands = {brand_id: brand["name"] for brand_id, brand in store.catalog.brands.items()}
    return product_fields(facts, number, brands)


def _number(store: Store, order: Json) -> None:
    """Give ids to what has none yet, and tell the lines where they go."""
    consignments = order["consignments"]
    shipping = consignments.get("shipping") if isinstance(consignments, dict) else None
    pickups = consignments.get("pickups") if isinstance(consignments, dict) else None
    for consignment in each_consignment(consignments):
        to_address = isinstance(shipping, list) and any(each is consignment for each in shipping)
        picked_up = isinstance(pickups, list) and any(each is consignment for each in pickups)
        if to_address and "id" not in consignment:
            consignment["id"] = store.orders.new_id("address")
        for line in consignment.get("line_items") or ():
            if isinstance(line, dict):
                line["id"] = line.get("id") or store.orders.new_id("line")
                line["order_id"] = line.get("order_id") or order["id"]
                if to_address:
                    line["order_address_id"] = line.get("order_address_id") or consignment["id"]
                if picked_up:
                    line["order_pickup_method_id"] = line.get("order_pickup_method_id") or consignment.get("id")
