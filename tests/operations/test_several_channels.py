"""Two stores side by side in one warehouse, never mixing; a channel that gets another name."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from sandbox.process import SandboxProcess
from storekeeper.outcomes import AccessLost
from tests.databases import Database, WarehouseTemplate
from tests.operations.conftest import (
    ChangeStatus,
    GetOrders,
    Import,
    PublishListings,
    SyncListings,
    SyncOrders,
)

# Both stores number products, variants and orders alike, and have the same SKUs: what mixes them shows.
ALIKE = {"products": 40, "seed": 9, "orders": 30, "orders_days": 20, "quota": 0}

FIGURES = {
    "listings": "listing_key, product_id, title, status, paused, queued_action, variants, in_sync, problems",
    "listing_variants": "master_sku, product_id, variant_id, title, price, quantity, channel_price, channel_quantity",
    "sync_status": "master_sku, in_sync, reason",
    "orders": "order_id, status, subtotal, total, refunded, items_total, items_shipped",
    "order_items": "order_id, order_product_id, sku, quantity, quantity_shipped, line_total",
    "shipments": "order_id, shipment_key, store_shipment_id, tracking_number, carrier, state",
    "problems": "operation, entity, entity_key, reason, open",
    "push_history": "operation, entity, entity_key, action, state",
}


@pytest.fixture(scope="module")
def running_twins() -> Iterator[dict[str, SandboxProcess]]:
    openapi = os.environ.get("BIGCOMMERCE_OPENAPI_DIR")
    with (
        SandboxProcess(**ALIKE, store_hash="northshop", openapi=openapi) as north,
        SandboxProcess(**ALIKE, store_hash="southshop", openapi=openapi) as south,
    ):
        yield {"north": north, "south": south}


@pytest.fixture
def twins(running_twins: dict[str, SandboxProcess]) -> Iterator[dict[str, SandboxProcess]]:
    for store in running_twins.values():
        store.reset()
    yield running_twins
    assert [store.violations() for store in running_twins.values()] == [[], []]


class Keeper:
    """A channel, and all that is done for it."""

    def __init__(self, store: SandboxProcess, database: Database, channel: str) -> None:
        self.store = store
        self.database = database
        self.channel = channel
        self.imported = Import(store, database)
        self.ordered = GetOrders(store, database)
        self.synced = SyncListings(store, database)
        self.published = PublishListings(store, database)
        self.shipped = SyncOrders(store, database)

    def day(self) -> None:
        """Everything once: catalog and orders in; a change, a new listing and a parcel out."""
        name = self.channel
        self.imported(channel=name)
        self.ordered(channel=name)
        skus = self._skus()
        ChangeStatus(self.database)("unpause", *skus, channel=name, whole_listing=True)
        self.database.run(
            "update core.listing_variant set quantity = coalesce(quantity, 0) + %s"
            " where channel = %s and master_sku = any (%s)",
            len(name) if name == "north" else 20 + len(name),
            name,
            skus,
        )
        self.database.run(
            "insert into core.listing (channel, listing_key, title, type, weight, price, categories, queued_action)"
            " select %s, %s, %s, 'physical', 1, 10, array[min(path)], 'publish' from raw.category where channel = %s",
            *(name, f"{name}-new", f"New in the {name}", name),
        )
        self.database.run(
            "insert into core.listing_variant (channel, master_sku, listing_key, quantity) values (%s, 'NEW-1', %s, 5)",
            *(name, f"{name}-new"),
        )
        self.database.run(
            "insert into core.shipment (channel, shipment_key, order_id, tracking_number, carrier)"
            " select channel, 'parcel', order_id, %s, 'UPS' from mart.order_items"
            " where channel = %s and type = 'physical' and quantity_shipped = 0"
            " and order_id in (select order_id from mart.orders where channel = %s and status_id = 11)"
            " order by order_id, order_product_id limit 1",
            *(f"1Z-{name}", name, name),
        )
        self.database.run(
            "insert into core.shipment_item (channel, shipment_key, order_product_id, quantity)"
            " select s.channel, s.shipment_key, i.order_product_id, 1 from core.shipment as s"
            " inner join mart.order_items as i using (channel, order_id) where s.channel = %s and i.type = 'physical'"
            " order by 3 limit 1",
            name,
        )
        self.push()

    def push(self) -> None:
        """What goes out."""
        self.synced(channel=self.channel)
        self.published(channel=self.channel)
        self.shipped(channel=self.channel)

    def _skus(self) -> list[str]:
        found = self.database.rows(
            "select v.master_sku from mart.listing_variants as v inner join mart.listings as l"
            " using (channel, listing_key) where v.channel = %s and l.status = 'listed' and v.quantity is not null"
            " and l.variants = 1 order by v.product_id limit 5",
            self.channel,
        )
        return [row["master_sku"] for row in found]

    def figures(self) -> dict[str, list[dict[str, Any]]]:
        """What the marts say of the channel, without moments."""
        return {
            view: self.database.rows(
                f"select {columns} from mart.{view} where channel = %s order by {columns}", self.channel
            )
            for view, columns in FIGURES.items()
        }

    def sold(self) -> list[Any]:
        """What the store holds, without moments."""
        products = [
            (each["id"], each["sku"], each["inventory_level"])
            for kind in ("products", "variants")
            for each in self.store.get(f"/v3/catalog/{kind}?limit=250")["data"]
        ]
        return [products, [(order["id"], order["status_id"], order["items_shipped"]) for order in self.store.orders()]]


def rows_of(database: Database, channel: str) -> dict[str, list[Any]]:
    """Every row that bears a channel's name."""
    tables = database.rows(
        "select c.oid::regclass::text as name from pg_class as c inner join pg_attribute as a on c.oid = a.attrelid"
        " and a.attname = 'channel' where c.relnamespace::regnamespace::text in ('raw', 'core', 'ops')"
        " and c.relkind = 'r' order by 1"
    )
    assert len(tables) > 25
    return {
        table["name"]: database.rows(
            f"select t::text as row from {table['name']} as t where channel = %s order by 1", channel
        )
        for table in tables
    }


@pytest.fixture
def empty(warehouse_template: WarehouseTemplate) -> Iterator[Callable[[str], Database]]:
    """Makes further warehouses."""
    with contextlib.ExitStack() as opened:
        yield lambda name: opened.enter_context(warehouse_template.copied(name))


def test_two_channels_side_by_side_end_as_each_alone(
    twins: dict[str, SandboxProcess], database: Database, empty: Callable[[str], Database]
) -> None:
    alone = {}
    for name, store in twins.items():
        keeper = Keeper(store, empty(name), name)
        keeper.day()
        alone[name] = (keeper.figures(), keeper.sold())
        assert {row["state"] for row in alone[name][0]["shipments"]} == {"done"}
        assert len(alone[name][0]["push_history"]) >= 7
        store.reset()
    keepers = {name: Keeper(store, database, name) for name, store in twins.items()}
    broken: list[BaseException] = []

    def work(keeper: Keeper) -> None:
        try:
            keeper.day()
        except BaseException as error:
            broken.append(error)

    workers = [threading.Thread(target=work, args=(keeper,)) for keeper in keepers.values()]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert broken == []
    for name, keeper in keepers.items():
        assert keeper.figures() == alone[name][0]
        assert keeper.sold() == alone[name][1]


def test_what_is_done_for_one_channel_touches_no_row_and_calls_no_store_of_another(
    twins: dict[str, SandboxProcess], database: Database
) -> None:
    north, south = (Keeper(store, database, name) for name, store in twins.items())
    south.day()
    before, sold = rows_of(database, "south"), south.sold()
    assert sum(map(len, before.values())) > 100
    south.store.forget_requests()
    north.day()
    assert south.store.request_count() == 0
    assert rows_of(database, "south") == before
    assert south.sold() == sold


def test_a_channel_that_lost_its_access_holds_up_no_other(twins: dict[str, SandboxProcess], database: Database) -> None:
    north, south = (Keeper(store, database, name) for name, store in twins.items())
    with pytest.raises(AccessLost):
        north.imported(channel="north", token="no-such-token")
    south.day()
    assert database.value("select count(*) from mart.runs where channel = 'south' and state <> 'success'") == 0
    north.day()
    assert {row["state"] for row in north.figures()["shipments"]} == {"done"}


@pytest.mark.own_database
def test_a_channel_gets_another_name_with_all_that_it_has(twins: dict[str, SandboxProcess], database: Database) -> None:
    north, south = (Keeper(store, database, name) for name, store in twins.items())
    north.day()
    south.day()
    before, other = rows_of(database, "north"), rows_of(database, "south")
    figures, sold = north.figures(), north.sold()
    # a later migration may have touched any table, so that it comes after the others
    database.run("alter table core.listing add column added_later integer")
    renamed = database.value("select ops.rename_channel('north', 'far_north')")
    assert renamed == sum(map(len, before.values()))
    assert not any(rows_of(database, "north").values())
    assert {table: len(rows) for table, rows in rows_of(database, "far_north").items()} == {
        table: len(rows) for table, rows in before.items()
    }
    database.run("alter table core.listing drop column added_later")
    assert rows_of(database, "south") == other
    keeper = Keeper(north.store, database, "far_north")
    assert keeper.figures() == figures
    north.store.forget_requests()
    done = keeper.imported(channel="far_north")
    assert (done.created, done.updated, done.linked) == (0, 0, 0)
    assert keeper.ordered(channel="far_north").created == 0
    keeper.push()
    assert not [route for route in north.store.requests_by_route() if not route.startswith("GET ")]
    assert keeper.sold() == sold
    keys = database.rows("select run_key, concat_ws('/', channel, operation, run_id) as wanted from ops.run")
    assert [key for key in keys if key["run_key"] != key["wanted"]] == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("nowhere", "elsewhere", "there is no channel 'nowhere'"),
        ("north", "south", "two channels cannot become one"),
        ("north", "Far North", "cannot be a channel's name"),
        ("north", "x'; drop schema core", "cannot be a channel's name"),
    ],
)
def test_a_name_that_it_cannot_have_changes_nothing(
    twins: dict[str, SandboxProcess], database: Database, old: str, new: str, told: str
) -> None:
    for name, store in twins.items():
        Keeper(store, database, name).imported(channel=name)
    before = [rows_of(database, name) for name in twins]
    with pytest.raises(psycopg.errors.RaiseException, match=told):
        database.value("select ops.rename_channel(%s, %s)", old, new)
    assert [rows_of(database, name) for name in twins] == before


def test_a_channel_that_is_at_work_keeps_its_name(twins: dict[str, SandboxProcess], database: Database) -> None:
    keeper = Keeper(twins["north"], database, "north")
    keeper.imported(channel="north")
    keeper.imported(channel="north", run_id="at-work", tasks=["extract"])
    with pytest.raises(psycopg.errors.RaiseException, match="import_listings of channel 'north' may be running"):
        database.value("select ops.rename_channel('north', 'far_north')")
