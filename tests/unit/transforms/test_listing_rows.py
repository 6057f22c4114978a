"""What a product's row holds where the store says little or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storekeeper.transforms.import_listings import LISTING_COLUMNS, VARIANT_COLUMNS, inherit_identifiers, read_products
from storekeeper.transforms.import_listings import select_master_sku as select

BARE = {"id": 1, "name": "Lamp", "variants": [{"id": 10}]}


def row(**fields: Any) -> dict[str, Any]:
    return read_products([(1, json.dumps(BARE | fields))]).listings.iloc[0].to_dict()


def test_a_bare_product_has_every_column() -> None:
    assert row() == {
        "product_id": 1,
        "title": "Lamp",
        "description": "",
        "type": "physical",
        "weight": None,
        "price": None,
        "brand_id": None,
        "category_ids": [],
        "images": [],
        "custom_fields": "[]",
        "visible": True,
        "inventory_tracking": "none",
        "inventory_level": 0,
        "variants": 1,
    }


def test_a_null_is_as_good_as_nothing_where_the_store_may_send_one() -> None:
    nullable = ("description", "price", "weight", "brand_id", "categories", "images", "custom_fields", "sku", "upc")
    assert row(**dict.fromkeys(nullable), inventory_level=None) == row()


def test_brand_0_is_no_brand() -> None:
    assert row(brand_id=0)["brand_id"] is None
    assert row(brand_id=7)["brand_id"] == 7


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1])
def test_a_large_id_is_never_a_float(number: int) -> None:
    catalog = read_products([(number, json.dumps(BARE | {"id": number, "brand_id": number}))])
    assert (catalog.listings["product_id"][0], catalog.listings["brand_id"][0]) == (number, number)
    assert type(catalog.variants["product_id"][0]) is int


def test_the_columns_are_those_that_staging_takes() -> None:
    catalog = read_products([(1, json.dumps(BARE))])
    assert tuple(catalog.listings.columns) == LISTING_COLUMNS
    assert set(VARIANT_COLUMNS) <= set(select(inherit_identifiers(catalog.variants), "sku").rows.columns)
