"""Operations without Airflow: a sandbox store over HTTP, a real Postgres, and the operation in between."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import pytest

from sandbox.process import SandboxProcess
from storekeeper.bigcommerce import last_look
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.operations import (
    change_listing_status,
    get_orders,
    import_listings,
    outbound,
    publication,
    publish_listings,
    shipping,
    sync_listings,
    sync_orders,
)
from storekeeper.operations.step import FIRST_TASK, Step, attempt
from storekeeper.outcomes import Counts
from storekeeper.settings import Channel
from storekeeper.warehouse.runs import Run
from tests.databases import Database
from tests.operations.publish_press import Press
from tests.operations.shipping_yard import Yard
from tests.operations.sync_shop import Shop
from tests.operations.terms import CLAIMS, QUICK


@pytest.fixture(autouse=True, scope="session")
def short_terms() -> Iterator[None]:
    """What is waited out after a lost answer is waited out here too, for tenths of seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(last_look, "LOOK_SECONDS", 0.4)
        patch.setattr(shipping, "LOOKS", (0.0, 0.05, 0.1))
        patch.setattr(publication, "LOOKS", (0.0, 0.05, 0.1, 0.2))
        patch.setattr(outbound, "FRESH_SECONDS", 0.1)
        yield


def store_client(store: SandboxProcess, token: str = "sandbox-token", patience: Patience = QUICK) -> StoreClient:
    return StoreClient(f"http://127.0.0.1:{store.port}", store.store_hash, token, patience=patience)


@pytest.fixture(scope="session")
def running_store() -> Iterator[SandboxProcess]:
    """A store of 300 products with all the oddities of an old catalog."""
    with SandboxProcess(products=300, seed=11, quota=0, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR")) as store:
        yield store


@pytest.fixture
def store(running_store: SandboxProcess) -> Iterator[SandboxProcess]:
    """The store as it was generated; afterwards every request and answer must have obeyed the specification."""
    running_store.reset()
    running_store.admin("violations", method="DELETE")
    yield running_store
    assert running_store.violations() == []


Importing = Callable[..., Counts]


class Import:
    """One channel's Import Listings, all three steps as Airflow would run them."""

    def __init__(self, store: SandboxProcess, database: Database) -> None:
        self._store = store
        self._database = database
        self._numbers = itertools.count(1)

    def __call__(
        self,
        *,
        channel: str = "shop",
        skus: tuple[str, ...] = (),
        dry_run: bool = False,
        confirm: bool = False,
        run_id: str | None = None,
        location_id: int | None = None,
        sync_listings: dict[str, Any] | None = None,
        token: str = "sandbox-token",
        tasks: Sequence[str] = tuple(import_listings.STEPS),
        **settings: Any,
    ) -> Counts:
        described = Channel.model_validate(
            {
                "channel": channel,
                "location_id": location_id,
                "import_listings": settings,
                "sync_listings": sync_listings or {},
            }
        )
        wanted = described.import_listings
        key = {
            "channel": channel,
            "operation": "import_listings",
            "run_id": run_id or f"run-{next(self._numbers)}",
            "dry_run": dry_run,
        }
        params = {"skus": list(skus), "dry_run": dry_run, "confirm_large_change": confirm}
        warehouse = self._database.warehouse()
        done: dict[str, Any] = {}
        try:
            for task in tasks:
                run = Run.begin(warehouse, **key, first=task == FIRST_TASK)
                step = Step(run, described, wanted, params, lambda: store_client(self._store, token))
                try:
                    done = import_listings.STEPS[task](step)
                finally:
                    step.close()
            return Counts(**done) if "read" in done else Counts()
        finally:
            warehouse.close()


@pytest.fixture
def run_import(store: SandboxProcess, database: Database) -> Import:
    return Import(store, database)


@pytest.fixture(scope="session")
def running_order_store() -> Iterator[SandboxProcess]:
    """A store of 60 products and 300 orders of the last 60 days, with all the oddities of real ones."""
    options = {"products": 60, "seed": 5, "quota": 0, "orders": 300, "orders_days": 60}
    with SandboxProcess(**options, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR")) as store:
        yield store


@pytest.fixture
def order_store(running_order_store: SandboxProcess) -> Iterator[SandboxProcess]:
    """The store as it was generated; afterwards every request and answer must have obeyed the specification."""
    running_order_store.reset()
    running_order_store.admin("violations", method="DELETE")
    yield running_order_store
    assert running_order_store.violations() == []


class Operation:
    """One operation of one channel, its steps as Airflow would run them."""

    name: ClassVar[str]
    steps: ClassVar[Mapping[str, Callable[[Step], dict[str, Any]]]]

    def __init__(self, store: SandboxProcess, database: Database) -> None:
        self._store = store
        self._database = database
        self._numbers = itertools.count(1)

    def run(
        self,
        described: dict[str, Any],
        *,
        run_id: str | None = None,
        params: dict[str, Any] | None = None,
        token: str = "sandbox-token",
        tasks: Collection[str] | None = None,
        patience: Patience = QUICK,
        backfill: tuple[datetime, datetime] | None = None,
    ) -> Counts:
        """Run it.

        :param described: the channel, as its file describes it.
        :param params: of this run alone.
        :param tasks: only these, of the run with this ``run_id``; without the last one it counts nothing.
        """
        channel = Channel.model_validate(described)
        chosen = [task for task in self.steps if tasks is None or task in tasks]
        run_id = run_id or f"run-{next(self._numbers)}"
        warehouse = self._database.warehouse()
        done: dict[str, Any] = {}
        try:
            for task in chosen:
                with attempt(
                    task,
                    warehouse,
                    channel,
                    self.name,
                    run_id=run_id,
                    params=params or {},
                    open_store=lambda: store_client(self._store, token, patience),
                    backfill=backfill,
                ) as step:
                    done = self.steps[task](step)
            return Counts(**done) if "load" in chosen else Counts()
        finally:
            warehouse.close()


HOW = frozenset({"run_id", "params", "token", "tasks", "patience", "backfill"})
"""How a run is made; every other keyword is a setting."""


def told_apart(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings, and how the run is made."""
    how = {name: value for name, value in given.items() if name in HOW}
    return {name: value for name, value in given.items() if name not in HOW}, how


class GetOrders(Operation):
    """Get Orders."""

    name, steps = "get_orders", get_orders.STEPS

    def __call__(self, *, channel: str = "shop", store_channel_id: int | None = None, **given: Any) -> Counts:
        """Run it with settings, and as :meth:`Operation.run` takes it."""
        settings, how = told_apart(given)
        described = {"channel": channel, "store_channel_id": store_channel_id, "get_orders": settings}
        return self.run(described, **how)


@pytest.fixture
def run_orders(order_store: SandboxProcess, database: Database) -> GetOrders:
    return GetOrders(order_store, database)


class SyncListings(Operation):
    """Sync Listings."""

    name, steps = "sync_listings", sync_listings.STEPS

    def __call__(
        self,
        *,
        channel: str = "shop",
        location_id: int | None = None,
        writing: dict[str, Any] | None = None,
        **given: Any,
    ) -> Counts:
        """Run it with settings, and as :meth:`Operation.run` takes it.

        :param writing: how workers agree on who may write.
        """
        settings, how = told_apart(given)
        described = {
            "channel": channel,
            "location_id": location_id,
            "sync_listings": {"verify_stock_sample": 0, **settings},
            "writing": writing or CLAIMS,
        }
        return self.run(described, **how)


class PublishListings(Operation):
    """Publish Listings."""

    name, steps = "publish_listings", publish_listings.STEPS

    def __call__(
        self,
        *,
        channel: str = "shop",
        location_id: int | None = None,
        store_channel_id: int | None = None,
        import_settings: dict[str, Any] | None = None,
        writing: dict[str, Any] | None = None,
        **given: Any,
    ) -> Counts:
        """Run it with settings, and as :meth:`Operation.run` takes it.

        :param writing: how workers agree on who may write.
        """
        settings, how = told_apart(given)
        described = {
            "channel": channel,
            "location_id": location_id,
            "store_channel_id": store_channel_id,
            "sync_listings": {"verify_stock_sample": 0},
            "publish_listings": settings,
            "import_listings": import_settings or {},
            "writing": writing or CLAIMS,
        }
        return self.run(described, **how)


class SyncOrders(Operation):
    """Sync Orders."""

    name, steps = "sync_orders", sync_orders.STEPS

    def __call__(
        self,
        *,
        channel: str = "shop",
        store_channel_id: int | None = None,
        import_settings: dict[str, Any] | None = None,
        writing: dict[str, Any] | None = None,
        **given: Any,
    ) -> Counts:
        """Run it with settings, and as :meth:`Operation.run` takes it.

        :param writing: how workers agree on who may write.
        """
        settings, how = told_apart(given)
        described = {
            "channel": channel,
            "store_channel_id": store_channel_id,
            "sync_orders": settings,
            "import_listings": import_settings or {},
            "writing": writing or CLAIMS,
        }
        return self.run(described, **how)


@pytest.fixture
def yard(running_small_store: SandboxProcess, database: Database) -> Iterator[Yard]:
    """A store without orders; afterwards every request and answer must have obeyed the specification."""
    store = running_small_store
    store.reset()
    store.clear_faults()
    store.admin("violations", method="DELETE")
    store.forget_requests()
    yield Yard(store, database, GetOrders(store, database), SyncOrders(store, database))
    store.configure(shipments_move_status="always", latency_ms=0)
    store.clear_faults()
    assert store.violations() == []


@pytest.fixture
def run_sync(store: SandboxProcess, database: Database) -> SyncListings:
    return SyncListings(store, database)


class ChangeStatus:
    """One channel's Change Listing Status, its one task as Airflow would run it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers = itertools.count(1)

    def __call__(
        self,
        action: str | None,
        *skus: str,
        channel: str = "shop",
        run_id: str | None = None,
        sync_listings: dict[str, Any] | None = None,
        **params: Any,
    ) -> Counts:
        """Run it.

        :param sync_listings: settings of the channel that its forecast reads.
        :param params: the run's other parameters.
        """
        described = Channel.model_validate({"channel": channel, "sync_listings": sync_listings or {}})
        warehouse = self._database.warehouse()
        try:
            ((task, work),) = change_listing_status.STEPS.items()
            with attempt(
                task,
                warehouse,
                described,
                "change_listing_status",
                run_id=run_id or f"run-{next(self._numbers)}",
                params={"action": action, "skus": list(skus), **params},
                open_store=_no_store,
            ) as step:
                return Counts(**work(step))
        finally:
            warehouse.close()


def _no_store() -> StoreClient:
    raise AssertionError("this operation calls no store")


@pytest.fixture
def change_status(database: Database) -> ChangeStatus:
    return ChangeStatus(database)


@pytest.fixture(scope="session")
def running_small_store() -> Iterator[SandboxProcess]:
    """A store of two products, to which tests add those that they are about."""
    options = {"products": 2, "seed": 3, "quota": 0, "clean": True}
    with SandboxProcess(**options, openapi=os.environ.get("BIGCOMMERCE_OPENAPI_DIR")) as store:
        yield store


@pytest.fixture
def shop(running_small_store: SandboxProcess, database: Database) -> Iterator[Shop]:
    """A small shop; afterwards every request and answer must have obeyed the specification."""
    running_small_store.reset()
    running_small_store.clear_faults()
    running_small_store.forget_requests()
    running_small_store.admin("violations", method="DELETE")
    yield Shop(
        running_small_store,
        database,
        Import(running_small_store, database),
        SyncListings(running_small_store, database),
    )
    assert running_small_store.violations() == []


@pytest.fixture
def run_publish(store: SandboxProcess, database: Database) -> PublishListings:
    return PublishListings(store, database)


@pytest.fixture
def press(running_small_store: SandboxProcess, database: Database) -> Iterator[Press]:
    """An empty shop with the category Shop; afterwards every request and answer must have obeyed the specification."""
    store = running_small_store
    store.reset()
    store.clear_faults()
    store.request("POST", "/v3/catalog/trees/categories", json=[{"name": "Shop", "tree_id": 1, "parent_id": 0}])
    store.admin("violations", method="DELETE")
    store.forget_requests()
    yield Press(
        store, database, PublishListings(store, database), Import(store, database), SyncListings(store, database)
    )
    store.configure(refused_skus={}, partly_saved={}, lookup_delay=0, latency_ms=0)
    store.clear_faults()
    assert store.violations() == []
