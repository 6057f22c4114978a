"""Second half of making up orders: a whole order from its sketch, drawn when somebody asks for it."""

from __future__ import annotations

from random import Random

from sandbox.exchange import Json
from sandbox.orders import words
from sandbox.orders.blank import BLANK_ORDER
from sandbox.orders.consignments import (
    email_consignment,
    empty_consignments,
    lines_of,
    pickup_consignment,
    set_costs,
    shipping_consignment,
)
from sandbox.orders.dates import rfc2822
from sandbox.orders.lines import EXCHANGE_RATES, Shelf, drawn_line
from sandbox.orders.money import ONE, amount_number, amount_of, amount_text, rounded
from sandbox.orders.plan import OrdersPlan
from sandbox.orders.record import OrderRecord
from sandbox.orders.refunds import sketched_refunds, take_back
from sandbox.orders.shipments import ship, shipment
from sandbox.orders.shoppers import address, form_fields, ip_address
from sandbox.orders.sketches import Sketch
from sandbox.orders.statuses import (
    COMPLETED,
    PARTIALLY_REFUNDED,
    PARTIALLY_SHIPPED,
    SHIPPED,
    payment_status,
)
from sandbox.orders.totals import discount_lines, settle

TAX_RATES = {"USD": (0, 600, 825), "EUR": (1900,), "JPY": (1000,)}
CURRENCY_IDS = {"USD": 1, "EUR": 2, "JPY": 3}


def whole_order(sketch: Sketch, plan: OrdersPlan, shelf: Shelf, store_hash: str) -> OrderRecord:
    """The order with all that belongs to it, a function of the four."""
    facts, currency, clean = sketch.facts, sketch.currency, plan.clean
    rng = Random((plan.seed << 40) ^ (facts.id << 8) ^ 5)
    draw = rng.random
    rates = TAX_RATES.get(currency, (0,))
    rate = rates[int(draw() * len(rates))]
    created, modified = facts.created or 0, facts.modified or 0
    lines = _lines(sketch, shelf, rng, rate, clean)
    order = BLANK_ORDER | _own_fields(sketch, plan, rng)
    order["date_created"], order["date_modified"] = rfc2822(created), rfc2822(modified)
    record = OrderRecord(order, [], [], [], f"{rate // 100}.{rate % 100:02d}00")
    order["fees"] = []
    if not clean:
        _wrap(lines, sketch.shopper, rng, currency, rate)
        _discount(record, lines, rng, currency)
        if draw() < 0.06:
            order["fees"] = [_fee(facts.id, number, rng, currency, rate) for number in range(1 + int(draw() * 2))]
    order["consignments"] = _consignments(sketch, lines, order, rng, rate, store_hash, clean=clean)
    settle(order)
    if not clean and draw() < 0.05:
        order["store_credit_amount"] = amount_text(rounded(amount_of(order["total_inc_tax"]) * draw(), currency))
    _ship(record, sketch, created + (modified - created) // 2)
    for refund in sketched_refunds(sketch, order) if sketch.refund_ids else ():
        take_back(record, refund["items"])
    if not clean and draw() < 0.04:
        record.messages.append(_message(sketch, modified))
    return record


def _lines(sketch: Sketch, shelf: Shelf, rng: Random, rate: int, clean: bool) -> list[Json]:
    lines = []
    for number, place in enumerate(sketch.layout):
        line = drawn_line(
            sketch.first_line_id + number, sketch.facts.id, place, shelf, rng, sketch.currency, rate, clean=clean
        )
        lines.append(line)
    # Part of an order can be shipped or refunded only where there is more than one piece.
    partly = sketch.facts.status_id in (PARTIALLY_SHIPPED, PARTIALLY_REFUNDED)
    if partly and len(lines) == 1 and lines[0]["quantity"] == 1:
        for name in ("base", "total_ex", "total_inc", "total", "discounted_total_inc"):
            field = "base_total" if name == "base" else f"{name}_tax"
            lines[0][field] = amount_text(amount_of(lines[0][field]) * 2)
        lines[0]["quantity"] = 2
    return lines


def _own_fields(sketch: Sketch, plan: OrdersPlan, rng: Random) -> Json:
    facts, shopper, draw = sketch.facts, sketch.shopper, rng.random
    billing = address(shopper, 0, rng, plain=plan.clean)
    exchange = EXCHANGE_RATES.get(sketch.currency, 1.0) / EXCHANGE_RATES.get(plan.currency, 1.0)
    currency_id = CURRENCY_IDS.get(sketch.currency, 4)
    manual = not facts.cart_id
    fields = {
        "id": facts.id,
        "customer_id": facts.customer_id,
        "status_id": facts.status_id,
        "payment_method": facts.payment_method,
        "payment_provider_id": f"ch_{facts.id:x}" if facts.payment_method == "Credit Card" else "",
        "payment_status": payment_status(facts.status_id or 0),
        "ip_address": ip_address(shopper),
        "geoip_country": billing["country"],
        "geoip_country_iso2": billing["country_iso2"],
        "currency_id": currency_id,
        "currency_code": sketch.currency,
        "default_currency_id": currency_id,
        "default_currency_code": sketch.currency,
        "store_default_currency_code": plan.currency,
        "store_default_to_transactional_exchange_rate": f"{exchange:.10f}",
        "staff_notes": f"shopper-{shopper} {words.NOTES[int(draw() * len(words.NOTES))]}",
        "customer_message": f"shopper-{shopper}: {words.MESSAGES[int(draw() * len(words.MESSAGES))]}",
        "cart_id": facts.cart_id or None,
        "billing_address": billing | {"form_fields": form_fields(shopper)},
        "is_email_opt_in": draw() < 0.3,
        "order_source": "manual" if manual else words.SOURCES[int(draw() * len(words.SOURCES))],
        "channel_id": facts.channel_id,
        "external_order_id": facts.external_order_id,
        "external_source": "ERP" if facts.external_order_id else None,
        "is_deleted": not plan.clean and draw() < 0.015,
        "customer_locale": "de" if billing["country_iso2"] == "DE" else "en",
    }
    if plan.clean:
        fields |= {"customer_message": f"shopper-{shopper}: thank you", "order_source": "www"}
    return fields


def _wrap(lines: list[Json], shopper: int, rng: Random, currency: str, rate: int) -> None:
    for line in lines:
        if line["type"] == "physical" and rng.random() < 0.04:
            cost = rounded(4 * ONE * EXCHANGE_RATES.get(currency, 1.0), currency)
            tax = rounded(cost * rate / 10_000, currency)
            line |= {
                "wrapping_id": 1,
                "wrapping_name": "Gift wrap ❄",
                "base_wrapping_cost": amount_text(cost),
                "wrapping_cost_ex_tax": amount_text(cost),
                "wrapping_cost_inc_tax": amount_text(cost + tax),
                "wrapping_cost_tax": amount_text(tax),
                "wrapping_message": f"From shopper-{shopper} with love",
            }


def _discount(record: OrderRecord, lines: list[Json], rng: Random, currency: str) -> None:
    order, draw = record.order, rng.random
    subtotal = sum(amount_of(line["total_ex_tax"]) for line in lines)
    if draw() < 0.1:
        percent = draw() < 0.5
        worth = 5 + 5 * int(draw() * 3)
        fixed = rounded(worth * ONE * EXCHANGE_RATES.get(currency, 1.0), currency)
        amount = rounded(subtotal * worth / 100, currency) if percent else min(fixed, subtotal // 2 // ONE * ONE)
        code = f"SAVE{worth}" if percent else f"MINUS{worth}"
        record.coupons.append(
            {
                "id": order["id"] * 3,
                "coupon_id": worth,
                "order_id": order["id"],
                "code": code,
                "amount": amount_text((worth * ONE) if percent else fixed),
                "type": 1 if percent else 2,
                "discount": amount_number(amount),
            }
        )
        order["coupon_discount"] = amount_text(amount)
        name = "percent-coupon" if percent else "total-coupon"
        discount_lines(lines, amount, {"id": name, "name": f"{code} – Rabatt", "code": code, "target": "order"})
    if draw() < 0.05:
        amount = rounded(subtotal * 0.1, currency)
        order["discount_amount"] = amount_text(amount)
        manual = {"id": "manual-discount", "name": "Manual Discount", "code": None, "target": "order"}
        discount_lines(lines, amount, manual)


def _fee(order_id: int, number: int, rng: Random, currency: str, rate: int) -> Json:
    cost = rounded((1 + rng.random() * 9) * ONE * EXCHANGE_RATES.get(currency, 1.0), currency)
    tax = rounded(cost * rate / 10_000, currency)
    return {
        "id": order_id * 3 + number,
        "type": "custom_fee",
        "display_name_customer": "Package Protection Insurance" if number else "Kleinmengenzuschlag",
        "display_name_merchant": "Package Protection Fee" if number else "Small order fee",
        "source": "v2",
        "base_cost": amount_text(cost),
        "cost_ex_tax": amount_text(cost),
        "cost_inc_tax": amount_text(cost + tax),
        "cost_tax": amount_text(tax),
        "tax_class_id": None if number else 0,
    }


def _consignments(
    sketch: Sketch, lines: list[Json], order: Json, rng: Random, rate: int, store_hash: str, *, clean: bool
) -> Json:
    consignments = empty_consignments()
    billing = {name: value for name, value in order["billing_address"].items() if name != "form_fields"}
    order_id, currency, draw = sketch.facts.id, sketch.currency, rng.random
    for number in range(sketch.addresses):
        address_id = sketch.first_address_id + number
        inside = [line for line, place in zip(lines, sketch.layout, strict=True) if place == str(number + 1)]
        for line in inside:
            line["order_address_id"] = address_id
        friend = number or (1 if not clean and draw() < 0.1 else 0)
        to = address(sketch.shopper, friend, rng, plain=clean) if friend else billing
        quotes = f"/stores/{store_hash}/v2/orders/{order_id}/consignments/shipping/{address_id}/shipping_quotes"
        made = shipping_consignment(address_id, to, form_fields(sketch.shopper), inside, quotes)
        method = int(draw() * (2 if clean else len(words.SHIPPING_METHODS)))
        made["shipping_method"] = words.SHIPPING_METHODS[method]
        if method:
            cost = rounded(4.99 * method * ONE * EXCHANGE_RATES.get(currency, 1.0), currency)
            set_costs(made, "cost", cost, rounded(cost * rate / 10_000, currency))
        if not clean and draw() < 0.05:
            cost = rounded(2 * ONE * EXCHANGE_RATES.get(currency, 1.0), currency)
            set_costs(made, "handling_cost", cost, rounded(cost * rate / 10_000, currency))
        consignments["shipping"].append(made)
    by_place = {
        place: [line for line, its in zip(lines, sketch.layout, strict=True) if its == place] for place in "pdg"
    }
    if by_place["p"]:
        consignments["pickups"].append(pickup_consignment(order_id, by_place["p"]))
        for line in by_place["p"]:
            line["order_pickup_method_id"] = order_id
    if by_place["d"]:
        consignments["downloads"].append(email_consignment(billing["email"], by_place["d"]))
    for line in by_place["g"]:
        recipient = f"shopper-{sketch.shopper}-friend-{line['id']}@example.net"
        consignments["email"]["gift_certificates"].append(email_consignment(recipient, [line]))
    return consignments


def _ship(record: OrderRecord, sketch: Sketch, moment: int) -> None:
    status_id, order = sketch.facts.status_id, record.order
    if status_id not in (SHIPPED, COMPLETED, PARTIALLY_SHIPPED):
        return
    wanted = lines_of(order)
    sent = [line for line in wanted if line["order_address_id"]]
    if status_id == PARTIALLY_SHIPPED:
        first = sent[0]
        quantity = first["quantity"] if len(sent) > 1 else first["quantity"] - 1
        parcels = [(first["order_address_id"], [{"order_product_id": first["id"], "quantity": quantity}])]
    else:
        parcels = []
        for number in range(sketch.addresses):
            address_id = sketch.first_address_id + number
            inside = [line for line in sent if line["order_address_id"] == address_id]
            items = [{"order_product_id": line["id"], "quantity": line["quantity"]} for line in inside]
            parcels.append((address_id, items))
    for number, (address_id, items) in enumerate(parcels):
        shipment_id = sketch.first_shipment_id + number
        given = {"tracking_number": f"1Z{shipment_id:09d}", "shipping_provider": ("ups", "usps", "")[shipment_id % 3]}
        if shipment_id % 7 == 0:
            given = {"comments": f"shopper-{sketch.shopper}: handed over in person"}
        ship(record, shipment(shipment_id, order, address_id, items, moment, given))
    # Shipping moved the order to 2 or 3; a completed one went on from there.
    order["status_id"] = status_id


def _message(sketch: Sketch, moment: int) -> Json:
    return {
        "id": sketch.facts.id * 2,
        "order_id": sketch.facts.id,
        "staff_id": 1,
        "customer_id": sketch.facts.customer_id,
        "type": "admin",
        "subject": f"Re: Order #{sketch.facts.id}",
        "message": f"Thank you again, shopper-{sketch.shopper}!",
        "status": "unread",
        "is_flagged": False,
        "date_created": rfc2822(moment),
        "customer": {},
    }
