"""Import Listings where the store sends what it should not: one record's problem, and the rest comes in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from tests.conftest import Database
from tests.operations.conftest import Import

PRODUCTS = "/v3/catalog/products"
MARK = "-SPOIL-"

Contents = dict[int, tuple[str, list[str]]]


@pytest.fixture(scope="module")
def running_store() -> Iterator[SandboxProcess]:
    """A small store where nothing is wrong; what is, each test puts in. Its answers are not checked: they are bad."""
    with SandboxProcess(products=40, seed=3, clean=True, quota=0) as store:
        yield store


@pytest.fixture
def sound(store: SandboxProcess) -> Contents:
    """What has to come in whatever is put in beside it: name and SKUs by product."""
    return {
        product["id"]: (product["name"], sorted(variant["sku"] for variant in product["variants"]))
        for product in store.products()
    }


def imported(database: Database) -> Contents:
    rows = database.rows(
        "select l.product_id, l.title, array_agg(v.master_sku order by v.master_sku) as skus"
        " from core.listing as l join core.listing_variant as v using (channel, listing_key)"
        " where l.product_id is not null group by 1, 2"
    )
    return {row["product_id"]: (row["title"], row["skus"]) for row in rows}


def problems(database: Database) -> dict[str, tuple[str, str]]:
    """Reason and message of each open problem by the record that it came from."""
    return {
        row["source"]: (row["reason"], row["message"])
        for row in database.rows("select source, reason, message from mart.problems where open")
    }


def put_in(store: SandboxProcess, **fields: Any) -> int:
    product = store.insert_product(**{"name": "Odd", "sku": f"odd-{len(fields)}", "price": 5, **fields})
    return int(product["id"])


def everywhere(text: str) -> dict[str, dict[str, Any]]:
    """Products with a text in one place each."""
    options = [{"option_display_name": "Colour", "label": "Red"}]
    field, image = {"id": 1, "name": "Wood", "value": "Oak"}, {"id": 1, "url_zoom": "https://i/1.jpg", "sort_order": 0}
    return {
        "name": {"name": text},
        "description": {"description": text},
        "sku": {"sku": text},
        "upc": {"upc": text},
        "variants[0].sku": {"variants": [{"sku": text}]},
        "variants[0].option_values[0].label": {
            "variants": [{"sku": "a", "option_values": [options[0] | {"label": text}]}]
        },
        "variants[0].option_values[0].option_display_name": {
            "variants": [{"sku": "b", "option_values": [options[0] | {"option_display_name": text}]}]
        },
        "custom_fields[0].name": {"custom_fields": [field | {"name": text}]},
        "custom_fields[0].value": {"custom_fields": [field | {"value": text}]},
        "images[0].url_zoom": {"images": [image | {"url_zoom": text}]},
    }


class TestText:
    @pytest.mark.parametrize(
        "spoil",
        [
            b"\\u0000",
            b"\\ud800",
            b"\\uDBFF",
            b"\\udc00",
            b"\\ud83d\\ud83d\\ude00",
            b"\xff",
            b"\xe2\x82",
            b"\xc0\x80",
            b"\xed\xa0\x80",
        ],
        ids=lambda spoil: spoil.hex() if spoil[0] > 127 else spoil.decode().replace("\\", ""),
    )
    def test_text_that_no_database_stores_leaves_out_its_product_alone(
        self, spoil: bytes, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        places = {put_in(store, **fields): place for place, fields in everywhere(f"Oak{MARK}x").items()}
        store.fault("replace", replacements={MARK: spoil.hex()}, route=PRODUCTS)
        counts = run_import()
        assert imported(database) == sound
        assert counts.failed == len(places)
        found = problems(database)
        assert {source: reason for source, (reason, _) in found.items()} == {
            f"product/{product_id}": "unstorable_text" for product_id in places
        }

    def test_text_of_fields_that_nobody_reads_is_as_bad_only_where_it_cannot_be_kept(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        put_in(store, sku="fine", meta_description="a\0b")
        half = put_in(store, sku="half", meta_description=MARK)
        store.fault("replace", replacements={MARK: b"\\ud800".hex()}, route=PRODUCTS)
        run_import()
        assert imported(database).keys() - sound.keys() == {half - 1}
        assert problems(database).keys() == {f"product/{half}"}

    def test_pairs_of_surrogates_and_escaped_backslashes_beside_a_half_are_kept(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        put_in(store, sku="half", name=MARK)
        whole = put_in(store, sku="whole", name="-PAIR- \\ud800")
        store.fault("replace", replacements={MARK: b"\\ud800".hex(), "-PAIR-": b"\\ud83d\\ude00".hex()}, route=PRODUCTS)
        run_import()
        assert imported(database) == sound | {whole: ("\N{GRINNING FACE} \\ud800", ["whole"])}


# What no JSON encoder writes stands in the store as another number, and is replaced on its way out.
AMOUNTS = {"1000001.5": "1E+400", "1000002.5": "-1E+400", "1000003.5": "9" * 5_000, "1000004.5": "1E-400"}
WHOLE = {"1000005": "9" * 5_000, "1000006": "9223372036854775808", "1000007": "1e400", "1000008": "7.5"}


class TestNumbers:
    def test_a_number_that_no_column_holds_is_its_product_s_problem_with_place_and_value(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        amounts = (({"price": n}, {"weight": n}, {"variants": [{"price": n}]}) for n in map(float, AMOUNTS))
        whole = (
            ({"inventory_level": n}, {"brand_id": n}, {"variants": [{"inventory_level": n}]}) for n in map(int, WHOLE)
        )
        said = {"price": "price", "weight": "weight", "inventory_level": "stock", "brand_id": "brand"}
        bad = {}
        for fields in (fields for each in (*amounts, *whole) for fields in each):
            ((name, value),) = (fields.get("variants") or [fields])[0].items()
            bad[f"product/{put_in(store, **fields)}"] = (name, value)
        store.fault(
            "replace",
            replacements={n: digits.encode().hex() for n, digits in (AMOUNTS | WHOLE).items()},
            route=PRODUCTS,
        )
        counts = run_import()
        assert imported(database) == sound
        assert counts.failed == len(bad)
        found = problems(database)
        assert found.keys() == bad.keys()
        for source, (name, value) in bad.items():
            reason, message = found[source]
            assert reason == "invalid_record"
            assert said[name] in message or f".{name}`" in message
            assert (AMOUNTS | WHOLE)[str(value)][:40] in message

    def test_a_number_beyond_floats_is_named_although_the_text_holds_escaped_characters(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        odd = put_in(store, price=1000001.5, description=MARK)
        store.fault(
            "replace", replacements={"1000001.5": b"1e400".hex(), MARK: b"\\ud83d\\ude00".hex()}, route=PRODUCTS
        )
        run_import()
        assert imported(database) == sound
        reason, message = problems(database)[f"product/{odd}"]
        assert (reason, "its price must be within" in message) == ("invalid_record", True)
