"""What no column can hold or no reader can follow is one product's problem, never the run's end."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.import_listings import Catalog, read_products

GOOD = '{"id": 2, "name": "Good", "variants": [{"id": 20}]}'
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def read(text: str) -> Catalog:
    return read_products([(1, text), (2, GOOD)])


def the_problem(text: str) -> Problem:
    catalog = read(text)
    (problem,) = catalog.problems
    assert (problem.entity, problem.entity_key, problem.source) == ("product", "1", "product/1")
    assert list(catalog.listings["product_id"]) == [2]
    assert list(catalog.variants["variant_id"]) == [20]
    return problem


def product(**fields: Any) -> str:
    return json.dumps({"id": 1, "name": "Lamp", "variants": [{"id": 10}], **fields})


@pytest.mark.parametrize("amount", ['"NaN"', '"sNaN"', '"-NaN"', '"Infinity"', '"-Infinity"', "1e-20000"])
@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ("price", {"price": "N"}),
        ("weight", {"weight": "N"}),
        ("price of variant 10", {"variants": [{"id": 10, "price": "N"}]}),
    ],
    ids=["price", "weight", "variant"],
)
def test_an_amount_that_no_column_can_hold_is_a_problem(place: str, fields: dict[str, Any], amount: str) -> None:
    problem = the_problem(product(**fields).replace('"N"', amount))
    assert problem.reason == Reason.INVALID_RECORD
    assert f"its {place} must be" in problem.message
    assert amount.strip('"').upper() in problem.message.upper()


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
@pytest.mark.parametrize(
    "fields",
    [
        {"brand_id": "N"},
        {"categories": [5, "N"]},
        {"inventory_level": "N"},
        {"variants": [{"id": "N"}]},
        {"variants": [{"id": 10, "inventory_level": "N"}]},
    ],
    ids=["brand", "category", "stock", "variant", "stock of a variant"],
)
def test_a_whole_number_that_no_column_can_hold_is_a_problem(fields: dict[str, Any], number: int) -> None:
    problem = the_problem(product(**fields).replace('"N"', str(number)))
    assert problem.reason == Reason.INVALID_RECORD
    assert str(number) in problem.message


def test_json_nested_beyond_reason_is_a_problem() -> None:
    the_problem(product(new="N").replace('"N"', "[" * 5_000 + "]" * 5_000))


@pytest.mark.parametrize("field", ["inventory_level", "brand_id", "name", "is_visible"])
def test_a_number_beyond_floats_is_named_with_its_place_and_value(field: str) -> None:
    problem = the_problem(product(**{field: "N"}).replace('"N"', "1e400"))
    assert f"$.{field}`" in problem.message
    assert "1e400" in problem.message


def test_a_wrong_field_is_named_with_its_value_beside_a_number_beyond_floats() -> None:
    problem = the_problem(product(name=7, price="N").replace('"N"', "1e400"))
    assert "$.name` (got 7)" in problem.message


@pytest.mark.parametrize("text", ["[]", "null", "7", '"x"', "{}", "", '{"id": 1', '{"id": 1, "name": "x"} x'])
def test_what_is_no_product_at_all_is_a_problem(text: str) -> None:
    the_problem(text)


WRONG = {
    "null": ("name", "type", "is_visible", "inventory_tracking"),
    "7": ("name", "type", "description", "sku", "upc", "mpn", "is_visible", "images", "custom_fields", "variants"),
    "true": ("name", "price", "weight", "brand_id", "inventory_level", "categories", "images", "sku"),
    '"seven"': ("id", "price", "weight", "brand_id", "inventory_level", "is_visible", "categories", "variants"),
    "[[1]]": ("name", "price", "brand_id", "categories", "images", "custom_fields", "variants", "sku"),
    '{"a": 1}': ("name", "price", "is_visible", "categories", "images", "custom_fields", "variants"),
    "1.5": ("id", "brand_id", "inventory_level", "name", "is_visible"),
}


@pytest.mark.parametrize(("value", "field"), [(value, field) for value, fields in WRONG.items() for field in fields])
def test_a_field_of_a_wrong_type_is_named_with_its_place_and_value(value: str, field: str) -> None:
    problem = the_problem(product(**{field: "N"}).replace('"N"', value))
    assert f"$.{field}" in problem.message
    said = problem.message.partition("(got ")[2].replace(" ", "").replace("'", '"')
    assert said.startswith((value.replace(" ", ""), value[1:-1].replace(" ", "")))


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,40})?([eE][+-]?[0-3])?", fullmatch=True))
@example("0.1")
@example("0.10")
@example("100000000000.1234567890123456789012345678901234567890")
def test_an_amount_is_the_digits_of_the_json_and_never_a_float(digits: str) -> None:
    catalog = read(product(price="N", weight="N", variants=[{"id": 10, "price": "N"}]).replace('"N"', digits))
    if abs(Decimal(digits)) > 10**12:
        assert len(catalog.problems) == 1
        return
    for found in (catalog.listings["price"][0], catalog.listings["weight"][0], catalog.variants["price"][0]):
        assert type(found) is Decimal
        assert found == Decimal(digits)
        assert found.as_tuple().exponent == Decimal(digits).as_tuple().exponent


@settings(max_examples=200, deadline=None)
@given(STORABLE.filter(str.strip), STORABLE, st.booleans())
@example("\\u0000", "\\\\u0000", False)
@example("  灯 🏮 a\u0301 \u200d \u202e <b>&amp;</b> ", "00灯-🏮", True)
def test_text_is_kept_as_the_store_sent_it(name: str, value: str, escaped: bool) -> None:
    sent = {
        "id": 1,
        "name": name,
        "description": value,
        "custom_fields": [{"name": name, "value": value}],
        "variants": [{"id": 10, "sku": "S" + value, "option_values": [{"option_display_name": name, "label": value}]}],
    }
    catalog = read(json.dumps(sent, ensure_ascii=escaped))
    assert catalog.problems == []
    assert (catalog.listings["title"][0], catalog.listings["description"][0]) == (name, value)
    kept = [{"name": name, "value": value}]
    assert json.loads(catalog.listings["custom_fields"][0]) == json.loads(catalog.variants["options"][0]) == kept
    assert catalog.variants["sku"][0] == ("S" + value).strip()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=5), st.text(max_size=5), st.sampled_from(["name", "description", "sku", "type"]))
def test_u_0000_is_one_problem_wherever_it_stands(before: str, after: str, field: str) -> None:
    the_problem(product(**{field: before + "\0" + after}))
