"""The made-up catalog: the same for the same seed, and as odd as an old store's."""

from __future__ import annotations

from collections import Counter

import pytest

from sandbox.catalog.details import whole_product
from sandbox.catalog.facts import facts_of
from sandbox.catalog.plan import Plan
from sandbox.catalog.sketches import sketches
from sandbox.exchange import Json
from sandbox.process import SandboxProcess


def catalog(**plan: object) -> list[Json]:
    made = Plan(**plan)  # type: ignore[arg-type]
    return [whole_product(facts, made.seed) for facts in sketches(made)]


@pytest.fixture(scope="module")
def mixed() -> list[Json]:
    return catalog(products=1000)


def test_two_stores_with_one_seed_are_equal() -> None:
    with SandboxProcess(products=120, seed=3) as one, SandboxProcess(products=120, seed=3) as other:
        assert one.dump() == other.dump()


def test_another_seed_is_another_catalog() -> None:
    assert catalog(products=20, seed=1) != catalog(products=20, seed=2)


def test_the_facts_of_a_product_are_those_it_was_made_of() -> None:
    plan = Plan(products=300)
    for facts in sketches(plan):
        assert facts_of(whole_product(facts, plan.seed)) == facts


def test_ids_ascend_with_gaps(mixed: list[Json]) -> None:
    ids = [each["id"] for each in mixed]
    assert ids == sorted(set(ids))
    assert ids[-1] - ids[0] > len(ids)
    created = [each["date_created"] for each in mixed]
    assert created == sorted(created)
    assert (created[0][:4], created[-1][:7]) == ("2024", "2025-12")


def test_a_simple_product_names_its_base_variant(mixed: list[Json]) -> None:
    for product in mixed:
        simple = len(product["variants"]) == 1
        assert product["base_variant_id"] == (product["variants"][0]["id"] if simple else None)
        for variant in product["variants"]:
            assert bool(variant["option_values"]) is not simple
            assert (variant["sku_id"] is None) is simple
    assert 0.5 < sum(each["base_variant_id"] is not None for each in mixed) / len(mixed) < 0.7


def test_some_variants_inherit_their_price(mixed: list[Json]) -> None:
    prices = [variant["price"] for product in mixed for variant in product["variants"]]
    assert 0.3 < prices.count(None) / len(prices) < 0.5


def test_a_combination_of_options_belongs_to_one_variant(mixed: list[Json]) -> None:
    for product in mixed:
        chosen = [tuple(value["id"] for value in variant["option_values"]) for variant in product["variants"]]
        assert len(set(chosen)) == len(chosen)


def test_an_old_stores_oddities_are_there(mixed: list[Json]) -> None:
    variants = [variant for product in mixed for variant in product["variants"]]
    without = [each for each in mixed if not each["sku"] and not any(one["sku"] for one in each["variants"])]
    assert 5 <= len(without) <= 20
    blank = [each for each in mixed if each["sku"] and not all(one["sku"] for one in each["variants"])]
    assert blank
    skus = Counter(each["sku"].lower() for each in variants if each["sku"])
    repeated = [sku for sku, times in skus.items() if times > 1]
    assert repeated
    written = {each["sku"] for each in variants if each["sku"].lower() in repeated}
    assert len(written) > len(repeated)
    assert any(each["sku"] != each["sku"].strip() for each in variants)
    upcs = Counter(each["upc"] for each in mixed if each["upc"])
    assert any(times > 1 for times in upcs.values())
    assert any(upc.startswith("0") for upc in upcs)
    assert any(not each["upc"] for each in mixed)
    assert any(times > 1 for mpn, times in Counter(each["mpn"] for each in mixed).items() if mpn)
    assert 0.04 < sum(not each["is_visible"] for each in mixed) / len(mixed) < 0.12
    assert {each["inventory_tracking"] for each in mixed} == {"none", "product", "variant"}
    assert not all(each["name"].isascii() for each in mixed)


def test_a_clean_catalog_has_an_identifier_everywhere_and_each_once() -> None:
    products = catalog(products=400, clean=True)
    variants = [variant for product in products for variant in product["variants"]]
    for field in ("sku", "upc"):
        values = [each[field].lower() for each in variants]
        assert all(value.strip() for value in values)
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("count", [1, 4, 30])
def test_every_product_can_have_the_same_number_of_variants(count: int) -> None:
    assert {len(each["variants"]) for each in catalog(products=150, variants=count)} == {count}


def test_names_are_unique_and_descriptions_are_html(mixed: list[Json]) -> None:
    assert len({each["name"] for each in mixed}) == len(mixed)
    assert all(each["description"].startswith("<p>") for each in mixed)
    assert 400 < sum(len(each["description"]) for each in mixed) / len(mixed) < 2000
