"""Which of a product's variants are a listing's, and what of the product is another than the listing wants."""

from __future__ import annotations

from typing import Any

import pytest

from storekeeper.settings import Follow, PublishListings
from storekeeper.transforms.overwriting import Difference, compare, match_variants


def wanted(master_sku: str, *options: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"master_sku": master_sku, "options": list(options), **more}


def in_store(identity: int, *options: tuple[str, str], **more: Any) -> dict[str, Any]:
    values = [{"option_display_name": name, "label": label} for name, label in options]
    return {"id": identity, "option_values": values, **more}


@pytest.mark.parametrize(
    ("variants", "shown", "known", "found"),
    [
        ([wanted("A")], [in_store(1, sku="B")], {"A": 1}, {"A": 1}),
        ([wanted("A", sku="a")], [in_store(1, sku="B"), in_store(2, sku="A")], {"A": 9}, {"A": 2}),
        ([wanted("A")], [in_store(1, sku="B", upc="A"), in_store(2, sku="C")], {}, {"A": 1}),
        ([wanted("A")], [in_store(1, sku="B", mpn="A"), in_store(2, sku="C")], {}, {"A": 1}),
        ([wanted("A", ("Size", "S"))], [in_store(1, ("SIZE", "s")), in_store(2)], {}, {"A": 1}),
        ([wanted("A", ("Size", "S"))], [in_store(1, ("Size", "S"), sku="B"), in_store(2)], {}, {}),
        ([wanted("A"), wanted("B")], [in_store(1), in_store(2)], {}, {}),
        ([wanted("A")], [in_store(1)], {}, {"A": 1}),
        ([wanted("A")], [in_store(1, sku="B")], {}, {}),
        ([wanted("A")], [in_store(1), in_store(2)], {}, {}),
        ([wanted("A", sku="x"), wanted("B", sku="x")], [in_store(1, sku="x"), in_store(2, sku="y")], {}, {"A": 1}),
    ],
)
def test_a_variant_is_known_by_id_then_identifier_then_options(
    variants: list[Any], shown: list[Any], known: dict[str, int], found: dict[str, int]
) -> None:
    assert match_variants(variants, shown, known) == found


def test_options_count_only_where_they_may() -> None:
    variants, shown = [wanted("A", ("Size", "S"))], [in_store(1, ("Size", "S"))]
    assert match_variants(variants, shown) == {"A": 1}
    assert match_variants(variants, shown, by_options=False) == {}


IDENTIFIERS = {"sku": "A", "upc": "1", "mpn": "2", "gtin": "3"}
OTHERS = {"sku": "B", "upc": "4", "mpn": "5", "gtin": "6"}
PAYLOAD = {"name": "Lamp", "weight": 1, "inventory_tracking": "none"}


def difference(payload: dict[str, Any], variants: list[Any], product: dict[str, Any], **more: Any) -> Difference:
    overwrite = PublishListings().overwrite
    follow = overwrite.model_copy(update=dict.fromkeys(type(overwrite).model_fields, Follow.UPDATE))
    settings = PublishListings(overwrite=follow)
    empty: dict[str, Any] = {"category_ids": (), "brand_ids": (), "images_sent": (), "variant_ids": {}}
    return compare({**PAYLOAD, **payload}, variants, {"id": 1, **product}, settings, **{**empty, **more})


def test_a_simple_product_has_the_identifiers_itself() -> None:
    product = {"weight": 1, "base_variant_id": 10, "variants": [in_store(10, **OTHERS)], **OTHERS}
    found = difference(IDENTIFIERS, [wanted("A", **IDENTIFIERS)], product, variant_ids={"A": 10})
    assert {name: found.fields.get(name) for name in IDENTIFIERS} == IDENTIFIERS
    assert found.variant_fields == {}


def test_of_a_product_with_options_each_variant_has_them() -> None:
    product = {"weight": 1, "base_variant_id": None, "variants": [in_store(10, ("Size", "S"), **OTHERS)]}
    variants = [wanted("A", ("Size", "S"), **IDENTIFIERS)]
    found = difference({"variants": []}, variants, product, variant_ids={"A": 10})
    assert found.variant_fields == {10: IDENTIFIERS}
    assert set(found.fields) & set(IDENTIFIERS) == set()


def test_a_simple_product_that_gets_options_gives_up_its_identifiers_first() -> None:
    product = {
        "weight": 1,
        "base_variant_id": 10,
        "inventory_tracking": "product",
        "variants": [in_store(10)],
        **OTHERS,
    }
    variants = [wanted("A", ("Size", "S")), wanted("B", ("Size", "M"))]
    found = difference({"variants": []}, variants, product)
    assert {name: found.fields.get(name) for name in IDENTIFIERS} == dict.fromkeys(IDENTIFIERS, "")
    assert found.fields["inventory_tracking"] == "none"
    assert found.added_variants == ["A", "B"]
    assert found.shown() == {"fields": found.fields, "added_variants": ["A", "B"]}


def test_what_is_as_it_should_be_makes_no_difference() -> None:
    product = {"weight": 1.0, "base_variant_id": 10, "variants": [in_store(10, **IDENTIFIERS)], **IDENTIFIERS}
    found = difference(IDENTIFIERS, [wanted("A", **IDENTIFIERS)], {"name": "Lamp", **product}, variant_ids={"A": 10})
    assert not found
    assert found.variant_ids == {"A": 10}


def test_a_custom_field_that_is_to_go_becomes_one_that_is_to_come() -> None:
    shown = [{"id": number, "name": f"n{number}", "value": "v"} for number in (3, 1, 2)]
    product = {"weight": 1, "base_variant_id": 10, "variants": [], "custom_fields": shown}
    kept, new = {"name": "n2", "value": "v"}, {"name": "new", "value": "v"}
    found = difference({"custom_fields": [new, kept]}, [], product)
    assert found.fields["custom_fields"] == [{"id": 1, **new}]
    assert found.removed_custom_fields == [3]
    found = difference({"custom_fields": [new, kept]}, [], {**product, "custom_fields": []})
    assert found.fields["custom_fields"] == [new, kept]
    assert found.removed_custom_fields == []
