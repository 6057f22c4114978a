"""Shoppers and where they live; what is somebody's own says ``shopper`` and mostly the number.

Mail domains, telephone numbers and the network they come from are those set aside for documentation.
"""

from __future__ import annotations

from random import Random

from sandbox.exchange import Json
from sandbox.orders import words


def address(shopper: int, friend: int, rng: Random, *, plain: bool) -> Json:
    """A billing or shipping address.

    :param shopper: the shopper's number.
    :param friend: 0 for the shopper, k for the k-th of those who get a present.
    :param plain: ASCII names alone.
    """
    draw = rng.random
    first, last = (words.PLAIN_NAMES, ("Smith",)) if plain else (words.FIRST_NAMES, words.LAST_NAMES)
    place = words.PLACES[0 if plain else int(draw() * len(words.PLACES))]
    street, city, state, postal_code, country, code = place
    suffix = f"-friend-{friend}" if friend else ""
    return {
        "first_name": f"{first[int(draw() * len(first))]} Shopper",
        "last_name": f"{last[int(draw() * len(last))]} Shopper-{shopper}{suffix}",
        "company": "" if plain else words.COMPANIES[int(draw() * len(words.COMPANIES))],
        "street_1": street.format(shopper),
        "street_2": "" if plain or draw() < 0.8 else f"c/o Shopper-{shopper}",
        "city": city,
        "state": state,
        "zip": postal_code,
        "country": country,
        "country_iso2": code,
        "phone": f"555-01{shopper % 100:02d}-{shopper:06d}",
        "email": f"shopper-{shopper}{suffix}@{'example.net' if friend else email_domain(shopper)}",
    }


def email_domain(shopper: int) -> str:
    """The domain of a shopper's mail."""
    return "example.com" if shopper % 4 else "example.net"


def email(shopper: int) -> str:
    """A shopper's mail address."""
    return f"shopper-{shopper}@{email_domain(shopper)}"


def ip_address(shopper: int) -> str:
    """The address a shopper comes from."""
    return f"203.0.113.{shopper % 254 + 1}"


def form_fields(shopper: int) -> list[Json]:
    """What a shopper filled in at checkout."""
    return [
        {"name": "Delivery Instructions", "value": f"shopper-{shopper}: leave in backyard"},
        {"name": "Loyalty number", "value": f"shopper-{shopper}-loyal"},
    ]
