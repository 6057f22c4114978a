"""Lines of made-up orders, of the made-up catalog's products or of things that are in no catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import msgspec

from sandbox.catalog.facts import Facts
from sandbox.catalog.sketches import variant_labels
from sandbox.exchange import Json
from sandbox.orders import words
from sandbox.orders.blank import BLANK_LINE
from sandbox.orders.money import ONE, amount_text, rounded

EXCHANGE_RATES = {"USD": 1.0, "EUR": 0.9, "JPY": 150.0}


class Shelf(msgspec.Struct, frozen=True):
    """What of the catalog made-up orders are filled with.

    :param physical: products to be sent.
    :param digital: products to be downloaded.
    :param brands: brand names by id.
    """

    physical: Sequence[Facts]
    digital: Sequence[Facts]
    brands: Mapping[int, str]


def shelf_of(products: Sequence[Facts], brands: Mapping[int, str]) -> Shelf:
    """Sort products by how they reach the shopper."""
    physical = [each for each in products if each.type == "physical" and each.variants]
    digital = [each for each in products if each.type == "digital" and each.variants]
    return Shelf(physical, digital, brands)


def product_fields(facts: Facts, number: int, brands: Mapping[int, str]) -> Json:
    """What a line copies from a product and the variant that was chosen.

    :param number: which of the product's variants.
    """
    variant = facts.variants[number]
    return {
        "product_id": facts.id,
        "variant_id": variant.id,
        "name": facts.name,
        "name_customer": facts.name,
        "name_merchant": facts.name,
        "sku": variant.sku,
        "upc": variant.upc,
        "type": facts.type,
        "weight": f"{facts.weight:.4f}",
        "brand": brands.get(facts.brand_id, ""),
    }


def custom_fields(number: int, rng: Random, product_type: str) -> Json:
    """What a line says that is of no product."""
    name = words.CUSTOM_NAMES[int(rng.random() * len(words.CUSTOM_NAMES))]
    sku = f"CUSTOM-{number}" if rng.random() < 0.6 else ""
    names = {"name": name, "name_customer": name, "name_merchant": name}
    return names | {"sku": sku, "type": product_type, "weight": "0.5000"}


def priced(price: int, tax: int, quantity: int) -> Json:
    """A line's amounts from the price of one, without tax, and the tax on it."""
    one, all_of_it = amount_text(price), amount_text(price * quantity)
    total_inc_tax = amount_text((price + tax) * quantity)
    return {
        "base_price": one,
        "price_ex_tax": one,
        "price_inc_tax": amount_text(price + tax),
        "price_tax": amount_text(tax),
        "base_total": all_of_it,
        "total_ex_tax": all_of_it,
        "total_inc_tax": total_inc_tax,
        "total_tax": amount_text(tax * quantity),
        "quantity": quantity,
        "discounted_total_inc_tax": total_inc_tax,
    }


def drawn_line(
    line_id: int, order_id: int, place: str, shelf: Shelf, rng: Random, currency: str, rate: int, *, clean: bool
) -> Json:
    """One line of a made-up order, not yet shipped, discounted or wrapped.

    :param place: where it goes: an address' number, ``p``, ``d`` or ``g``.
    :param rate: tax in hundredths of a percent.
    """
    draw = rng.random
    exchange = EXCHANGE_RATES.get(currency, 1.0)
    options: list[Json] = []
    products = shelf.digital if place == "d" else () if place == "g" else shelf.physical
    if products and (clean or draw() < 0.96):
        facts = products[int(draw() * len(products))]
        number = int(draw() * len(facts.variants))
        fields, base = product_fields(facts, number, shelf.brands), facts.calculated_price
        options = variant_options(facts, number, line_id)
        if not clean and draw() < 0.12:
            options += modifiers(facts, line_id, len(options), rng)
    elif place == "g":
        base = float(10 + 10 * int(draw() * 10))
        name = f"{base:.0f} Gift Certificate"
        fields = {"name": name, "name_customer": name, "name_merchant": name, "type": "giftcertificate"}
        fields |= {"gift_certificate_id": line_id}
    else:
        fields = custom_fields(line_id, rng, "digital" if place == "d" else "physical")
        base = 1 + int(draw() * 300) / 4
    price = max(rounded(base * exchange * ONE, currency), rounded(ONE, currency))
    tax = 0 if place == "g" else rounded(price * rate / 10_000, currency)
    quantity = 1 if place == "g" or draw() < 0.7 else 2 + int(draw() * 4)
    cost = amount_text(rounded(price * 0.45, currency)) if draw() < 0.5 else "0.0000"
    return {
        **BLANK_LINE,
        "id": line_id,
        "order_id": order_id,
        "base_cost_price": cost,
        "cost_price_inc_tax": cost,
        "cost_price_ex_tax": cost,
        **fields,
        **priced(price, tax, quantity),
        "product_options": options,
        "applied_discounts": [],
        "configurable_fields": [],
    }


def variant_options(facts: Facts, number: int, line_id: int) -> list[Json]:
    """The choices that make a variant, as the line shows them; the ids are those of the catalog."""
    options = []
    labels = variant_labels(len(facts.variants))
    for place in range(len(labels) - 1, -1, -1):
        name, values = labels[place]
        number, position = divmod(number, len(values))
        option = _option(
            line_id, place, facts.id * 10 + place, name, values[position][0],
            str(facts.id * 2000 + place * 1000 + position), "Multiple choice",
        )  # fmt: skip
        options.append(option | {"display_style": "Rectangle" if name == "Size" else "Dropdown"})
    return options[::-1]


def modifiers(facts: Facts, line_id: int, place: int, rng: Random) -> list[Json]:
    """What a shopper adds that makes no variant: a text, a tick, a date, a file."""
    upload = {"originalName": "Logo.jpeg", "temporaryPath": f"{line_id}_a.jpeg", "path": f"{line_id}_b.jpeg"}
    drawn = (
        ("Engraving", f"Für shopper-{line_id} ♥", f"Für shopper-{line_id} ♥", "Text field"),
        ("Is this a gift?", "Yes", "104", "Checkbox"),
        ("Delivery day", "24th Dec 2026", "1798070400", "Date field"),
        ("Your logo", "Logo.jpeg", msgspec.json.encode(upload).decode(), "File Upload"),
        ("Card", "Alles Gute\nund bis bald", "Alles Gute\nund bis bald", "Multi-line text field"),
    )
    chosen = rng.sample(drawn, 1 + int(rng.random() * 2))
    return [
        _option(line_id, place + number, facts.id * 10 + 5 + number, name, shown, value, kind)
        for number, (name, shown, value, kind) in enumerate(chosen)
    ]


def _option(line_id: int, place: int, product_option_id: int, name: str, shown: str, value: str, kind: str) -> Json:
    return {
        "id": line_id * 8 + place,
        "option_id": product_option_id,
        "order_product_id": line_id,
        "product_option_id": product_option_id,
        "display_name": name,
        "display_name_customer": name,
        "display_name_merchant": name,
        "display_value": shown,
        "display_value_customer": shown,
        "display_value_merchant": shown,
        "value": value,
        "type": kind,
        "name": name,
        "display_style": "",
    }
