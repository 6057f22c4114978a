"""The whole store: its state, and how to keep a state and come back to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from sandbox.catalog.catalog import Catalog, CatalogState
from sandbox.catalog.plan import Plan
from sandbox.clock import Clock
from sandbox.effects import Effect
from sandbox.exchange import Json, Request, invalid
from sandbox.faults import Faults, Rule
from sandbox.newcomers import Newcomers
from sandbox.oauth.apps import OAuth, OAuthState
from sandbox.orders.lines import shelf_of
from sandbox.orders.orders import Orders, OrdersState
from sandbox.orders.plan import OrdersPlan
from sandbox.rate_limit import RateLimit
from sandbox.stock import Stock
from sandbox.tokens import Tokens


class Configuration(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=False):
    """What can be changed while the store runs."""

    quota: int = 150
    window_ms: int = 30_000
    latency_ms: float = 0
    clock_offset_seconds: float = 0
    inventory_delay_ms: float = 0
    name: str = "Sandbox Store"
    plan: str = "Standard"
    currency: str = "USD"
    currency_symbol: str = "$"
    decimal_places: int = 2
    timezone: str = "America/Chicago"
    weight_units: str = "KGS"
    is_price_entered_with_tax: bool = False
    refused_skus: dict[str, str] = {}
    """SKUs that the store takes no change of, each with the reason that it gives."""
    partly_saved: dict[str, str] = {}
    """SKUs whose product is saved without its stock and URL (207), each with the reason that the store gives."""
    lookup_delay: float = 0
    """For so many seconds after its creation a product or variant is found by id only, not by SKU or name."""
    shipments_move_status: Literal["always", "never"] = "always"
    """Whether a shipment made through the API moves its order on to Partially Shipped or Shipped."""
    returns_state: Literal["always", "never"] = "always"
    """Whether an app's auth callback gets back the ``state`` that the app began with."""
    replaces_token: bool = True
    """Whether an app's new token ends its former one."""


class StoreState(msgspec.Struct):
    """A kept state of the store."""

    plan: Plan
    catalog: CatalogState
    locations: dict[int, Json]
    elsewhere: dict[int, dict[int, int]]
    tokens: dict[str, list[str]]
    configuration: Configuration
    faults: list[Rule]
    effects: list[Effect]
    counts: dict[str, dict[str, int]]
    serial: int
    orders_plan: OrdersPlan = OrdersPlan()
    orders: OrdersState = msgspec.field(default_factory=OrdersState)
    oauth: OAuthState = msgspec.field(default_factory=OAuthState)


class Store:
    """One store.

    :param store_hash: the hash its paths begin with.
    :param plan: what the made-up catalog is like.
    :param configuration: quota, currency and the like.
    :param orders_plan: what the made-up orders are like; none are made up without it.
    """

    def __init__(
        self, store_hash: str, plan: Plan, configuration: Configuration, orders_plan: OrdersPlan | None = None
    ) -> None:
        self.hash = store_hash
        self.catalog = Catalog(plan)
        brands = {brand_id: brand["name"] for brand_id, brand in self.catalog.brands.items()}
        # Orders are of the catalog as it was made up: what was bought does not change with the product.
        shelf = shelf_of(list(self.catalog.indexes.facts.values()), brands)
        self.orders = Orders(orders_plan or OrdersPlan(), shelf, store_hash)
        self.stock = Stock()
        self.tokens = Tokens()
        self.oauth = OAuth()
        self.faults = Faults()
        self.clock = Clock(configuration.clock_offset_seconds)
        self.rate_limit = RateLimit(configuration.quota, configuration.window_ms)
        self.configuration = configuration
        self.effects: list[Effect] = []
        self.counts: dict[str, Counter[str]] = {}
        self.violations: list[Json] = []
        self.newcomers = Newcomers()
        # Numbers that must not repeat: request ids, inventory transactions.
        self.serial = 0
        # Counts the times the state was put back; what was still under way before must not take effect after.
        self.restorations = 0
        self._original = self.state()
        self._snapshot: StoreState | None = None

    def next_serial(self) -> int:
        """A number never given before."""
        self.serial += 1
        return self.serial

    def configure(self, changes: Json) -> None:
        """Change some of the configuration, at once; another quota begins with a new window.

        :raises msgspec.ValidationError: an unknown name or a value of a wrong type.
        """
        self._apply(msgspec.convert(msgspec.to_builtins(self.configuration) | changes, Configuration))
        if changes.keys() & {"quota", "window_ms"}:
            self.rate_limit.start_over()

    def _apply(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.rate_limit.quota = configuration.quota
        self.rate_limit.window_ms = configuration.window_ms
        self.clock.offset_seconds = configuration.clock_offset_seconds

    def refuse(self, product: Json, *skus: str | None) -> None:
        """Refuse a change where the configuration wants that.

        :param product: its SKU and those of its variants count, where no others are given.
        :raises Refusal: 422 with the reason.
        """
        reason = _reason(self.configuration.refused_skus, skus or _skus(product))
        if reason is not None:
            raise invalid({"sku": reason})

    def reason_unsaved(self, *records: Json) -> str | None:
        """Why stock and URL are not saved, where the configuration wants that.

        :param records: products or variants; their SKUs count, and those of a product's variants.
        """
        return _reason(self.configuration.partly_saved, [sku for each in records for sku in _skus(each)])

    def unknown_to_lookups(self, kind: str) -> frozenset[int]:
        """Ids of the ``product`` or ``variant`` records that no lookup by SKU or name finds yet."""
        delay = self.configuration.lookup_delay
        return self.newcomers.unknown(kind, self.clock.now(), delay) if delay else frozenset()

    def count(self, request: Request, outcome: str) -> None:
        """Note how a request ended: its status, or the fault that cut it."""
        route = f"{request.method} {request.template or request.path}"
        self.counts.setdefault(route, Counter())[outcome] += 1

    def note(self, request: Request, kind: str, record_id: Any, change: Any) -> None:
        """Enter a change into the effects log."""
        made_by = (request.id, request.method, request.path)
        self.effects.append(Effect(len(self.effects) + 1, self.clock.iso(), *made_by, kind, record_id, change))

    def state(self) -> StoreState:
        """The present state, to be kept."""
        return StoreState(
            plan=self.catalog.plan,
            catalog=self.catalog.state(),
            locations=dict(self.stock.locations),
            elsewhere={location: dict(held) for location, held in self.stock.elsewhere.items()},
            tokens={token: list(scopes) for token, scopes in self.tokens.scopes.items()},
            configuration=self.configuration,
            faults=[msgspec.structs.replace(rule) for rule in self.faults.rules],
            effects=list(self.effects),
            counts={route: dict(outcomes) for route, outcomes in self.counts.items()},
            serial=self.serial,
            orders_plan=self.orders.plan,
            orders=self.orders.state(),
            oauth=self.oauth.state(),
        )

    def restore(self, state: StoreState) -> None:
        """Go back to a kept state, with a new rate window; the violations found so far stay."""
        self.catalog.restore(state.catalog)
        self.orders.restore(state.orders)
        self.stock.locations = dict(state.locations)
        self.stock.elsewhere = {location: dict(held) for location, held in state.elsewhere.items()}
        self.tokens.scopes = {token: list(scopes) for token, scopes in state.tokens.items()}
        self.oauth.restore(state.oauth)
        self._apply(state.configuration)
        self.faults.release()
        self.faults.rules = [msgspec.structs.replace(rule, held=0) for rule in state.faults]
        self.effects = list(state.effects)
        self.counts = {route: Counter(outcomes) for route, outcomes in state.counts.items()}
        self.newcomers.forget()
        self.restorations += 1
        self.serial = max(self.serial, state.serial)
        self.rate_limit.start_over()

    def take_snapshot(self) -> None:
        """Keep the present state for ``reset``."""
        self._snapshot = self.state()

    def reset(self) -> None:
        """Go back to the snapshot, or to the state the store began with."""
        self.restore(self._snapshot or self._original)

    def save(self, file: Path) -> None:
        """Write the state to a file, whole or not at all."""
        partial = file.with_name(file.name + ".partial")
        partial.write_bytes(msgspec.json.encode(self.state()))
        partial.replace(file)


def _skus(record: Json) -> Iterator[str]:
    """The SKU of a product or variant, and those of a product's variants; what is no SKU is passed over."""
    variants = record.get("variants")
    for each in (record, *(variants if isinstance(variants, list) else ())):
        sku = each.get("sku") if isinstance(each, dict) else None
        if isinstance(sku, str):
            yield sku


def _reason(configured: Mapping[str, str], skus: Iterable[str | None]) -> str | None:
    """The reason configured for one of the SKUs, whatever its letter case."""
    if not configured:
        return None
    reasons = {sku.lower(): reason for sku, reason in configured.items()}
    return next((reasons[sku.lower()] for sku in skus if sku and sku.lower() in reasons), None)


def load_state(file: Path) -> StoreState:
    """Read a saved state."""
    return msgspec.json.decode(file.read_bytes(), type=StoreState)
