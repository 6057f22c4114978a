"""Laws that hold for any catalog."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from storekeeper.bigcommerce.paging import IdRange
from storekeeper.operations.catalog_pull import _cut
from storekeeper.transforms.import_listings import IDENTIFIERS, inherit_identifiers, read_products, select_master_sku

identifiers = st.one_of(st.none(), st.sampled_from(["", "  ", "0007", " a ", "A"]), st.text(max_size=8))
amounts = st.one_of(st.none(), st.decimals(min_value=0, max_value=10**9, places=4))


@st.composite
def catalogs(draw: st.DrawFn) -> list[dict[str, Any]]:
    numbers = iter(range(100, 10_000))

    def identified(**more: Any) -> dict[str, Any]:
        return {"id": next(numbers), **{field: draw(identifiers) for field in IDENTIFIERS}, **more}

    return [
        identified(
            name=draw(st.one_of(st.none(), st.text(max_size=12))),
            price=draw(amounts),
            variants=[identified(price=draw(amounts)) for _ in range(draw(st.integers(0, 3)))],
        )
        for _ in range(draw(st.integers(0, 6)))
    ]


def payloads(catalog: list[dict[str, Any]]) -> list[tuple[int, str]]:
    def digits(value: Any) -> Any:
        return float(value) if isinstance(value, Decimal) else value

    return [
        (
            product["id"],
            json.dumps(
                product
                | {"price": digits(product["price"])}
                | {"variants": [variant | {"price": digits(variant["price"])} for variant in product["variants"]]}
            ),
        )
        for product in catalog
    ]


@settings(deadline=None)
@given(catalogs())
def test_every_product_is_either_read_or_explained(catalog: list[dict[str, Any]]) -> None:
    read = read_products(payloads(catalog))
    explained = [int(problem.entity_key) for problem in read.problems]
    assert sorted([*read.listings["product_id"], *explained]) == sorted(product["id"] for product in catalog)
    assert set(read.variants["product_id"]) == set(read.listings["product_id"])


@settings(deadline=None)
@given(catalogs(), st.sampled_from(IDENTIFIERS))
def test_every_variant_has_a_master_sku_or_a_problem(catalog: list[dict[str, Any]], field: str) -> None:
    variants = inherit_identifiers(read_products(payloads(catalog)).variants)
    chosen = select_master_sku(variants, field)
    assert list(chosen.rows["variant_id"]) == list(variants["variant_id"])
    named = chosen.rows[chosen.rows["master_sku"].notna()]
    assert len(named) + len(chosen.problems) == len(variants)
    assert all(sku == sku.strip() != "" for sku in named["master_sku"])


@settings(deadline=None)
@given(catalogs(), st.sampled_from(IDENTIFIERS))
def test_choosing_twice_changes_nothing(catalog: list[dict[str, Any]], field: str) -> None:
    once = inherit_identifiers(read_products(payloads(catalog)).variants)
    assert inherit_identifiers(once).equals(once)
    chosen = select_master_sku(once, field)
    assert select_master_sku(chosen.rows, field).rows.equals(chosen.rows)


@settings(deadline=None)
@given(catalogs(), st.randoms())
def test_the_order_of_products_changes_only_the_order_of_rows(catalog: list[dict[str, Any]], random: Any) -> None:
    def rows(products: list[dict[str, Any]]) -> list[list[Any]]:
        return sorted(
            inherit_identifiers(read_products(payloads(products)).variants).values.tolist(), key=lambda row: row[0]
        )

    shuffled = list(catalog)
    random.shuffle(shuffled)
    assert rows(shuffled) == rows(catalog)


@settings(deadline=None)
@given(st.decimals(min_value=0, max_value=10**11, places=6))
def test_a_price_is_the_store_s_own_digits(price: Decimal) -> None:
    text = f'{{"id": 1, "name": "x", "price": {price:f}, "variants": [{{"id": 2, "price": {price:f}}}]}}'
    read = read_products([(1, text)])
    assert read.listings["price"][0] == price == read.variants["price"][0]


WRONG = {
    "null": ("name", "type", "is_visible", "inventory_tracking"),
    "7": ("name", "type", "description", "sku", "upc", "mpn", "is_visible", "images", "custom_fields", "variants"),
    "true": ("name", "price", "weight", "brand_id", "inventory_level", "categories", "images", "sku"),
    '"seven"': ("id", "price", "weight", "brand_id", "inventory_level", "is_visible", "categories", "variants"),
    "[[1]]": ("name", "price", "brand_id", "categories", "images", "custom_fields", "variants", "sku"),
    '{"a": 1}': ("name", "price", "is_visible", "categories", "images", "custom_fields", "variants"),
    "1.5": ("id", "brand_id", "inventory_level", "name", "is_visible"),
}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([(value, field) for value, fields in WRONG.items() for field in fields]), st.booleans())
def test_a_field_of_a_wrong_type_is_one_problem_that_names_place_and_value(wrong: tuple[str, str], last: bool) -> None:
    value, field = wrong
    fields = {"id": "1", "name": '"x"', "variants": '[{"id": 2}]'} | {field: value}
    bad = (1, "{" + ", ".join(f'"{name}": {given}' for name, given in fields.items()) + "}")
    good = (3, '{"id": 3, "name": "y", "variants": [{"id": 4}]}')
    read = read_products([good, bad] if last else [bad, good])
    (problem,) = read.problems
    assert (problem.entity, problem.entity_key, problem.source) == ("product", "1", "product/1")
    assert f"$.{field}" in problem.message
    said = problem.message.partition("(got ")[2].replace(" ", "").replace("'", '"')
    assert said.startswith((value.replace(" ", ""), value[1:-1].replace(" ", "")))
    assert list(read.listings["product_id"]) == [3]


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,40})?([eE][+-]?[0-3])?", fullmatch=True))
@example("0.1")
@example("0.10")
@example("100000000000.1234567890123456789012345678901234567890")
def test_an_amount_is_the_digits_of_the_json_and_never_a_float(digits: str) -> None:
    text = (
        f'{{"id": 1, "name": "x", "price": {digits}, "weight": {digits}, "variants": [{{"id": 2, "price": {digits}}}]}}'
    )
    read = read_products([(1, text)])
    if abs(Decimal(digits)) > 10**12:
        assert len(read.problems) == 1
        return
    for found in (read.listings["price"][0], read.listings["weight"][0], read.variants["price"][0]):
        assert type(found) is Decimal
        assert found == Decimal(digits)
        assert found.as_tuple().exponent == Decimal(digits).as_tuple().exponent


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30).filter(str.strip),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    st.booleans(),
)
@example("\\u0000", "\\\\u0000", False)
def test_text_is_kept_as_the_store_sent_it(name: str, value: str, escaped: bool) -> None:
    product = {
        "id": 1,
        "name": name,
        "description": value,
        "custom_fields": [{"name": name, "value": value}],
        "variants": [
            {"id": 2, "sku": value, "option_values": [{"option_display_name": name, "label": value}]},
        ],
    }
    read = read_products([(1, json.dumps(product, ensure_ascii=escaped))])
    assert read.problems == []
    assert (read.listings["title"][0], read.listings["description"][0]) == (name, value)
    kept = [{"name": name, "value": value}]
    assert json.loads(read.listings["custom_fields"][0]) == json.loads(read.variants["options"][0]) == kept
    assert read.variants["sku"][0] == (value.strip() or None)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=5), st.text(max_size=5), st.sampled_from(["name", "description", "sku", "type"]))
def test_u_0000_is_one_problem_wherever_it_stands(before: str, after: str, field: str) -> None:
    told = before + "\0" + after
    product = {"id": 1, "name": "x", "variants": [{"id": 2}]} | {field: told}
    read = read_products([(1, json.dumps(product))])
    assert len(read.problems) == 1
    assert len(read.listings) == 0


@settings(deadline=None)
@given(catalogs())
def test_an_identifier_of_its_own_is_never_replaced_and_only_the_only_variant_inherits(
    catalog: list[dict[str, Any]],
) -> None:
    read = read_products(payloads(catalog)).variants
    rows = inherit_identifiers(read)
    assert list(rows["variant_id"]) == list(read["variant_id"])
    for before, after in zip(read.to_dict("records"), rows.to_dict("records"), strict=True):
        for field in IDENTIFIERS:
            expected = before[field] or (before[f"product_{field}"] if before["only"] else None)
            assert after[field] == expected


@settings(deadline=None)
@given(
    st.integers(0, 60),
    st.one_of(st.none(), st.integers(1, 60)),
    st.lists(st.integers(-5, 130), max_size=6),
)
def test_a_cut_catalog_has_each_id_in_exactly_one_part(after: int, length: int | None, cuts: list[int]) -> None:
    before = None if length is None else after + length
    parts = _cut(IdRange(after, before), cuts)
    for identity in range(after + 1, before if before is not None else after + 80):
        holders = [part for part in parts if part.after < identity and (part.before is None or identity < part.before)]
        assert len(holders) == 1
