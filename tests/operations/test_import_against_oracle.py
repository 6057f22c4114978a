"""Import Listings held to an oracle that knows nothing of how it is made: every row, every field, every problem."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from tests.databases import Database
from tests.effort import EFFORT
from tests.operations.conftest import Import
from tests.operations.oracle import (
    ITEM_COLUMNS,
    LISTING_COLUMNS,
    VARIANT_COLUMNS,
    Choices,
    Row,
    Rules,
    State,
    after_import,
)

CHANNEL = "shop"
MODES = ["create_only", "create_and_overwrite"]
PAGE = 250
PLAIN = Rules()
SHAPED = Rules(Decimal("1.1"), 2, 50)
NAMELESS = "/name: must be string"


def state_of(database: Database, channel: str = CHANNEL) -> State:
    """What the warehouse holds of a channel."""

    def read(table: str, columns: tuple[str, ...], where: str) -> list[Row]:
        return database.rows(f"select {', '.join(columns)} from core.{table} {where}")

    return State.of(
        read("listing", LISTING_COLUMNS, f"where channel = '{channel}'"),
        read("listing_variant", VARIANT_COLUMNS, f"where channel = '{channel}'"),
        read("inventory_item", ITEM_COLUMNS, ""),
        [
            (row["entity"], row["entity_key"], row["reason"])
            for row in database.rows(
                "select entity, entity_key, reason from mart.problems"
                " where open and operation = 'import_listings' and channel = %s",
                channel,
            )
        ],
    )


class Comparison:
    """Imports, and says what came out otherwise than the oracle says."""

    def __init__(self, store: SandboxProcess, database: Database) -> None:
        self.store = store
        self.database = database
        self.run_import = Import(store, database)

    def __call__(
        self,
        *,
        channel: str = CHANNEL,
        mode: str = "create_only",
        master_sku: str = "sku",
        overwrite: Mapping[str, str] | None = None,
        paused: bool = True,
        rules: Rules = PLAIN,
    ) -> State:
        """Import once; the state afterwards, which is the oracle's."""
        choices = Choices(master_sku, mode, overwrite or {}, paused, rules)
        before, dump = state_of(self.database, channel), self.store.dump()
        self.run_import(
            channel=channel,
            confirm=True,
            mode=mode,
            master_sku=master_sku,
            overwrite=dict(choices.overwrite),
            new_listings_paused=paused,
            sync_listings={
                "price_multiplier": rules.price_multiplier,
                "safety_stock": rules.safety_stock,
                "max_quantity": rules.max_quantity,
            },
        )
        expected, after = after_import(before, dump, choices, channel), state_of(self.database, channel)
        differences = expected.differences(after)
        assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:25])
        return after


@pytest.fixture
def store(running_store: SandboxProcess) -> Iterator[SandboxProcess]:
    """The store as it was generated; the one breach of the specification afterwards is a product's missing name."""
    running_store.reset()
    yield running_store
    violations = running_store.violations()
    running_store.admin("violations", method="DELETE")
    assert [each for each in violations if not each["violation"].endswith(NAMELESS)] == []


@pytest.fixture
def compare(store: SandboxProcess, database: Database) -> Comparison:
    return Comparison(store, database)


Product = dict[str, Any]


class Catalog:
    """Picks products of the store by what they are like, each only once."""

    def __init__(self, store: SandboxProcess) -> None:
        self._left = store.products()
        skus = [variant["sku"].strip().lower() for product in self._left for variant in product["variants"]]
        self._plain = {sku for sku in skus if sku and skus.count(sku) == 1}

    def take(self, variants: int, fits: Callable[[Product], bool] = lambda product: True) -> Product:
        """A product with at least so many variants (one: exactly one), all of them with SKUs of their own."""
        for product in self._left:
            skus = [variant["sku"].strip().lower() for variant in product["variants"]]
            if (
                (len(skus) == 1) == (variants == 1)
                and len(skus) >= variants
                and self._plain >= set(skus)
                and fits(product)
            ):
                self._left.remove(product)
                return product
        raise LookupError("no such product left")


def branded_otherwise(brand_id: int) -> Callable[[Product], bool]:
    return lambda product: bool(product["brand_id"] != brand_id)


def tracks(by: str) -> Callable[[Product], bool]:
    return lambda product: product["inventory_tracking"] == by and product["is_visible"]


# A first import.


@pytest.mark.parametrize("master_sku", ["sku", "upc", "mpn"])
def test_a_first_import_takes_over_an_old_catalog_field_by_field(compare: Comparison, master_sku: str) -> None:
    after = compare(master_sku=master_sku, paused=master_sku == "upc")
    assert len(after.variants) > 100
    assert after.problems


@pytest.mark.parametrize("mode", MODES)
def test_a_first_import_depends_neither_on_the_mode_nor_on_being_repeated(compare: Comparison, mode: str) -> None:
    first = compare(mode=mode, paused=False)
    again = compare(mode=mode, paused=True)
    assert again == first


# A store and a warehouse that both went on.


def edit_the_store(store: SandboxProcess) -> Catalog:
    """One of each kind of change that a store's staff makes; the catalog that is left untouched."""
    catalog = Catalog(store)
    # Prices: of a product whose variants inherit it, of a variant of its own, one taken back to the product's.
    inherits = catalog.take(2, lambda product: any(variant["price"] is None for variant in product["variants"]))
    store.patch_product(inherits["id"], price=inherits["price"] + 3.5)
    priced = catalog.take(2, lambda product: product["variants"][0]["price"] is not None)
    store.patch_variant(priced["id"], priced["variants"][0]["id"], price=77.77)
    freed = catalog.take(2, lambda product: product["variants"][1]["price"] is not None)
    store.patch_variant(freed["id"], freed["variants"][1]["id"], price=None)
    # Stock: by variant, by product with one variant and with several, not tracked; tracking switched on and off.
    for tracking, variants in (("variant", 2), ("product", 1), ("product", 2), ("none", 1)):
        sold = catalog.take(variants, tracks(tracking))
        store.patch_product(sold["id"], inventory_level=sold["inventory_level"] + 7)
        store.patch_variant(sold["id"], sold["variants"][0]["id"], inventory_level=41)
    switched_on = catalog.take(2, tracks("none"))
    store.patch_product(switched_on["id"], inventory_tracking="variant")
    switched_off = catalog.take(2, tracks("variant"))
    store.patch_product(switched_off["id"], inventory_tracking="none")
    # What a shopper reads, and what a shopper sees.
    told = catalog.take(1)
    store.patch_product(told["id"], name="A better name \U0001f34f", description="", weight=12.345, type="digital")
    brands = {brand["id"] for brand in store.dump()["brand"]}
    for brand_id in (max(brands), 0):
        store.patch_product(catalog.take(1, branded_otherwise(brand_id))["id"], brand_id=brand_id)
    shelved = catalog.take(1, lambda product: len(product["categories"]) > 0)
    store.patch_product(shelved["id"], categories=[])
    pictured = catalog.take(1, lambda product: len(product["images"]) > 1)
    turned = [
        image | {"sort_order": -place, "url_zoom": image["url_zoom"] if place else ""}
        for place, image in enumerate(pictured["images"])
    ]
    store.patch_product(pictured["id"], images=turned)
    described = catalog.take(1, lambda product: len(product["custom_fields"]) > 1)
    store.patch_product(described["id"], custom_fields=described["custom_fields"][1:])
    store.patch_product(catalog.take(1, lambda product: product["is_visible"])["id"], is_visible=False)
    store.patch_product(catalog.take(2, lambda product: not product["is_visible"])["id"], is_visible=True)
    # SKUs: renamed, swapped within a product and between two, given upc and mpn, blanked, doubled.
    renamed = catalog.take(2)
    store.patch_variant(renamed["id"], renamed["variants"][0]["id"], sku=" RENAMED-1 ")
    alone = catalog.take(1)
    store.patch_product(alone["id"], sku="RENAMED-2")
    store.patch_variant(alone["id"], alone["variants"][0]["id"], sku="RENAMED-2", upc="000000000017", mpn="M-17")
    swapped = catalog.take(2)
    for mine, other in ((0, 1), (1, 0)):
        store.patch_variant(swapped["id"], swapped["variants"][mine]["id"], sku=swapped["variants"][other]["sku"])
    one, two = catalog.take(1), catalog.take(1)
    for product, second in ((one, two), (two, one)):
        store.patch_product(product["id"], sku=second["sku"])
        store.patch_variant(product["id"], product["variants"][0]["id"], sku=second["variants"][0]["sku"])
    # Products and variants that went, came, or came again.
    store.delete_product(catalog.take(2)["id"])
    store.delete_product(catalog.take(1)["id"])
    shrunk = catalog.take(3)
    store.patch_product(shrunk["id"], variants=shrunk["variants"][1:])
    anew = catalog.take(2)
    store.delete_product(anew["id"])
    made_anew(store, anew)
    store.insert_product(name="Brand new", sku="BRAND-NEW", price=5, inventory_tracking="product", inventory_level=3)
    grown = catalog.take(2)
    grown_variant = {"id": 900_001, "sku": "GROWN-1", "price": None, "inventory_level": 9}
    added = grown["variants"][0] | grown_variant
    store.patch_product(grown["id"], variants=[*grown["variants"], added])
    # And what nobody can read.
    store.patch_product(catalog.take(2)["id"], name=None, price=1.11)
    return catalog


def made_anew(store: SandboxProcess, product: Product) -> Product:
    """The same product and SKUs under new ids."""
    variants = [
        {name: value for name, value in variant.items() if name not in ("id", "product_id")}
        for variant in product["variants"]
    ]
    kept = ("name", "description", "type", "weight", "price", "sku", "upc", "mpn", "inventory_tracking", "is_visible")
    return store.insert_product(variants=variants, **{name: product[name] for name in kept})


def edit_the_warehouse(database: Database, every: int = 12) -> None:
    """Edits of both tables, each of them in one row of so many: prices, quantities, titles, hidings, queues."""
    numbered = "select master_sku, row_number() over (order by master_sku) as n from core.listing_variant"
    variants = (
        "price = 3.33",
        "quantity = 1234",
        "price = null",
        "quantity = null",
        "price = channel_price",
        "sku = 'edited-' || v.master_sku, upc = null, options = '[]'",
        "price = 8, quantity = 8",
    )
    listings = (
        "title = 'Ours', description = null, brand = 'Ours'",
        "price = 19.99",
        "price = null",
        "status = 'hidden', hidden_as = 'out_of_stock'",
        "status = 'hidden', hidden_as = 'unavailable'",
        "paused = true, queued_action = 'overwrite', status = 'delisted'",
        "weight = null, images = '{}', categories = '{Ours}', custom_fields = '[]', type = 'physical'",
    )
    database.run(
        ";".join(
            [
                f"update core.listing_variant as v set {change} from ({numbered}) as m"
                f" where m.master_sku = v.master_sku and m.n % {every} = {remainder}"
                for remainder, change in enumerate(variants)
            ]
            + [
                f"update core.listing set {change} where product_id % 9 = {remainder}"
                for remainder, change in enumerate(listings)
            ]
        )
    )


@pytest.mark.parametrize("mode", MODES)
def test_what_the_store_changed_comes_in_as_the_mode_says(
    compare: Comparison, store: SandboxProcess, mode: str
) -> None:
    compare()
    edit_the_store(store)
    compare(mode=mode)
    compare(mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_what_the_warehouse_changed_stays_or_is_replaced_as_the_mode_says(
    compare: Comparison, database: Database, mode: str
) -> None:
    compare()
    edit_the_warehouse(database)
    compare(mode=mode)
    compare(mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_changes_on_both_sides_meet_as_the_mode_says(
    compare: Comparison, store: SandboxProcess, database: Database, mode: str
) -> None:
    compare(paused=False)
    edit_the_warehouse(database)
    edit_the_store(store)
    compare(mode=mode)
    edit_the_warehouse(database, every=11)
    compare(mode=mode)
    compare(mode="create_and_overwrite")


FIELDS = (
    "title", "description", "price", "quantity", "brand", "categories", "images", "custom_fields", "weight",
    "identifiers",
)  # fmt: skip


@pytest.mark.parametrize("bit", range(4))
def test_fields_that_are_skipped_stay_ours(
    compare: Comparison, store: SandboxProcess, database: Database, bit: int
) -> None:
    # Each of the fields is skipped in another choice of the four runs, so that none can stand in for another.
    skipped = {name: "skip" for number, name in enumerate(FIELDS, 1) if number >> bit & 1}
    compare()
    edit_the_warehouse(database)
    edit_the_store(store)
    compare(mode="create_and_overwrite", overwrite=skipped)
    compare(mode="create_and_overwrite")


@pytest.mark.parametrize("master_sku", ["upc", "mpn"])
def test_a_channel_keyed_by_another_identifier_follows_its_renames(
    compare: Comparison, store: SandboxProcess, master_sku: str
) -> None:
    first = compare(master_sku=master_sku)
    renamed = sorted(row["variant_id"] for row in first.variants.values())[::9]
    products = {variant["id"]: product["id"] for product in store.products() for variant in product["variants"]}
    for variant_id in renamed:
        store.patch_variant(products[variant_id], variant_id, **{master_sku: f"77{variant_id:06}"})
    after = compare(master_sku=master_sku)
    assert {f"77{variant_id:06}" for variant_id in renamed} <= after.variants.keys()


def test_a_product_that_comes_back_takes_its_rows_over_again(
    compare: Comparison, store: SandboxProcess, database: Database
) -> None:
    product = Catalog(store).take(2, tracks("variant"))
    compare()
    store.delete_product(product["id"])
    gone = compare()
    assert gone.listings[f"bc-{product['id']}"]["status"] == "not_listed"
    database.run("update core.listing_variant set quantity = 5 where listing_key = %s", f"bc-{product['id']}")
    anew = made_anew(store, product)
    back = compare()
    assert back.listings[f"bc-{product['id']}"]["product_id"] == anew["id"]
    assert not [key for key in back.problems if key[2] == "gone_from_store"]


@pytest.mark.parametrize("mode", MODES)
def test_skus_that_wander_in_the_store_find_their_rows(compare: Comparison, store: SandboxProcess, mode: str) -> None:
    catalog = Catalog(store)
    compare()

    def rename(product: Product, place: int, sku: str) -> None:
        store.patch_variant(product["id"], product["variants"][place]["id"], sku=sku)

    def sku(product: Product, place: int = 0) -> str:
        return str(product["variants"][place]["sku"])

    rename(catalog.take(2), 0, " ")
    blanked = catalog.take(2)
    rename(blanked, 0, "")
    rename(blanked, 1, sku(blanked))
    rename(catalog.take(2), 0, sku(catalog.take(2)))
    chained = catalog.take(2)
    rename(chained, 0, sku(chained, 1))
    rename(chained, 1, "CHAIN-END")
    recased = catalog.take(2)
    rename(recased, 0, sku(recased).swapcase())
    gone, heir = catalog.take(1), catalog.take(2)
    store.delete_product(gone["id"])
    rename(heir, 0, sku(gone))
    shrunk = catalog.take(2)
    store.patch_product(shrunk["id"], variants=shrunk["variants"][1:])
    store.insert_product(name="Under a SKU that a living product had", sku=sku(shrunk), price=3)
    doubled = catalog.take(2)
    store.delete_product(doubled["id"])
    made_anew(store, doubled)
    made_anew(store, doubled)
    compare(mode=mode)
    compare(mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_row_is_not_taken_from_a_variant_that_lives(compare: Comparison, store: SandboxProcess, mode: str) -> None:
    catalog = Catalog(store)
    compare()
    holder, other = catalog.take(2), catalog.take(2)
    variant = holder["variants"][0]
    store.patch_variant(holder["id"], variant["id"], sku=other["variants"][0]["sku"])
    store.insert_product(name="Another", sku=variant["sku"], price=3)
    after = compare(mode=mode)
    assert after.variants[variant["sku"].strip()]["variant_id"] == variant["id"]


def test_variants_that_match_rows_of_different_listings_are_left_alone(
    compare: Comparison, store: SandboxProcess, database: Database
) -> None:
    product = Catalog(store).take(3)
    sku = product["variants"][0]["sku"].strip()
    database.run("insert into core.listing (channel, listing_key) values ('shop', 'ours'), ('shop', 'theirs')")
    for key, variant in zip(("ours", "theirs"), product["variants"], strict=False):
        database.run(
            "insert into core.listing_variant (channel, listing_key, master_sku) values ('shop', %s, %s)",
            key,
            variant["sku"].strip().lower(),
        )
    after = compare()
    assert after.problems["product", str(product["id"]), "ambiguous_listing"] == 1
    database.run("update core.listing_variant set listing_key = 'ours' where listing_key = 'theirs'")
    after = compare()
    assert after.listings["ours"]["product_id"] == product["id"]
    assert sku.lower() in after.variants


# Listings and inventory that the warehouse had before it ever saw the store.


def load_items(database: Database, store: SandboxProcess) -> None:
    """Inventory for three SKUs of four: at the store's own price and stock, at others, or with half of it unknown."""
    skus: dict[str, tuple[Product, Product]] = {}
    for product in store.products():
        for variant in product["variants"]:
            skus.setdefault(variant["sku"].strip().lower(), (product, variant))
    skus.pop("", None)
    values = []
    for number, (sku, (product, variant)) in enumerate(sorted(skus.items())):
        price = Decimal(str(variant["price"] or product["price"]))
        kinds = (
            (price, variant["inventory_level"]),
            (price + Decimal("0.055"), 17),
            (None, 60),
            (Decimal("12.345"), None),
            (None, None),
        )
        if number % 8 < len(kinds):
            values.append((sku, *kinds[number % 8]))
    database.run(
        "insert into core.inventory_item (master_sku, price, quantity)"
        " select * from unnest(%s::text [], %s::numeric [], %s::bigint [])",
        *(list(column) for column in zip(*values, strict=True)),
    )


@pytest.mark.parametrize("rules", [PLAIN, SHAPED], ids=["plain", "shaped"])
@pytest.mark.parametrize("mode", MODES)
def test_inventory_decides_what_it_prices_and_counts(
    compare: Comparison, store: SandboxProcess, database: Database, mode: str, rules: Rules
) -> None:
    load_items(database, store)
    compare(rules=rules)
    edit_the_warehouse(database)
    database.run("update core.listing_variant set inventory_sku = 'RENAMED-1' where variant_id % 50 = 0")
    edit_the_store(store)
    compare(mode=mode, rules=rules)
    database.run("update core.inventory_item set price = null where quantity = 17")
    database.run("delete from core.inventory_item where quantity = 60")
    compare(mode=mode, rules=rules)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("linked", [False, True], ids=["own", "linked"])
def test_rows_that_stood_in_the_warehouse_first_are_linked(
    compare: Comparison, store: SandboxProcess, database: Database, mode: str, linked: bool
) -> None:
    if linked:
        load_items(database, store)
    catalog = Catalog(store)
    for number in range(12):
        product = catalog.take(1 + number % 3)
        database.run(
            "insert into core.listing (channel, listing_key, title, price) values ('shop', %s, 'Ours', 10)",
            f"k{number}",
        )
        for place, variant in enumerate(product["variants"][: 1 + number % 2]):
            database.run(
                "insert into core.listing_variant (channel, listing_key, master_sku, price, quantity)"
                " values ('shop', %s, %s, %s, %s)",
                f"k{number}",
                variant["sku"].strip().upper(),
                (None, variant["price"], 9)[(number + place) % 3],
                (None, variant["inventory_level"], 4)[(number // 3) % 3],
            )
    rules = SHAPED if linked else PLAIN
    after = compare(mode=mode, rules=rules)
    assert all(after.listings[f"k{number}"]["product_id"] for number in range(12))
    compare(mode=mode, rules=rules)


# A large store.


LARGE = 20_000 if EFFORT > 1 else 3_000


@pytest.fixture(scope="module")
def large_store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=LARGE, variants=2, clean=True, quota=0) as store:
        yield store


def test_a_large_store_comes_in_field_by_field_with_few_requests(
    large_store: SandboxProcess, database: Database
) -> None:
    large_store.forget_requests()
    after = Comparison(large_store, database)()
    assert len(after.listings) == LARGE
    assert len(after.variants) == 2 * LARGE
    assert large_store.request_count() <= math.ceil(LARGE / PAGE) + 10
