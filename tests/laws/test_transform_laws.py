"""Laws that hold for any catalog."""

from __future__ import annotations

import json
import unicodedata
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from storekeeper.bigcommerce.paging import IdRange
from storekeeper.operations.stretches import cut
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


@given(catalogs())
def test_every_product_is_either_read_or_explained(catalog: list[dict[str, Any]]) -> None:
    read = read_products(payloads(catalog))
    explained = [int(problem.entity_key) for problem in read.problems]
    assert sorted([*read.listings["product_id"], *explained]) == sorted(product["id"] for product in catalog)
    assert set(read.variants["product_id"]) == set(read.listings["product_id"])


@given(catalogs(), st.sampled_from(IDENTIFIERS))
def test_every_variant_has_a_master_sku_or_a_problem(catalog: list[dict[str, Any]], field: str) -> None:
    variants = inherit_identifiers(read_products(payloads(catalog)).variants)
    chosen = select_master_sku(variants, field)
    assert list(chosen.rows["variant_id"]) == list(variants["variant_id"])
    named = chosen.rows[chosen.rows["master_sku"].notna()]
    assert len(named) + len(chosen.problems) == len(variants)
    assert all(sku == sku.strip() != "" for sku in named["master_sku"])


@given(catalogs(), st.sampled_from(IDENTIFIERS))
def test_a_master_sku_is_the_field_itself_and_nothing_else_changes(catalog: list[dict[str, Any]], field: str) -> None:
    variants = inherit_identifiers(read_products(payloads(catalog)).variants)
    chosen = select_master_sku(variants, field)
    assert chosen.rows["master_sku"].tolist() == variants[field].tolist()
    assert chosen.rows.drop(columns="master_sku").equals(variants)
    missing = chosen.rows[chosen.rows["master_sku"].isna()]
    assert [problem.entity_key for problem in chosen.problems] == [str(number) for number in missing["variant_id"]]


@given(catalogs())
def test_only_an_only_variant_inherits_and_only_what_it_has_not_itself(catalog: list[dict[str, Any]]) -> None:
    def kept(value: str | None) -> str | None:
        visible = any(unicodedata.category(each) not in ("Cc", "Cf", "Zs", "Zl", "Zp") for each in value or "")
        return value.strip() if value and visible else None

    rows = inherit_identifiers(read_products(payloads(catalog)).variants)
    sent = {variant["id"]: (product, variant) for product in catalog for variant in product["variants"]}
    for row in rows.to_dict("records"):
        product, variant = sent[row["variant_id"]]
        inherited = product if len(product["variants"]) == 1 else {}
        for field in IDENTIFIERS:
            assert row[field] == (kept(variant[field]) or kept(inherited.get(field)))


@given(catalogs(), st.sampled_from(IDENTIFIERS))
def test_choosing_twice_changes_nothing(catalog: list[dict[str, Any]], field: str) -> None:
    once = inherit_identifiers(read_products(payloads(catalog)).variants)
    assert inherit_identifiers(once).equals(once)
    chosen = select_master_sku(once, field)
    assert select_master_sku(chosen.rows, field).rows.equals(chosen.rows)


@given(catalogs(), st.randoms())
def test_the_order_of_products_changes_only_the_order_of_rows(catalog: list[dict[str, Any]], random: Any) -> None:
    def rows(products: list[dict[str, Any]]) -> list[list[Any]]:
        return sorted(
            inherit_identifiers(read_products(payloads(products)).variants).values.tolist(), key=lambda row: row[0]
        )

    shuffled = list(catalog)
    random.shuffle(shuffled)
    assert rows(shuffled) == rows(catalog)


@given(st.decimals(min_value=0, max_value=10**11, places=6))
def test_a_price_is_the_store_s_own_digits(price: Decimal) -> None:
    text = f'{{"id": 1, "name": "x", "price": {price:f}, "variants": [{{"id": 2, "price": {price:f}}}]}}'
    read = read_products([(1, text)])
    assert read.listings["price"][0] == price == read.variants["price"][0]


@given(
    st.integers(0, 60),
    st.one_of(st.none(), st.integers(1, 60)),
    st.lists(st.integers(-5, 130), max_size=6),
)
def test_a_cut_catalog_has_each_id_in_exactly_one_part(after: int, length: int | None, cuts: list[int]) -> None:
    before = None if length is None else after + length
    parts = cut(IdRange(after, before), cuts)
    for identity in range(after + 1, before if before is not None else after + 80):
        holders = [part for part in parts if part.after < identity and (part.before is None or identity < part.before)]
        assert len(holders) == 1
