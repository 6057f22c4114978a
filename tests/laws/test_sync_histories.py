"""Whatever a store, a warehouse and its inventory go through, a sync sends what is newly wanted, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import pytest
import requests
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from requests import PreparedRequest

from sandbox.process import SandboxProcess
from tests.databases import Database
from tests.effort import EFFORT
from tests.operations.conftest import Import, SyncListings
from tests.operations.edges import at_request, at_statement, body_of, change_body

BOUNDS = settings(
    max_examples=10 * EFFORT,
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # add Phase.shrink to have a failure made smaller; it takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
PRODUCTS = {"p1": ["A"], "p2": ["B"], "p3": ["C1", "C2", "C3"], "p4": ["D1", "D2"], "p5": ["E"]}
"""Of p3 and p4, C3 and D1 have prices of their own. All stock is tracked by variant."""
OWN_PRICED = {"C3", "D1"}
SKUS = st.sampled_from([sku for skus in PRODUCTS.values() for sku in skus])
KEYS = st.sampled_from(list(PRODUCTS))
PRICES = st.sampled_from([5.0, 9.99, 10.0, 12.5, 37.27])
LEVELS = st.sampled_from([0, 1, 5, 8, 41])
MODES = st.sampled_from(["create_only", "create_and_overwrite"])
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("a_sale"), SKUS, st.integers(1, 3)),
        st.tuples(st.just("a_sale"), SKUS, st.integers(1, 3)),
        st.tuples(st.just("the_staff_counts"), SKUS, LEVELS),
        st.tuples(st.just("the_staff_prices"), SKUS, PRICES),
        st.tuples(st.just("a_feed"), SKUS, PRICES, LEVELS),
        st.tuples(st.just("an_own_price"), SKUS, PRICES),
        st.tuples(st.just("an_own_quantity"), SKUS, LEVELS),
        st.tuples(st.just("a_pause_or_its_end"), KEYS),
        st.tuples(st.just("a_hiding_or_its_end"), KEYS),
    ),
    min_size=2,
    max_size=8,
)


@dataclass
class Variant:
    """What the design says of a variant, from the warehouse's side."""

    key: str
    own_price: float
    own_quantity: int
    synced_price: float
    synced_quantity: int
    item: tuple[float, int] | None = None
    held: tuple[int, int] | None = None
    """While its stock hides it: what the store had before, and what was wanted then."""


@dataclass
class Listing:
    status: str = "listed"
    hidden_as: str | None = None
    queued: str | None = None
    paused: bool = False


class SyncHistory(RuleBasedStateMachine):
    """A channel of its own, from an empty warehouse on."""

    store: ClassVar[SandboxProcess]
    database: ClassVar[Database]
    numbers: ClassVar[Iterator[int]]

    def __init__(self) -> None:
        super().__init__()
        self.channel = f"h{next(self.numbers)}"
        self.pull = Import(self.store, self.database)
        self.push = SyncListings(self.store, self.database)
        self.runs = itertools.count(1)
        self.store.reset()
        self.database.run("delete from core.inventory_item")
        self.ids: dict[str, int] = {}
        for key, skus in PRODUCTS.items():
            several = len(skus) > 1
            product = self.store.insert_product(
                name=key,
                sku="" if several else skus[0],
                price=10.0,
                inventory_tracking="variant",
                variants=[
                    {
                        "sku": sku,
                        "price": 10.0 if sku in OWN_PRICED else None,
                        "inventory_level": 5,
                        "option_values": [
                            {"id": number, "option_id": 1, "option_display_name": "Size", "label": f"S{number}"}
                        ]
                        if several
                        else [],
                    }
                    for number, sku in enumerate(skus)
                ],
            )
            self.ids[key] = product["id"]
        self.variants = {sku: Variant(key, 10.0, 5, 10.0, 5) for key, skus in PRODUCTS.items() for sku in skus}
        self.listings = {key: Listing() for key in PRODUCTS}
        self.observed = dict.fromkeys(self.variants, 5)

    @initialize(hide_as=st.sampled_from(["invisible", "unavailable", "out_of_stock"]))
    def a_first_import(self, hide_as: str) -> None:
        self.hide_as = hide_as
        self.pull(channel=self.channel, new_listings_paused=False, sync_listings={"hide_as": hide_as})

    @rule(edits=EDITS, mode=st.none() | MODES, synced=st.sampled_from([True, True, False]))
    def a_round(self, edits: list[tuple[Any, ...]], mode: str | None, synced: bool) -> None:
        for name, *values in edits:
            getattr(self, name)(*values)
        if mode is not None:
            self.an_import(mode)
        if synced:
            self.a_sync()

    # What the store has.

    def shown(self) -> dict[str, dict[str, Any]]:
        """Price, stock, whether the price is inherited, and how the product shows, by SKU."""
        skus = {}
        for product in self.store.products():
            if product["id"] not in self.ids.values():
                continue
            for variant in product["variants"]:
                inherits = variant["price"] is None
                skus[variant["sku"]] = {
                    "product": product,
                    "variant": variant,
                    "inherits": inherits,
                    "price": product["price"] if inherits else variant["price"],
                    "stock": variant["inventory_level"],
                    "looks": (product["is_visible"], product["availability"]),
                }
        return skus

    def a_sale(self, sku: str, units: int) -> None:
        seen = self.shown()[sku]
        level = max(seen["stock"] - units, 0)
        self.store.patch_variant(seen["product"]["id"], seen["variant"]["id"], inventory_level=level)

    def the_staff_counts(self, sku: str, level: int) -> None:
        seen = self.shown()[sku]
        self.store.patch_variant(seen["product"]["id"], seen["variant"]["id"], inventory_level=level)

    def the_staff_prices(self, sku: str, price: float) -> None:
        seen = self.shown()[sku]
        if seen["inherits"]:
            self.store.patch_product(seen["product"]["id"], price=price)
        else:
            self.store.patch_variant(seen["product"]["id"], seen["variant"]["id"], price=price)

    # What the warehouse wants.

    def a_feed(self, sku: str, price: float, quantity: int) -> None:
        self.database.run(
            "insert into core.inventory_item (master_sku, price, quantity) values (%s, %s, %s) on conflict (master_sku)"
            " do update set price = excluded.price, quantity = excluded.quantity, updated_at = now()",
            sku,
            Decimal(str(price)),
            quantity,
        )
        self.variants[sku].item = (price, quantity)

    def an_own_price(self, sku: str, price: float) -> None:
        self.set_variant(sku, "price", Decimal(str(price)))
        self.variants[sku].own_price = price

    def an_own_quantity(self, sku: str, quantity: int) -> None:
        self.set_variant(sku, "quantity", quantity)
        self.variants[sku].own_quantity = quantity

    def a_pause_or_its_end(self, key: str) -> None:
        listing = self.listings[key]
        listing.paused = not listing.paused
        self.set_listing(key, "paused", listing.paused)

    def a_hiding_or_its_end(self, key: str) -> None:
        listing = self.listings[key]
        listing.queued = {"listed": "hide", "hidden": "unhide"}[listing.status] if listing.queued is None else None
        self.set_listing(key, "queued_action", listing.queued)

    def set_variant(self, sku: str, column: str, value: object) -> None:
        self.database.run(
            f"update core.listing_variant set {column} = %s where channel = %s and master_sku = %s",
            value,
            self.channel,
            sku,
        )

    def set_listing(self, key: str, column: str, value: object) -> None:
        self.database.run(
            f"update core.listing set {column} = %s where channel = %s and title = %s", value, self.channel, key
        )

    def wanted_price(self, variant: Variant) -> float:
        return variant.item[0] if variant.item else variant.own_price

    def wanted_quantity(self, variant: Variant) -> int:
        listing = self.listings[variant.key]
        kept_hidden = listing.hidden_as == "out_of_stock" and listing.queued != "unhide"
        to_be_hidden = self.hide_as == "out_of_stock" and listing.status == "listed" and listing.queued == "hide"
        if kept_hidden or to_be_hidden:
            return 0
        return variant.item[1] if variant.item else variant.own_quantity

    # Runs.

    def an_import(self, mode: str) -> None:
        shown = self.shown()
        self.pull(channel=self.channel, mode=mode, new_listings_paused=False, sync_listings={"hide_as": self.hide_as})
        overwrites = mode == "create_and_overwrite"
        for sku, variant in self.variants.items():
            seen = shown[sku]
            if overwrites and not variant.item:
                variant.own_price = seen["price"]
            if self.wanted_price(variant) == seen["price"]:
                variant.synced_price = seen["price"]
            if variant.item or self.listings[variant.key].hidden_as == "out_of_stock":
                wanted = self.wanted_quantity(variant)
            else:
                if overwrites or variant.own_quantity == variant.synced_quantity:
                    variant.own_quantity = seen["stock"]
                wanted = variant.own_quantity
            if wanted == seen["stock"]:
                variant.synced_quantity = wanted
            self.observed[sku] = seen["stock"]
        assert self.store_looks() == {sku: (each["price"], each["stock"], each["looks"]) for sku, each in shown.items()}

    def a_sync(self) -> None:
        before, effects = self.shown(), len(self.store.effects())
        self.run_sync()
        after = self.shown()
        paused = {self.ids[key] for key, listing in self.listings.items() if listing.paused}
        frozen = {each["product"]["id"]: each["product"] for each in before.values()}
        for product_id in paused:
            (product,) = {
                p["id"]: p for p in (each["product"] for each in after.values()) if p["id"] == product_id
            }.values()
            assert product == frozen[product_id], "a paused listing was written to"
        variant_ids = {each["variant"]["id"]: sku for sku, each in before.items()}
        set_stock = [each for each in self.store.effects()[effects:] if each["kind"] == "stock.set"]
        newly_wanted = {
            sku
            for sku, variant in self.variants.items()
            if not self.listings[variant.key].paused and self.wanted_quantity(variant) != variant.synced_quantity
        }
        hides = {sku for sku, variant in self.variants.items() if self.hides_by_stock(self.listings[variant.key])}
        # what the store shows of a listing about to be hidden goes too, wanted or not
        newly_wanted |= {sku for sku in hides if self.observed[sku] != 0}
        touched = [variant_ids[each["id"]["variant_id"]] for each in set_stock]
        assert sorted(touched) == sorted(newly_wanted), "a quantity that is not newly wanted was sent, or one was not"
        for sku, variant in self.variants.items():
            if self.listings[variant.key].paused:
                continue
            price, quantity = self.wanted_price(variant), self.wanted_quantity(variant)
            if price != variant.synced_price:
                assert after[sku]["price"] == price
            elif not before[sku]["inherits"]:
                assert after[sku]["price"] == before[sku]["price"], "a price that is not newly wanted was sent"
            else:  # it may have come along with its siblings' price
                assert after[sku]["price"] in (before[sku]["price"], price)
                if after[sku]["price"] != before[sku]["price"]:
                    variant.synced_price = price
            if sku in hides and sku in newly_wanted:
                variant.held = variant.held or (before[sku]["stock"], variant.synced_quantity)
            sent = quantity
            if (
                variant.held
                and quantity
                and self.listings[variant.key].queued == "unhide"
                and variant.held[1] == quantity
            ):
                sent = variant.held[0]
            if self.listings[variant.key].queued == "unhide":
                variant.held = None
            assert after[sku]["stock"] == (sent if sku in newly_wanted else before[sku]["stock"])
            if sku in newly_wanted:
                self.observed[sku] = sent
            variant.synced_price, variant.synced_quantity = price, quantity
        for key, listing in self.listings.items():
            if not listing.paused:
                self.show_or_hide(listing)
            sku = PRODUCTS[key][0]
            assert after[sku]["looks"] == (
                listing.hidden_as != "invisible",
                "disabled" if listing.hidden_as == "unavailable" else "available",
            )
        self.second_sync_sends_nothing()
        self.status_as_expected()

    def hides_by_stock(self, listing: Listing) -> bool:
        queued = listing.status == "listed" and listing.queued == "hide" and not listing.paused
        return queued and self.hide_as == "out_of_stock"

    def show_or_hide(self, listing: Listing) -> None:
        if listing.queued == "hide":
            listing.status, listing.hidden_as = "hidden", self.hide_as
        elif listing.queued == "unhide":
            listing.status, listing.hidden_as = "listed", None
        listing.queued = None

    def run_sync(self) -> None:
        self.push(
            channel=self.channel,
            run_id=f"{self.channel}-{next(self.runs)}",
            hide_as=self.hide_as,
            params={"confirm_large_change": True},
        )

    def second_sync_sends_nothing(self) -> None:
        self.store.forget_requests()
        self.run_sync()
        assert self.store.request_count() == 0, "a second sync sent something"

    def status_as_expected(self) -> None:
        rows = self.database.rows(
            "select title, status, hidden_as, queued_action from core.listing where channel = %s", self.channel
        )
        found = {row["title"]: (row["status"], row["hidden_as"], row["queued_action"]) for row in rows}
        assert {key: found[key] for key in self.listings} == {
            key: (listing.status, listing.hidden_as, listing.queued) for key, listing in self.listings.items()
        }

    def store_looks(self) -> dict[str, tuple[Any, ...]]:
        return {sku: (each["price"], each["stock"], each["looks"]) for sku, each in self.shown().items()}

    def teardown(self) -> None:
        """A quiet round: nothing paused, an import and a sync; then what is in sync is as it is wanted, or drifted."""
        for key, listing in self.listings.items():
            listing.paused = False
            self.set_listing(key, "paused", False)
        self.an_import("create_only")
        self.a_sync()
        self.an_import("create_only")
        shown = self.shown()
        rows = self.database.rows("select * from mart.listing_variants where channel = %s", self.channel)
        for row in rows:
            if row["master_sku"] not in self.variants:
                continue
            seen, variant = shown[row["master_sku"]], self.variants[row["master_sku"]]
            assert row["in_sync"]
            assert (float(row["price"]), row["quantity"]) == (self.wanted_price(variant), self.wanted_quantity(variant))
            assert (float(row["channel_price"]), row["channel_quantity"]) == (seen["price"], seen["stock"])
            as_wanted = (float(row["price"]), row["quantity"]) == (seen["price"], seen["stock"])
            assert as_wanted != row["drift"]
        problems = self.database.rows(
            "select * from mart.problems where open and channel = %s and operation = 'sync_listings'", self.channel
        )
        assert problems == []


@pytest.fixture(scope="module")
def small_store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=1, seed=5, quota=0, clean=True) as store:
        yield store


def live_histories(store: SandboxProcess, database: Database) -> None:
    bound = {"store": store, "database": database, "numbers": itertools.count(1)}
    run_state_machine_as_test(type("History", (SyncHistory,), bound), settings=BOUNDS)


def drift_pushed(database: Database) -> AbstractContextManager[None]:
    """A quantity is compared with what the store shows, not with what it last confirmed."""

    def compare(values: MutableMapping[str, Any]) -> None:
        if "put_stock_back" in values:
            values["put_stock_back"] = True

    return at_statement(database, "sync_listings/find_differing", compare)


def relative_stock(database: Database) -> AbstractContextManager[None]:
    """What goes to the store is by how much a quantity has changed, on top of what it has."""

    def add_up(request: PreparedRequest) -> None:
        body = body_of(request)
        asked = {int(each["variant_id"]) for each in body["items"]}
        newest_last = "select * from core.listing_variant where variant_id = any(%s) order by observed_at nulls first"
        former = {row["variant_id"]: row["synced_quantity"] for row in database.rows(newest_last, list(asked))}
        has = _stock(request, _products(database, asked))
        for each in body["items"]:
            at = int(each["variant_id"])
            each["quantity"] = max(has[at] + each["quantity"] - former[at], 0)
        change_body(request, body)

    return at_request(add_up, method="PUT", path="/v3/inventory/adjustments/absolute")


def _stock(request: PreparedRequest, products: list[dict[str, Any]]) -> dict[int, int]:
    """Units by variant, as the store shows them."""
    root = str(request.url).partition("/v3/")[0]
    named = ",".join(str(row["listing_product"]) for row in products)
    url = f"{root}/v3/inventory/locations/1/items?limit=1000&product_id:in={named}"
    shown = requests.get(url, headers={"X-Auth-Token": request.headers["X-Auth-Token"]}, timeout=10).json()["data"]
    return {each["identity"]["variant_id"]: each["available_to_sell"] for each in shown}


def _products(database: Database, variant_ids: set[int]) -> list[dict[str, Any]]:
    return database.rows(
        "select distinct l.product_id as listing_product from core.listing as l join core.listing_variant as v"
        " using (channel, listing_key) where v.variant_id = any(%s)",
        list(variant_ids),
    )


def test_every_sync_of_a_history_sends_what_is_newly_wanted_and_nothing_else(
    small_store: SandboxProcess, database: Database
) -> None:
    live_histories(small_store, database)


@pytest.mark.parametrize("worse", [drift_pushed, relative_stock])
def test_a_sync_that_is_worse_is_caught(
    worse: Callable[[Database], AbstractContextManager[None]], small_store: SandboxProcess, database: Database
) -> None:
    with worse(database), pytest.raises(AssertionError, match=r"not newly wanted|after"):
        live_histories(small_store, database)
