"""Products as the store sends them become rows, or problems that say what is wrong and where."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from storekeeper.outcomes import Reason
from storekeeper.transforms.import_listings import inherit_identifiers, read_products, select_master_sku


def product(**fields: Any) -> dict[str, Any]:
    return {"id": 1, "name": "Lamp", "price": 1, "variants": [{"id": 10, "sku": "A"}], **fields}


def read(*products: dict[str, Any] | str) -> Any:
    return read_products(
        (number, text if isinstance(text, str) else json.dumps(text)) for number, text in enumerate(products, 1)
    )


def test_money_keeps_the_store_s_digits() -> None:
    catalog = read(
        '{"id": 1, "name": "Lamp", "price": 0.1000, "weight": 12345678901.2345,'
        ' "variants": [{"id": 2, "price": 19.99}]}'
    )
    assert catalog.listings["price"][0] == Decimal("0.1")
    assert str(catalog.listings["weight"][0]) == "12345678901.2345"
    assert catalog.variants["price"][0] == Decimal("19.99")


@pytest.mark.parametrize(
    ("fields", "reason", "said"),
    [
        ({"name": None}, Reason.INVALID_RECORD, "$.name` (got null)"),
        ({"name": 7}, Reason.INVALID_RECORD, "$.name` (got 7)"),
        ({"name": "  "}, Reason.INVALID_RECORD, "its name is blank"),
        ({"price": "cheap"}, Reason.INVALID_RECORD, "$.price"),
        ({"price": "NaN"}, Reason.INVALID_RECORD, "its price must be within"),
        ({"weight": "sNaN"}, Reason.INVALID_RECORD, "its weight must be within"),
        ({"price": 10**13}, Reason.INVALID_RECORD, "its price must be within"),
        ({"price": -(10**13)}, Reason.INVALID_RECORD, "its price must be within"),
        ({"variants": [{"id": 10, "price": 10**13}]}, Reason.INVALID_RECORD, "its price of variant 10"),
        ({"variants": []}, Reason.INVALID_RECORD, "no variants"),
        ({"variants": None}, Reason.INVALID_RECORD, "no variants"),
        ({"variants": [{"id": None}]}, Reason.INVALID_RECORD, "$.variants[0].id` (got null)"),
        ({"variants": [{"id": 10}, {"id": "x"}]}, Reason.INVALID_RECORD, "$.variants[1].id` (got 'x')"),
        ({"type": "service"}, Reason.INVALID_RECORD, "physical or digital (got 'service')"),
        ({"is_visible": "yes"}, Reason.INVALID_RECORD, "$.is_visible` (got 'yes')"),
        ({"categories": ["Lamps"]}, Reason.INVALID_RECORD, "$.categories[0]"),
        ({"custom_fields": [{"name": None, "value": "v"}]}, Reason.INVALID_RECORD, "$.custom_fields[0].name"),
        ({"description": "a\x00b"}, Reason.UNSTORABLE_TEXT, "U+0000"),
    ],
)
def test_what_cannot_be_read_is_one_problem_and_the_others_come_in(
    fields: dict[str, Any], reason: Reason, said: str
) -> None:
    catalog = read(product(**fields), product(id=2, variants=[{"id": 20}]))
    (problem,) = catalog.problems
    assert (problem.entity, problem.entity_key, problem.reason) == ("product", "1", reason)
    assert said in problem.message
    assert list(catalog.listings["product_id"]) == [2]
    assert list(catalog.variants["variant_id"]) == [20]


@pytest.mark.parametrize("price", ["1e400", "-1e400", "1e13"])
def test_a_price_beyond_reason_is_a_problem(price: str) -> None:
    catalog = read(f'{{"id": 1, "name": "Lamp", "price": {price}, "variants": [{{"id": 2}}]}}')
    assert [problem.reason for problem in catalog.problems] == [Reason.INVALID_RECORD]


def test_a_lone_surrogate_is_a_problem() -> None:
    catalog = read('{"id": 1, "name": "a\\ud800b", "price": 1, "variants": [{"id": 2}]}')
    assert [problem.reason for problem in catalog.problems] == [Reason.UNSTORABLE_TEXT]


def test_an_escaped_backslash_before_u0000_is_ordinary_text() -> None:
    catalog = read(product(description="C:\\u0000"))
    assert catalog.problems == []


def test_images_come_in_the_store_s_order_and_fields_by_id() -> None:
    images = [
        {"id": 3, "sort_order": 1, "url_zoom": "https://i/c"},
        {"id": 2, "sort_order": 0, "url_zoom": "", "url_standard": "https://i/b"},
        {"id": 1, "sort_order": 1, "url_zoom": "https://i/a"},
        {"id": 4, "sort_order": 2, "url_zoom": ""},
    ]
    custom_fields = [{"id": 9, "name": "b", "value": "2"}, {"id": 3, "name": "a", "value": "1"}]
    catalog = read(product(images=images, custom_fields=custom_fields))
    assert catalog.listings["images"][0] == ["https://i/b", "https://i/a", "https://i/c"]
    assert json.loads(catalog.listings["custom_fields"][0]) == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": "2"},
    ]


def test_an_only_variant_takes_the_product_s_identifiers_where_its_own_are_blank() -> None:
    catalog = read(
        product(sku=" P ", upc="000123", mpn="", variants=[{"id": 10, "sku": " ", "upc": "", "mpn": "own"}]),
        product(id=2, sku="Q", variants=[{"id": 20, "sku": ""}, {"id": 21, "sku": " R "}]),
    )
    rows = inherit_identifiers(catalog.variants)
    assert rows[["variant_id", "sku", "upc", "mpn"]].values.tolist() == [
        [10, "P", "000123", "own"],
        [20, None, None, None],
        [21, "R", None, None],
    ]
    chosen = select_master_sku(rows, "sku")
    assert list(chosen.rows["master_sku"]) == ["P", None, "R"]
    assert [(problem.entity_key, problem.source) for problem in chosen.problems] == [("20", "product/2/variant/20")]


def test_nothing_is_read_as_nothing() -> None:
    catalog = read()
    assert (len(catalog.listings), len(catalog.variants), catalog.problems) == (0, 0, [])
    assert select_master_sku(inherit_identifiers(catalog.variants), "upc").problems == []
