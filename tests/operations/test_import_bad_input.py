"""Import Listings where the store sends what it should not: one record's problem, and the rest comes in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.outcomes import NotNow, PagingStuck
from tests.databases import Database
from tests.operations.conftest import Import
from tests.operations.test_import_listings import contents

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
        for product_id, place in places.items():
            _, message = found[f"product/{product_id}"]
            assert "Oak" in message
            assert f"$.{place}`" in message or place.rpartition(".")[2] in message

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


class TestIdentifiers:
    def test_an_identifier_too_long_for_an_index_is_its_product_s_problem(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        endless = "".join(map(str, range(10_000)))[:10_000]  # which no compression makes short
        places = {}
        for field in ("sku", "upc", "mpn"):
            variant = {"sku": f"odd {field}"} | {field: endless}
            places[put_in(store, sku="odd", variants=[variant])] = f"its {field.upper()} of variant"
            places[put_in(store, **{"sku": f"also odd {field}"} | {field: endless})] = f"its {field.upper()} must be"
        run_import()
        assert imported(database) == sound
        found = problems(database)
        assert found.keys() == {f"product/{product_id}" for product_id in places}
        for product_id, place in places.items():
            reason, message = found[f"product/{product_id}"]
            assert reason == "invalid_record"
            assert place in message
            assert "must be at most 500 characters long (got 10000: '0123456789" in message

    def test_an_identifier_of_500_characters_is_none_too_long(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        longest = ("\N{GRINNING FACE}\N{LATIN CAPITAL LETTER A WITH DIAERESIS}1x" * 125)[:500]
        odd = put_in(store, sku="odd", variants=[{"sku": longest}])
        twin = store.insert_product(name="Twin", sku="twin", variants=[{"sku": longest.lower()}])
        run_import()
        assert imported(database) == sound | {odd: ("Odd", [longest])}
        assert {source: reason for source, (reason, _) in problems(database).items()} == {
            f"product/{twin['id']}/variant/{twin['variants'][0]['id']}": "duplicate_master_sku"
        }

    def test_a_sku_of_nothing_that_can_be_seen_is_missing(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        blanks = ["", "  ", "\u00a0\u2003", "\u200b", "\ufeff \u2060", "\u200d\u200c", "\x01", "\u202e"]
        odd = [store.insert_product(name="Odd", sku=blank, variants=[{"sku": blank}]) for blank in blanks]
        run_import()
        assert imported(database) == sound
        found = problems(database)
        assert found.keys() == {f"product/{each['id']}/variant/{each['variants'][0]['id']}" for each in odd}
        assert {reason for reason, _ in found.values()} == {"missing_master_sku"}
        assert all("has no SKU" in message for _, message in found.values())

    def test_an_identifier_that_is_no_text_is_named_with_its_value(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        said = {}
        for field, value, written in (
            ("sku", 7, "7"),
            ("upc", 12345, "12345"),
            ("mpn", 1.5, "1.5"),
            ("upc", True, "true"),
            ("mpn", [], "[]"),
        ):
            of_variant = put_in(store, sku="odd", variants=[{"sku": "odd"} | {field: value}])
            of_product = put_in(store, **{"sku": "odd"} | {field: value}, variants=[{"sku": "also odd"}])
            said[f"product/{of_variant}"] = f"$.variants[0].{field}` (got {written})"
            said[f"product/{of_product}"] = f"$.{field}` (got {written})"
        run_import()
        assert imported(database) == sound
        found = problems(database)
        assert found.keys() == said.keys()
        for source, words in said.items():
            assert found[source][0] == "invalid_record"
            assert words in found[source][1]

    def test_letter_case_and_normalisation_tell_what_the_database_tells(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        skus = [
            "straße",
            "STRASSE",
            "STRAßE",
            "DIŞ",
            "dış",
            "diş",
            "İ",
            "i",
            "ı",
            "caf\u00e9",
            "cafe\u0301",
            "CAF\u00c9",
        ]
        odd = put_in(store, variants=[{"sku": sku} for sku in skus])
        counts = run_import()
        found = imported(database)
        _, kept = found.pop(odd)
        assert found == sound
        assert kept == sorted(["straße", "STRASSE", "DIŞ", "dış", "İ", "ı", "caf\u00e9", "cafe\u0301"])
        left_out = database.rows(
            "select entity_key, reason from mart.problems where source like %s order by 1", f"product/{odd}/%"
        )
        assert {row["reason"] for row in left_out} == {"duplicate_master_sku"}
        assert {row["entity_key"] for row in left_out} == set(skus) - set(kept)
        assert counts.skipped == len(skus) - len(kept)


class TestLargeAndOdd:
    def test_a_description_of_5_mb_comes_in_whole(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        long = "".join(map(str, range(1_000_000)))[: 5 * 2**20]
        odd = put_in(store, sku="odd", description=long)
        run_import()
        assert imported(database) == sound | {odd: ("Odd", ["odd"])}
        assert database.value("select description from core.listing where product_id = %s", odd) == long
        assert problems(database) == {}

    def test_dates_that_are_none_harm_nothing(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        """No value of a listing is made of them, and the pull does not go by them."""
        dates = ["yesterday", "", None, 17, "0000-00-00T00:00:00+00:00", "2026-02-30", [], "a\0b"]
        odd = [put_in(store, sku=f"odd-{n}", date_created=date, date_modified=date) for n, date in enumerate(dates)]
        run_import()
        assert imported(database).keys() == {*sound, *odd}
        assert problems(database) == {}

    @pytest.mark.parametrize(("off_by", "seconds"), [(-7, 0), (7, 0), (7, 5), (-100_000, 0)])
    def test_a_length_that_is_not_kept_is_asked_for_again(
        self,
        off_by: int,
        seconds: float,
        store: SandboxProcess,
        sound: Contents,
        run_import: Import,
        database: Database,
    ) -> None:
        store.fault("length", off_by=off_by, seconds=seconds, route=PRODUCTS, times=1)
        store.forget_requests()
        run_import()
        assert imported(database) == sound
        assert store.requests_by_route()[f"GET {PRODUCTS}"] == {"200": 2}

    @pytest.mark.parametrize("off_by", [-7, 7])
    def test_a_length_that_is_never_kept_ends_the_run_and_retires_nothing(
        self, off_by: int, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        run_import()
        before = contents(database)
        store.fault("length", off_by=off_by, seconds=0, route=PRODUCTS)
        with pytest.raises(NotNow, match=r"GET /v3/catalog/products.*(broke off|broken JSON).*tried 3 times"):
            run_import()
        assert contents(database) == before

    def test_pages_of_more_than_16_mb_are_asked_for_in_halves_and_all_come_in(self, database: Database) -> None:
        with SandboxProcess(products=600, variants=1, clean=True, quota=0) as store:
            everything = {product["id"] for product in store.products()}
            long = f'"warranty":"{"x" * 68_000}'
            store.fault("replace", replacements={'"warranty":"': long.encode().hex()}, route=PRODUCTS)
            Import(store, database)(readers=2)
            asked = [asking.query["limit"] for asking in store.quota_log() if asking.path == PRODUCTS]
        assert (asked[0], set(asked[1:])) == ("250", {"125"})
        assert len(asked) <= 1 + 4
        assert imported(database).keys() == everything
        assert database.value("select min(length(payload::text)) from raw.product") > 68_000


class TestVariants:
    def test_variants_that_contradict_themselves_are_their_products_problems(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        other = min(sound)
        wrong: dict[int, tuple[str, str]] = {
            put_in(store, variants=fields): (reason, said)
            for fields, reason, said in [
                ([{"sku": "a", "product_id": other}], "invalid_record", f"belongs to product {other}"),
                ([{"id": 9001, "sku": "b"}, {"id": 9002, "sku": "c"}], "invalid_record", "have the id 9001"),
                ([], "invalid_record", "it has no variants"),
                ([{"id": 9003, "sku": "d"}], "invalid_record", "$.variants[0].id` (got null)"),
                ([{"id": 9004, "sku": "e"}], "invalid_record", "$.variants[0].id` (got '9004')"),
                ([{"id": 9005, "sku": "f"}], "invalid_record", "(got 9223372036854775808)"),
                ([{"id": 9006, "sku": "g"}], "invalid_record", "$.variants[0].id` (got 1.5)"),
                (
                    [{"sku": "h", "option_values": [None]}],
                    "invalid_record",
                    "$.variants[0].option_values[0]` (got null)",
                ),
            ]
        }
        wrong[store.patch_product(put_in(store), variants=None)["id"]] = ("invalid_record", "it has no variants")
        ids = {9002: "9001", 9003: "null", 9004: '"9004"', 9005: str(2**63), 9006: "1.5"}
        store.fault(
            "replace",
            replacements={f'"id":{number},': f'"id":{text},'.encode().hex() for number, text in ids.items()},
            route=PRODUCTS,
        )
        counts = run_import()
        assert imported(database) == sound
        assert counts.failed == len(wrong)
        found = problems(database)
        assert found.keys() == {f"product/{product_id}" for product_id in wrong}
        for product_id, (reason, said) in wrong.items():
            assert found[f"product/{product_id}"][0] == reason
            assert said in found[f"product/{product_id}"][1]

    def test_options_without_labels_are_blank(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        nothing = {"label": None, "option_display_name": None}
        odd = put_in(store, variants=[{"sku": "odd", "option_values": [nothing]}])
        run_import()
        assert imported(database) == sound | {odd: ("Odd", ["odd"])}
        assert database.value("select options from core.listing_variant where master_sku = 'odd'") == [
            {"name": "", "value": ""}
        ]

    def test_600_variants_come_in(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        skus = sorted(f"odd-{number}" for number in range(600))
        odd = put_in(store, variants=[{"sku": sku} for sku in skus])
        run_import()
        assert imported(database) == sound | {odd: ("Odd", skus)}


class TestSharedVariants:
    """Two products say that a variant is theirs."""

    @staticmethod
    def claims(store: SandboxProcess, claimant: int, owner: int) -> int:
        """The first variant of one product gets the id of another's first one; the id."""
        ids = {product["id"]: product["variants"][0]["id"] for product in store.products()}
        mine, theirs = (
            f'{{"id":{ids[claimant]},"product_id":{claimant},',
            f'{{"id":{ids[owner]},"product_id":{claimant},',
        )
        store.fault("replace", replacements={mine: theirs.encode().hex()}, route=PRODUCTS)
        return int(ids[owner])

    def test_the_lower_product_keeps_it_and_the_other_is_a_problem(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        first, second = put_in(store, sku="first"), put_in(store, sku="second", name="Second")
        variant = self.claims(store, claimant=second, owner=first)
        counts = run_import()
        assert imported(database) == sound | {first: ("Odd", ["first"])}
        ((source, (reason, message)),) = problems(database).items()
        assert (source, reason) == (f"product/{second}", "invalid_record")
        assert f"its variant {variant} is also a variant of product {first}" in message
        assert counts.failed == 1
        assert counts.read == counts.created + counts.failed

    @pytest.mark.parametrize("again", ["the holder has not changed", "the holder has changed, too"])
    def test_the_product_that_the_warehouse_knows_it_of_keeps_it(
        self, again: str, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        claimant = put_in(store, sku="lower")
        owner = put_in(store, sku="higher", name="Holder")
        run_import()
        variant = self.claims(store, claimant, owner)
        if again == "the holder has changed, too":
            store.patch_product(owner, description="Changed")
        run_import()
        assert imported(database) == sound | {claimant: ("Odd", ["lower"]), owner: ("Holder", ["higher"])}
        assert database.value("select variant_id from core.listing_variant where master_sku = 'higher'") == variant
        assert problems(database).keys() == {f"product/{claimant}"}


class TestPages:
    """Where the pages themselves cannot be trusted, the run ends and says so, and the catalog stays as it was."""

    @pytest.mark.parametrize(
        "identity", ["null", '"77"', "-5", "0", "9223372036854775808", "9" * 500], ids=lambda text: text[:20]
    )
    def test_a_product_without_an_id_that_names_it_stops_the_run(
        self, identity: str, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        named = f'{{"id":{put_in(store)},"name"'
        store.fault("replace", replacements={named: f'{{"id":{identity},"name"'.encode().hex()}, route=PRODUCTS)
        with pytest.raises(NotNow) as stopped:
            run_import()
        assert f"GET {PRODUCTS}: a record's id must be a whole number" in str(stopped.value)
        assert f"(got {identity[:50]})" in str(stopped.value)
        assert imported(database) == {}

    def test_an_id_twice_on_a_page_is_named(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        twice = min(sound)
        store.fault(
            "replace",
            replacements={f'{{"id":{put_in(store)},"name"': f'{{"id":{twice},"name"'.encode().hex()},
            route=PRODUCTS,
        )
        with pytest.raises(PagingStuck, match=f"the id {twice} stands on one page twice"):
            run_import()
        assert imported(database) == {}

    @pytest.mark.parametrize("deleted", [1, 5])
    def test_a_confirming_read_that_ignores_the_ids_retires_and_brings_nothing(
        self, deleted: int, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        run_import()
        before = contents(database)
        for product_id in sorted(sound)[:deleted]:
            store.delete_product(product_id)
        put_in(store)
        store.fault("deaf", parameters=["id:in"], route=PRODUCTS)
        with pytest.raises(PagingStuck, match="it ignores id:in"):
            run_import()
        assert contents(database) == before
        store.clear_faults()
        run_import()
        assert len(imported(database)) == len(sound) - deleted + 1

    def test_chosen_products_of_a_store_that_ignores_the_ids_are_not_taken_for_others(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        ((chosen, *_),) = [skus for _, skus in list(sound.values())[-1:]]
        store.fault("deaf", parameters=["id:in"], route=PRODUCTS)
        with pytest.raises(PagingStuck, match="it ignores id:in"):
            run_import(skus=(chosen,))
        assert imported(database) == {}

    @pytest.fixture
    def long_catalog(self) -> Iterator[SandboxProcess]:
        with SandboxProcess(products=60, variants=1, clean=True, quota=0) as store:
            yield store

    def test_a_store_that_answers_in_descending_order_is_noticed(
        self, long_catalog: SandboxProcess, database: Database
    ) -> None:
        page = long_catalog.get(f"{PRODUCTS}?include=variants&limit=20&sort=id&direction=desc")
        long_catalog.fault("status", status=200, body=page, route=PRODUCTS)
        with pytest.raises(PagingStuck, match="it ignores the order"):
            Import(long_catalog, database)(page_size=20)
        assert imported(database) == {}

    def test_a_store_that_repeats_a_page_is_noticed(self, long_catalog: SandboxProcess, database: Database) -> None:
        page = long_catalog.get(f"{PRODUCTS}?include=variants&limit=20&sort=id&direction=asc")
        long_catalog.fault("status", status=200, body=page, route=PRODUCTS)
        with pytest.raises(PagingStuck, match="it ignores the order"):
            Import(long_catalog, database)(page_size=20)
        assert imported(database) == {}

    @pytest.mark.parametrize("collection", ["brands", "trees/categories"])
    def test_a_store_that_repeats_a_page_of_names_is_noticed(
        self, collection: str, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        run_import()
        before = contents(database)
        page = store.get(f"/v3/catalog/{collection}?limit=1")
        store.fault("status", status=200, body=page, route=f"/v3/catalog/{collection}")
        with pytest.raises(PagingStuck, match=f"GET /v3/catalog/{collection}: page 2 is page 1 again"):
            run_import()
        assert contents(database) == before


BRANDS = "/v3/catalog/brands"
CATEGORIES = "/v3/catalog/trees/categories"


def answers(store: SandboxProcess, route: str, records: list[str]) -> None:
    """The store's only page of these records, as they are written here."""
    meta = f'{{"pagination":{{"total":{len(records)},"total_pages":1}}}}'
    body = f'{{"data":[{",".join(records)}],"meta":{meta}}}'
    store.fault("status", status=200, body=body, route=route)


class TestNames:
    """Brands and categories: what is wrong with one of them is its own problem."""

    def test_a_brand_that_cannot_be_read_is_a_problem_and_the_others_name_their_products(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        bad = {
            r'{"id":9001,"name":null}': ("9001", "invalid_record", "$.name` (got null)"),
            r'{"id":9002,"name":7}': ("9002", "invalid_record", "$.name` (got 7)"),
            r'{"id":9003,"name":" "}': ("9003", "invalid_record", "its name is blank (got ' ')"),
            r'{"id":9004,"name":"Oak\u0000x"}': ("9004", "unstorable_text", r"(got 'Oak\x00x')"),
            r'{"id":9005,"name":"Oak\ud800x"}': ("9005", "unstorable_text", r"Oak\\xed\\xa0\\x80x"),
            r'{"id":9006}': ("9006", "invalid_record", "missing required field `name`"),
            r'{"id":null,"name":"Oak"}': ("null", "invalid_record", "$.id` (got null)"),
            r'{"id":"7","name":"Oak"}': ('"7"', "invalid_record", "$.id` (got '7')"),
            r'{"id":-7,"name":"Oak"}': ("-7", "invalid_record", "$.id` (got -7)"),
            r'{"id":9223372036854775808,"name":"Oak"}': (str(2**63), "invalid_record", "(got 9223372036854775808)"),
            r'{"id":1.5,"name":"Oak"}': ("1.5", "invalid_record", "$.id` (got 1.5)"),
            "null": ("without an id", "invalid_record", "Expected `object`, got `null`"),
        }
        theirs, other = put_in(store, brand_id=9001), put_in(store, brand_id=9010, sku="of a brand")
        answers(store, BRANDS, [*bad, '{"id":9010,"name":"Elm"}'])
        counts = run_import()
        assert imported(database).keys() == {*sound, theirs, other}
        assert database.rows("select product_id, brand from core.listing where brand is not null") == [
            {"product_id": other, "brand": "Elm"}
        ]
        found = problems(database)
        assert found.keys() == {f"brand/{key}" for key, _, _ in bad.values()}
        for key, reason, said in bad.values():
            assert found[f"brand/{key}"][0] == reason
            assert said in found[f"brand/{key}"][1]
        assert counts.failed == 0
        assert counts.read == counts.created

    def test_a_category_that_cannot_be_read_is_a_problem_and_so_are_those_below_it(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        def category(number: object, parent: object, name: str = '"Oak"') -> str:
            return f'{{"category_id":{number},"parent_id":{parent},"name":{name}}}'

        bad = {
            category(9001, 0, "null"): ("9001", "$.name` (got null)"),
            category(9002, 9001): ("9002", "category 9001 above it cannot be read"),
            category(9003, 9003, '"Self"'): ("9003", "form a loop"),
            category(9004, 9005, '"Left"'): ("9004", "form a loop"),
            category(9005, 9004, '"Right"'): ("9005", "(got 'Right > Left > Right"),
            category(9006, 9005): ("9006", "form a loop"),
            category(9007, 0, r'"a\u0000b"'): ("9007", r"(got 'a\x00b')"),
            category(9008, 0, r'"a\udfffb"'): ("9008", r"a\\xed\\xbf\\xbfb"),
            category(9009, '"0"'): ("9009", "$.parent_id` (got '0')"),
            category("null", 0): ("null", "$.category_id` (got null)"),
            category(2**63, 0): (str(2**63), f"(got {2**63})"),
        }
        good = [category(9010, 0, '"Shop"'), category(9011, 9010, '"Lamps"'), category(9012, "null", '"Root"')]
        odd = put_in(store, categories=[9001, 9002, 9003, 9004, 9005, 9006, 9007, 9011, 9012])
        answers(store, CATEGORIES, [*bad, *good])
        run_import()
        assert imported(database).keys() == {*sound, odd}
        assert database.value("select categories from core.listing where product_id = %s", odd) == [
            "Root",
            "Shop > Lamps",
        ]
        found = problems(database)
        assert found.keys() == {f"category/{key}" for key, _ in bad.values()}
        for key, said in bad.values():
            assert said in found[f"category/{key}"][1]

    @pytest.mark.parametrize("collection", ["brand", "category"])
    def test_a_name_that_is_not_utf_8_is_a_problem(
        self, collection: str, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        route, id_field = {"brand": (BRANDS, "id"), "category": (CATEGORIES, "category_id")}[collection]
        one = store.get(f"{route}?limit=1")["data"][0]
        store.fault("replace", replacements={f'"{one["name"]}"': b'"Caf\xe9 \xe2\x82"'.hex()}, route=route)
        run_import()
        assert imported(database) == sound
        reason, message = problems(database)[f"{collection}/{one[id_field]}"]
        assert (reason, r"Caf\\xe9 \\xe2\\x82" in message) == ("unstorable_text", True)

    def test_a_chain_of_20_000_categories_takes_neither_time_nor_memory(
        self, store: SandboxProcess, sound: Contents, run_import: Import, database: Database
    ) -> None:
        names = [
            f'{{"category_id":{9_000 + n},"parent_id":{8_999 + n if n else 0},"name":"Level"}}' for n in range(20_000)
        ]
        odd = put_in(store, categories=[9_001, 28_999])
        answers(store, CATEGORIES, names)
        run_import()
        assert imported(database).keys() == {*sound, odd}
        assert database.value("select categories from core.listing where product_id = %s", odd) == ["Level > Level"]
        assert "more than 100 levels" in problems(database)["category/28999"][1]
        assert len(problems(database)) == 20_000 - 100

    def test_names_that_cannot_be_read_any_more_are_kept_and_come_back_when_mended(
        self, store: SandboxProcess, run_import: Import, database: Database
    ) -> None:
        odd = put_in(store, brand_id=9001, categories=[9002])
        shop = '{"category_id":9002,"parent_id":0,"name":%s}'
        for brand, category, expected in (
            ('"Elm"', '"Shop"', ("Elm", "Shop")),
            ("null", "null", ("Elm", "Shop")),
            ('"Ash"', '"Store"', ("Ash", "Store")),
        ):
            store.clear_faults()
            answers(store, BRANDS, [f'{{"id":9001,"name":{brand}}}'])
            answers(store, CATEGORIES, [shop % category])
            store.patch_product(odd, description=brand)  # so that it is handled each time
            run_import(mode="create_and_overwrite")
            row = database.row("select brand, categories from core.listing where product_id = %s", odd)
            assert (row["brand"], *row["categories"]) == expected
            assert problems(database).keys() == ({"brand/9001", "category/9002"} if brand == "null" else set())
