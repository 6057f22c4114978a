"""What keeps a listing from being published: the last value that the store takes, and the first that it does not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from storekeeper.outcomes import Reason
from storekeeper.settings import MasterSku, PublishListings
from storekeeper.transforms.publish_listings import Draft, prepare

VARIANT = {"master_sku": "V", "price": 5}
LISTING = {"title": "Lamp", "weight": 1, "categories": ["Lamps"]}


def found(variant: dict[str, Any], min_price: str = "0", **listing: Any) -> list[tuple[Reason, str, str, str]]:
    """Reason, entity, key and source of all that is wrong with a listing of one variant."""
    content = {**LISTING, "variants": [{**VARIANT, **variant}], **listing}
    draft = Draft("L", "publish", "1", None, json.dumps(content))
    prepared = prepare([draft], PublishListings(), MasterSku.SKU, Decimal(min_price))
    assert bool(prepared.rows) is not bool(prepared.problems)
    return [(each.reason, each.entity, each.entity_key, each.source) for each in prepared.problems]


def sized(count: int, options: int = 0) -> list[dict[str, Any]]:
    def of(number: int) -> list[dict[str, Any]]:
        return [
            {"name": "Size", "value": str(number % (options or count))},
            {"name": "No", "value": str(number // 250)},
        ]

    return [{"master_sku": f"V{number}", "price": 5, "options": of(number)} for number in range(count)]


@pytest.mark.parametrize(
    "listing",
    [
        {"title": "x" * 250},
        {"brand": "x" * 255},
        {"categories": ["x" * 50 + " > " + "y" * 50]},
        {"categories": [f"C{number}" for number in range(1000)]},
        {"images": [f"https://example.com/{number}" for number in range(1000)]},
        {"custom_fields": [{"name": str(number), "value": "x"} for number in range(200)]},
        {"weight": 0},
        {"weight": 9_999_999_999},
        {"weight": None, "type": "digital"},
        {"variants": sized(600, 250)},
        {"variants": [{**VARIANT, "options": [{"name": "n" * 255, "value": "v" * 255}]}]},
    ],
)
def test_the_last_listing_that_the_store_takes(listing: dict[str, Any]) -> None:
    assert found({}, **listing) == []


@pytest.mark.parametrize(
    ("listing", "reason", "place"),
    [
        ({"title": " "}, Reason.MISSING_NAME, "title"),
        ({"title": None}, Reason.MISSING_NAME, "title"),
        ({"title": "x" * 251}, Reason.VALUE_TOO_LONG, "title"),
        ({"brand": "x" * 256}, Reason.VALUE_TOO_LONG, "brand"),
        ({"categories": ["x" * 51]}, Reason.VALUE_TOO_LONG, "categories"),
        ({"categories": ["Lamps > "]}, Reason.UNKNOWN_CATEGORY, "categories"),
        ({"categories": []}, Reason.MISSING_CATEGORY, "categories"),
        ({"categories": [f"C{number}" for number in range(1001)]}, Reason.TOO_MANY, "categories"),
        ({"images": [f"https://example.com/{number}" for number in range(1001)]}, Reason.TOO_MANY, "images"),
        ({"images": ["https://example.com/", "ftp://x"]}, Reason.INVALID_IMAGE, "images/1"),
        (
            {"custom_fields": [{"name": str(number), "value": "x"} for number in range(201)]},
            Reason.TOO_MANY,
            "custom_fields",
        ),
        ({"weight": None}, Reason.MISSING_WEIGHT, "weight"),
        ({"weight": -0.01}, Reason.MISSING_WEIGHT, "weight"),
        ({"weight": 10_000_000_000}, Reason.MISSING_WEIGHT, "weight"),
        ({"variants": []}, Reason.MISSING_VARIANTS, "variants"),
        ({"variants": sized(601, 250)}, Reason.TOO_MANY, "variants"),
        ({"variants": sized(251)}, Reason.TOO_MANY, "options/Size"),
    ],
)
def test_the_first_listing_that_it_does_not(listing: dict[str, Any], reason: Reason, place: str) -> None:
    assert found({}, **listing) == [(reason, "listing", "L", f"listing/L/{place}")]


@pytest.mark.parametrize("fields", ["x", ["x"], [{"name": 1, "value": "x"}], [{"name": "n", "value": True}], [{}]])
def test_attributes_are_names_with_values(fields: Any) -> None:
    assert found({}, custom_fields=fields) == [(Reason.INVALID_RECORD, "listing", "L", "custom_field/0")]


@pytest.mark.parametrize(
    "variant",
    [
        {"sku": "x" * 255, "upc": "1" * 14, "gtin": "1" * 14},
        {"price": 0},
        {"price": 999_999_999_999.99, "sale_price": 0, "cost_price": 1, "retail_price": 999_999_999_999},
        {"weight": 9_999_999_999},
        {"weight": 0},
    ],
)
def test_the_last_variant_that_the_store_takes(variant: dict[str, Any]) -> None:
    assert found(variant) == []


@pytest.mark.parametrize(
    ("variant", "reason", "place"),
    [
        ({"sku": "x" * 256}, Reason.VALUE_TOO_LONG, "V/sku"),
        ({"upc": "1" * 15}, Reason.VALUE_TOO_LONG, "V/upc"),
        ({"gtin": "1" * 15}, Reason.VALUE_TOO_LONG, "V/gtin"),
        ({"price": None}, Reason.MISSING_PRICE, "V"),
        ({"price": -0.01}, Reason.INVALID_PRICE, "V/price"),
        ({"price": 10**12}, Reason.INVALID_PRICE, "V/price"),
        ({"sale_price": 10**12}, Reason.INVALID_PRICE, "V/sale_price"),
        ({"cost_price": -1}, Reason.INVALID_PRICE, "V/cost_price"),
        ({"retail_price": -1}, Reason.INVALID_PRICE, "V/retail_price"),
        ({"weight": -1}, Reason.MISSING_WEIGHT, "V"),
        ({"weight": 10_000_000_000}, Reason.MISSING_WEIGHT, "V"),
        ({"options": [{"name": "Size", "value": " "}]}, Reason.INVALID_OPTIONS, "V"),
        ({"options": [{"name": "n" * 256, "value": "v"}]}, Reason.VALUE_TOO_LONG, f"V/option '{'n' * 60}...'"),
        ({"options": [{"name": "n", "value": "v" * 256}]}, Reason.VALUE_TOO_LONG, "V/option 'n'"),
        (
            {"options": [{"name": "Size", "value": "S"}, {"name": "SIZE", "value": "M"}]},
            Reason.INVALID_OPTIONS,
            "V",
        ),
    ],
)
def test_the_first_variant_that_it_does_not(variant: dict[str, Any], reason: Reason, place: str) -> None:
    assert found(variant) == [(reason, "variant", "V", f"listing/L/{place}")]


def test_the_minimum_price_itself_is_high_enough() -> None:
    assert found({"price": 5}, min_price="5") == []
    assert found({"price": 4.99}, min_price="5") == [(Reason.PRICE_BELOW_MINIMUM, "variant", "V", "listing/L/V")]


def test_a_sku_is_taken_once_whatever_its_letter_case() -> None:
    variants = [
        {**VARIANT, "master_sku": key, "sku": sku, "options": [{"name": "Size", "value": key}]}
        for key, sku in (("A", "x"), ("B", "X"), ("C", "y"))
    ]
    assert found({}, variants=variants) == [
        (Reason.DUPLICATE_SKU, "variant", key, f"listing/L/{key}") for key in ("A", "B")
    ]


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ([[("Size", "S")], [("Size", "M")]], []),
        ([[("Size", "S")], [("Size", "s")]], ["V1"]),
        ([[("Size", "S")], []], ["V1"]),
        ([[], [("Size", "S")]], ["V0"]),
        ([[], []], ["V0", "V1"]),
        ([[("Size", "S")], [("Color", "S")]], ["V1"]),
    ],
)
def test_options_tell_a_listing_s_variants_apart(options: list[list[tuple[str, str]]], wrong: list[str]) -> None:
    variants = [
        {
            "master_sku": f"V{number}",
            "price": 5,
            "options": [{"name": name, "value": value} for name, value in chosen],
        }
        for number, chosen in enumerate(options)
    ]
    problems = found({}, variants=variants)
    assert problems == [(Reason.INVALID_OPTIONS, "variant", key, f"listing/L/{key}") for key in wrong]
