"""Whatever a store, a warehouse and its inventory go through, each import leaves what the oracle says it must leave."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from sandbox.process import SandboxProcess
from tests.databases import Database
from tests.effort import EFFORT
from tests.operations.oracle import Row, Rules
from tests.operations.test_import_against_oracle import Comparison, made_anew

STOCKED = 40
"""Products of the one store; each example keeps a few of them."""
FEWEST, MOST = 12, 20
SKIPPABLE = (
    "title", "description", "price", "quantity", "brand", "categories", "images", "custom_fields", "weight",
    "identifiers",
)  # fmt: skip
BOUNDS = settings(
    max_examples=12 * EFFORT,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # add Phase.shrink to have a failure made smaller; it takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

PRICES = st.sampled_from([0.0, 1.5, 9.99, 37.27])
LEVELS = st.sampled_from([0, 1, 7, 41])
MODES = st.sampled_from(["create_only", "create_and_overwrite"])
CHANNEL_RULES = st.sampled_from([Rules(), Rules(Decimal("1.1"), 2, 30)])
Edit = tuple[str, int, Any]
"""What is done, to which one (counted round), and the new value."""


def edit(name: str, value: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[Edit]:
    return st.tuples(st.just(name), st.integers(0, 60), st.none() if value is None else value)


def some(*edits: st.SearchStrategy[Edit]) -> st.SearchStrategy[list[Edit]]:
    return st.lists(st.one_of(*edits), min_size=1, max_size=4)


STORE_EDITS = some(
    edit("price_product", PRICES),
    edit("price_variant", st.none() | PRICES),
    edit("restock", LEVELS),
    edit("track", st.sampled_from(["none", "product", "variant"])),
    edit("show", st.booleans()),
    edit("name", st.sampled_from(["A", "ŻÓŁĆ \U0001f34f", " A "])),
    edit("rename_sku", st.sampled_from(["anew", "in other case", "as one before"])),
    edit("swap_skus", st.integers(0, 60)),
    edit("delete_product"),
    edit("make_anew"),
    edit("make_under_known_sku", PRICES),
)
WAREHOUSE_EDITS = some(
    edit("price_row", st.none() | PRICES),
    edit("count_row", st.none() | LEVELS),
    edit("price_listing", st.none() | PRICES),
    edit("title_listing", st.sampled_from(["Ours", None])),
    edit("pause_listing", st.booleans()),
    edit("hide_listing", st.sampled_from(["out_of_stock", "unavailable"])),
    edit("delete_row"),
    edit("delete_listing"),
)
INVENTORY_EDITS = some(
    edit("put_item", st.tuples(st.none() | PRICES, st.none() | LEVELS)),
    edit("delete_item"),
    edit("null_item", st.sampled_from(["price", "quantity"])),
)


def money(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


class ImportHistory(RuleBasedStateMachine):
    """A channel of its own, from an empty warehouse on."""

    store: ClassVar[SandboxProcess]
    database: ClassVar[Database]
    numbers: ClassVar[Iterator[int]]

    def __init__(self) -> None:
        super().__init__()
        self.channel = f"h{next(self.numbers)}"
        self.compare = Comparison(self.store, self.database)
        self.products: list[Row] = []
        self.deleted: list[Row] = []
        self.former_skus: list[str] = []
        self.serial = 0
        self.store.reset()
        self.database.run("delete from core.inventory_item")

    @initialize(seed=st.integers(0, 1000), size=st.integers(FEWEST, MOST), paused=st.booleans())
    def a_first_import(self, seed: int, size: int, paused: bool) -> None:
        products = self.store.products()
        kept = {product["id"] for product in random.Random(seed).sample(products, size)}
        for product in products:
            if product["id"] in kept:
                self.products.append(product)
            else:
                self.store.delete_product(product["id"])
        self.compare(channel=self.channel, paused=paused)

    @rule(mode=MODES, skipped=st.sets(st.sampled_from(SKIPPABLE), max_size=4), rules=CHANNEL_RULES)
    def an_import(self, mode: str, skipped: set[str], rules: Rules) -> None:
        overwrite = dict.fromkeys(sorted(skipped), "skip")
        self.compare(channel=self.channel, mode=mode, overwrite=overwrite, rules=rules)

    @rule(edits=STORE_EDITS)
    def the_store_changes(self, edits: list[Edit]) -> None:
        self.make(edits)

    @rule(edits=WAREHOUSE_EDITS)
    def the_warehouse_changes(self, edits: list[Edit]) -> None:
        self.make(edits)

    @rule(edits=INVENTORY_EDITS)
    def the_inventory_changes(self, edits: list[Edit]) -> None:
        self.make(edits)

    @rule(store=STORE_EDITS, warehouse=WAREHOUSE_EDITS, mode=MODES, rules=CHANNEL_RULES)
    def both_sides_change_and_meet(self, store: list[Edit], warehouse: list[Edit], mode: str, rules: Rules) -> None:
        self.make(store + warehouse)
        self.compare(channel=self.channel, mode=mode, rules=rules)

    def make(self, edits: list[Edit]) -> None:
        for name, pick, value in edits:
            getattr(self, name)(pick, value)

    # The store's staff.

    def product(self, pick: int) -> Row:
        return self.products[pick % len(self.products)]

    def variant(self, pick: int) -> tuple[Row, Row]:
        every = [(product, variant) for product in self.products for variant in product["variants"]]
        return every[pick % len(every)]

    def patch(self, product: Row, **fields: Any) -> None:
        product |= self.store.patch_product(product["id"], **fields)

    def patch_variant(self, product: Row, variant: Row, **fields: Any) -> None:
        variant |= self.store.patch_variant(product["id"], variant["id"], **fields)

    def price_product(self, pick: int, price: float) -> None:
        self.patch(self.product(pick), price=price)

    def price_variant(self, pick: int, price: float | None) -> None:
        self.patch_variant(*self.variant(pick), price=price)

    def restock(self, pick: int, level: int) -> None:
        product, variant = self.variant(pick)
        self.patch_variant(product, variant, inventory_level=level)
        if len(product["variants"]) == 1:
            self.patch(product, inventory_level=level)

    def track(self, pick: int, tracking: str) -> None:
        self.patch(self.product(pick), inventory_tracking=tracking)

    def show(self, pick: int, visible: bool) -> None:
        self.patch(self.product(pick), is_visible=visible)

    def name(self, pick: int, name: str) -> None:
        self.patch(self.product(pick), name=name)

    def rename_sku(self, pick: int, how: str) -> None:
        product, variant = self.variant(pick)
        sku = variant["sku"]
        self.serial += 1
        if how == "in other case":
            new = sku.swapcase()
        elif how == "as one before" and self.former_skus:
            new = self.former_skus[pick % len(self.former_skus)]
        else:
            new = f"NEW-{self.serial}"
        self.patch_variant(product, variant, sku=new)
        self.former_skus.append(sku)

    def swap_skus(self, pick: int, other: int) -> None:
        (product, variant), (second, another) = self.variant(pick), self.variant(other)
        mine, theirs = variant["sku"], another["sku"]
        self.patch_variant(product, variant, sku=theirs)
        self.patch_variant(second, another, sku=mine)

    def delete_product(self, pick: int, _: None) -> None:
        if len(self.products) > 1:
            product = self.product(pick)
            self.store.delete_product(product["id"])
            self.products.remove(product)
            self.deleted.append(product)
            self.former_skus += [variant["sku"] for variant in product["variants"]]

    def make_anew(self, pick: int, _: None) -> None:
        if self.deleted:
            self.products.append(made_anew(self.store, self.deleted.pop(pick % len(self.deleted))))

    def make_under_known_sku(self, pick: int, price: float) -> None:
        if row := self.row(pick):
            made = self.store.insert_product(name="Made anew", sku=row["master_sku"], price=price, inventory_level=5)
            self.products.append(made)

    # The warehouse's people.

    def row(self, pick: int) -> Row | None:
        query = "select * from core.listing_variant where channel = %s order by variant_id, master_sku"
        rows = self.database.rows(query, self.channel)
        return rows[pick % len(rows)] if rows else None

    def set_of_row(self, pick: int, column: str, value: object) -> None:
        if row := self.row(pick):
            self.database.run(
                f"update core.listing_variant set {column} = %s where channel = %s and master_sku = %s",
                value,
                self.channel,
                row["master_sku"],
            )

    def set_of_listing(self, pick: int, columns: str, *values: object) -> None:
        if row := self.row(pick):
            self.database.run(
                f"update core.listing set {columns} where channel = %s and listing_key = %s",
                *values,
                self.channel,
                row["listing_key"],
            )

    def price_row(self, pick: int, price: float | None) -> None:
        self.set_of_row(pick, "price", money(price))

    def count_row(self, pick: int, quantity: int | None) -> None:
        self.set_of_row(pick, "quantity", quantity)

    def price_listing(self, pick: int, price: float | None) -> None:
        self.set_of_listing(pick, "price = %s", money(price))

    def title_listing(self, pick: int, title: str | None) -> None:
        self.set_of_listing(pick, "title = %s", title)

    def pause_listing(self, pick: int, paused: bool) -> None:
        self.set_of_listing(pick, "paused = %s", paused)

    def hide_listing(self, pick: int, hidden_as: str) -> None:
        self.set_of_listing(pick, "status = 'hidden', hidden_as = %s", hidden_as)

    def delete_row(self, pick: int, _: None) -> None:
        if row := self.row(pick):
            self.database.run(
                "delete from core.listing_variant where channel = %s and master_sku = %s",
                self.channel,
                row["master_sku"],
            )

    def delete_listing(self, pick: int, _: None) -> None:
        if row := self.row(pick):
            for table in ("listing_variant", "listing"):
                self.database.run(
                    f"delete from core.{table} where channel = %s and listing_key = %s",
                    self.channel,
                    row["listing_key"],
                )

    # The feeds that fill the inventory.

    def item(self, pick: int) -> str | None:
        items = self.database.rows("select master_sku from core.inventory_item order by master_sku")
        return items[pick % len(items)]["master_sku"] if items else None

    def put_item(self, pick: int, value: tuple[float | None, int | None]) -> None:
        price, quantity = value
        if row := self.row(pick):
            self.database.run(
                "insert into core.inventory_item (master_sku, price, quantity) values (%s, %s, %s)"
                " on conflict (master_sku) do update set price = excluded.price, quantity = excluded.quantity",
                row["master_sku"].lower(),
                money(price),
                quantity,
            )

    def delete_item(self, pick: int, _: None) -> None:
        self.database.run("delete from core.inventory_item where master_sku = %s", self.item(pick))

    def null_item(self, pick: int, column: str) -> None:
        self.database.run(f"update core.inventory_item set {column} = null where master_sku = %s", self.item(pick))


@pytest.fixture(scope="module")
def small_store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=STOCKED, seed=5, quota=0) as store:
        yield store


def test_every_import_of_a_history_leaves_what_the_oracle_says(small_store: SandboxProcess, database: Database) -> None:
    bound = {"store": small_store, "database": database, "numbers": itertools.count(1)}
    run_state_machine_as_test(type("History", (ImportHistory,), bound), settings=BOUNDS)
