"""All operations on several channels through the services of docker-compose.yaml; a worker dies in the middle.

With more effort (``make test-cluster``) there are three channels, and each other part dies while a task runs.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from sandbox.process import SandboxProcess
from sandbox.tokens import DEFAULT_TOKENS
from stack.places import PROJECT
from tests.airflow.cluster import REDIS, Cluster, Operator, Triggered
from tests.airflow.conftest import write_channel
from tests.airflow.listeners import Figures, MailBox
from tests.airflow.site import said
from tests.canaries import SHOPPERS, readable
from tests.effort import EFFORT

pytestmark = pytest.mark.skipif(REDIS is None, reason="there is no redis-server: apt-get install redis-server")

CHANNELS = ("north", "south", "west") if EFFORT > 1 else ("north", "south")
MORTAL = (
    ("redis", "scheduler", "api-server", "dag-processor", "triggerer", "metadata", "warehouse")
    if EFFORT > 1
    else ("scheduler", "warehouse")
)
"""The parts that die while a task runs."""
ORDERS = 12
SCHEDULED = ("import_listings", "sync_listings", "publish_listings", "get_orders", "sync_orders")
PASSWORDS = {"viewer": "viewer-pass-of-the-cluster", "op": "op-pass-of-the-cluster"}


class Shop:
    """A channel: its store, the token that lets us in, and the orders that are to be shipped."""

    def __init__(self, channel: str, store: SandboxProcess) -> None:
        self.channel = channel
        self.store = store
        self.token = f"canary{secrets.token_hex(20)}"
        self.client_secret = f"canary{secrets.token_hex(20)}"
        store.add_token(self.token, DEFAULT_TOKENS["sandbox-token"])
        lines = [{"sku": "PARCEL-1", "quantity": 1}, {"sku": "PARCEL-2", "quantity": 2}]
        self.orders = [int(store.place_order(status_id=11, lines=lines)["id"]) for _ in range(ORDERS)]

    def connection(self) -> dict[str, Any]:
        """The store's connection, as Airflow's API takes it."""
        return {
            "connection_id": f"bigcommerce_{self.channel}",
            "conn_type": "bigcommerce",
            "host": self.store.root,
            "login": "client",
            "password": self.token,
            "extra": json.dumps({"store_hash": self.store.store_hash, "client_secret": self.client_secret}),
        }

    def shipments(self, folder: Path) -> Path:
        """A file with two parcels of each order."""
        rows = ["shipment_key,order_id,order_product_id,quantity,carrier,tracking_number"]
        for order_id in self.orders:
            for place, line in enumerate(self.store.get(f"/v2/orders/{order_id}/products")):
                key = f"{self.channel}-{order_id}-{place}"
                rows.append(f"{key},{order_id},{line['id']},{line['quantity']},UPS,1Z{key}")
        return _written(folder / f"{self.channel}-shipments.csv", rows)

    def drafts(self, folder: Path, category: str) -> Path:
        """A file with drafts of two listings."""
        rows = [
            "listing_key,master_sku,title,weight,price,quantity,categories",
            f'{self.channel}-lamp,{self.channel}-LAMP,The {self.channel} lamp,1.2,49.90,12,"{category}"',
            f'{self.channel}-chair,{self.channel}-CHAIR,The {self.channel} chair,7.5,89.00,3,"{category}"',
        ]
        return _written(folder / f"{self.channel}-drafts.csv", rows)


def _written(file: Path, rows: list[str]) -> Path:
    file.write_text("\n".join(rows) + "\n")
    return file


class Day:
    """A day's work of the cluster, and what came of it."""

    def __init__(
        self, cluster: Cluster, shops: dict[str, Shop], folder: Path, mails: MailBox, figures: Figures
    ) -> None:
        self.mails = mails
        self.figures = figures
        self.cluster = cluster
        self.shops = shops
        self.folder = folder
        self.admin = cluster.person()
        self.states: list[dict[str, str]] = []
        self.killed: dict[str, Any] = {}
        self.failed: dict[str, str] = {}
        self.seconds_to_recover = 0.0

    def work(self) -> None:
        """Everything once, on all channels side by side."""
        for shop in self.shops.values():
            self.admin.call("POST", "connections", shop.connection())
        self._wait_for_dags()
        self._all("import_listings", "get_orders")
        shelves = self.rows("select channel, min(path) as path from raw.category group by 1")
        drafts = {
            shelf["channel"]: {
                "path": str(self.shops[shelf["channel"]].drafts(self.folder, shelf["path"])),
                "queue": "publish",
            }
            for shelf in shelves
        }
        parcels = {name: {"path": str(shop.shipments(self.folder))} for name, shop in self.shops.items()}
        stock = self._stock()
        unpaused = {name: {"action": "unpause", "skus": stock[name], "whole_listing": True} for name in self.shops}
        runs = [self.admin.trigger("load_inventory", path=str(self._inventory(stock)))]
        runs += self._begin("load_listings", drafts) + self._begin("load_shipments", parcels)
        runs += self._begin("change_listing_status", unpaused)
        self.states.append(self.admin.wait(runs))
        self._all("publish_listings")
        self._lose_a_worker()
        customer = next(order["customer_id"] for order in self.shops["north"].store.orders() if order["customer_id"])
        self.states.append(
            self.admin.wait([self.admin.trigger("forget_shopper", channel="north", customer_id=customer)])
        )
        self.failed = self.admin.wait([self.admin.trigger("get_orders__south", order_ids=["no number"])])

    def _wait_for_dags(self) -> None:
        until = time.monotonic() + 120
        files = {file.stem for file in (PROJECT / "dags").glob("*.py")} - {"channel_settings"}
        of_channels = files - {"load_inventory", "forget_shopper"}
        wanted = (files - of_channels) | {f"{name}__{channel}" for name in of_channels for channel in self.shops}
        while not wanted <= {dag["dag_id"] for dag in self.admin.call("GET", "dags?limit=100")["dags"]}:
            assert time.monotonic() < until, self.cluster.said("dag-processor")[-3000:]
            time.sleep(1)

    def _begin(self, operation: str, confs: dict[str, dict[str, Any]]) -> list[Triggered]:
        return [self.admin.trigger(f"{operation}__{channel}", **conf) for channel, conf in confs.items()]

    def _all(self, *operations: str) -> None:
        nothing: dict[str, dict[str, Any]] = {name: {} for name in self.shops}
        runs = [run for operation in operations for run in self._begin(operation, nothing)]
        self.states.append(self.admin.wait(runs))

    def rows(self, query: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.cluster.warehouse_uri(), row_factory=dict_row) as connection:
            return connection.execute(query).fetchall()

    def _stock(self) -> dict[str, list[str]]:
        """Some SKUs of each channel."""
        found = self.rows(
            "select channel, master_sku from (select channel, master_sku, row_number() over (partition by channel"
            " order by product_id) as place from mart.listing_variants where status = 'listed' and quantity is not null"
            " and master_sku !~ '[,\"]') as v where place <= 12"
        )
        return {name: [row["master_sku"] for row in found if row["channel"] == name] for name in self.shops}

    def _inventory(self, stock: dict[str, list[str]]) -> Path:
        """A file with stock for them, and with prices that are 5% higher where one channel alone has the SKU."""
        prices = self.rows(
            "select master_sku, min(channel_price) as price from mart.listing_variants where channel_price is not null"
            " group by 1 having count(*) = 1"
        )
        dearer = {row["master_sku"]: f"{row['price'] * 105 / 100:.2f}" for row in prices}
        skus = sorted({sku for some in stock.values() for sku in some})
        rows = [f"{sku},{100 + place},{dearer.get(sku, '')}" for place, sku in enumerate(skus)]
        return _written(self.folder / "inventory.csv", ["master_sku,quantity,price", *rows])

    def _lose_a_worker(self) -> None:
        """Kill a worker with all its processes while it sends shipments, and start another a while later."""
        for shop in self.shops.values():
            shop.store.configure(latency_ms=1500)
        nothing: dict[str, dict[str, Any]] = {name: {} for name in self.shops}
        runs = self._begin("sync_orders", nothing) + self._begin("sync_listings", nothing)
        name, self.killed = self._at_work(runs)
        self.cluster.kill(name)
        began = time.monotonic()
        for shop in self.shops.values():
            shop.store.configure(latency_ms=0)
        self.states.append(self.admin.wait(runs, 400))
        self.seconds_to_recover = time.monotonic() - began
        print(f"killed {name} within {self.killed['dag_id']}; all done {self.seconds_to_recover:.0f} s later")

    def _at_work(self, runs: list[Triggered]) -> tuple[str, dict[str, Any]]:
        """A worker that has begun to send a channel's shipments, and the task."""
        until = time.monotonic() + 90
        while time.monotonic() < until:
            for shop in self.shops.values():
                if not 1 <= sent(shop) < 2 * ORDERS - 3:
                    continue
                run = next(run for run in runs if run[0] == f"sync_orders__{shop.channel}")
                for task in self.admin.tasks(run):
                    for number in range(1, self.cluster.workers + 1):
                        pids = {process.pid for process in self.cluster.family(f"worker-{number}")}
                        if task["task_id"] == "load" and task["state"] == "running" and task["pid"] in pids:
                            return f"worker-{number}", task
            time.sleep(0.05)
        states = self.rows("select channel, state, count(*) from mart.shipments group by 1, 2")
        problems = self.rows("select channel, entity_key, message from mart.problems where operation = 'sync_orders'")
        raise AssertionError(f"no worker was seen sending shipments: {states} {problems} {self.admin.states(runs)}")


def sent(shop: Shop) -> int:
    """Shipments that the store has made by our calls."""
    return sum(effect["kind"] == "shipment.created" for effect in shop.store.effects())


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    home = tmp_path_factory.mktemp("cluster")
    openapi = os.environ.get("BIGCOMMERCE_OPENAPI_DIR")
    with ExitStack() as stack:
        shops = {
            name: Shop(
                name,
                stack.enter_context(
                    SandboxProcess(
                        products=60, seed=seed, orders=40, orders_days=20, store_hash=f"{name}shop", openapi=openapi
                    )
                ),
            )
            for seed, name in enumerate(CHANNELS, 1)
        }
        mails, figures = stack.enter_context(MailBox()), stack.enter_context(Figures())
        # a worker that died is given up sooner than in production, so that nobody waits for a minute; no file changes
        quick = {
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            "STOREKEEPER_FEED_PLACES": str(home),
            "AIRFLOW_CONN_SMTP_DEFAULT": mails.connection(),
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(figures.port),
        }
        cluster = Cluster(home, workers=2, changes=quick)
        stack.callback(cluster.stop)
        for name in CHANNELS:
            by_hand = {operation: {"schedule": None} for operation in SCHEDULED}
            alerts = {"emails": [f"keeper@{name}.example"], "late_after_minutes": 0.05 if name == "north" else 600}
            write_channel(cluster.channels, name, connection_id=f"bigcommerce_{name}", alerts=alerts, **by_hand)
        cluster.start()
        done = Day(cluster, shops, home, mails, figures)
        done.work()
        yield done
        assert {name: shop.store.violations() for name, shop in shops.items()} == {name: [] for name in shops}


def test_every_run_ends_green_though_a_worker_died(day: Day) -> None:
    assert {state for states in day.states for state in states.values()} == {"success"}
    run = (day.killed["dag_id"], day.killed["dag_run_id"])
    (load,) = (task for task in day.admin.tasks(run) if task["task_id"] == "load")
    assert load["try_number"] == 2


def test_every_parcel_left_once_and_its_order_is_shipped(day: Day) -> None:
    for shop in day.shops.values():
        assert sent(shop) == 2 * ORDERS
        for order_id in shop.orders:
            parcels = shop.store.get(f"/v2/orders/{order_id}/shipments")
            numbers = sorted(parcel["tracking_number"] for parcel in parcels)
            assert numbers == [f"1Z{shop.channel}-{order_id}-0", f"1Z{shop.channel}-{order_id}-1"]
            assert shop.store.get(f"/v2/orders/{order_id}")["status"] == "Shipped"
    assert (
        day.rows("select 1 from mart.shipments where state not in ('done', 'adopted') or store_shipment_id is null")
        == []
    )


def test_the_stores_have_what_is_wanted_each_its_own(day: Day) -> None:
    waiting = day.rows(
        "select channel, master_sku, reason from mart.sync_status where not in_sync and reason <> 'paused'"
    )
    assert waiting == []
    for name, shop in day.shops.items():
        names = {product["name"] for product in shop.store.products()}
        assert {f"The {name} lamp", f"The {name} chair"} <= names
        assert not names & {f"The {other} lamp" for other in day.shops if other != name}
        known = day.rows(
            "select product_id, variant_id, quantity from mart.listing_variants"
            f" where channel = '{name}' and linked and not paused"
        )
        assert len(known) >= 12
        sold = {product["id"]: product for product in shop.store.get("/v3/catalog/products?limit=250")["data"]}
        variants = {each["id"]: each for each in shop.store.get("/v3/catalog/variants?limit=250")["data"]}
        for row in known:
            by_product = sold[row["product_id"]]["inventory_tracking"] == "product"
            counted = sold[row["product_id"]] if by_product else variants[row["variant_id"]]
            assert counted["inventory_level"] == row["quantity"], row
        mine = {row["order_id"] for row in day.rows(f"select order_id from mart.orders where channel = '{name}'")}
        assert set(shop.orders) <= mine <= {order["id"] for order in shop.store.orders()}


def test_what_is_done_twice_changes_nothing(day: Day) -> None:
    before = {name: shop.store.effects() for name, shop in day.shops.items()}
    day._all("sync_orders", "sync_listings", "publish_listings")
    assert set(day.states[-1].values()) == {"success"}
    assert {name: shop.store.effects() for name, shop in day.shops.items()} == before


def test_somebody_is_told_of_runs_that_failed_or_are_late(day: Day) -> None:
    assert day.failed == {"get_orders__south": "failed"}
    wanted = {"Storekeeper: get_orders__south has failed", "Storekeeper: import_listings__north is late"}
    until = time.monotonic() + 60
    while not wanted <= set(day.mails.subjects()):
        assert time.monotonic() < until, (day.mails.subjects(), day.mails.heard[:2])
        time.sleep(0.5)
    others = [subject for subject in day.mails.subjects() if "__north is late" not in subject]
    assert others == ["Storekeeper: get_orders__south has failed"]
    (told,) = (mail for mail in day.mails.heard if "has failed" in mail)
    assert "To: keeper@south.example" in told
    assert "no number" not in told


def test_figures_of_the_runs_go_where_airflows_own_metrics_go(day: Day) -> None:
    counted = day.rows(
        "select operation, channel, sum(created) as created, sum(requests) as requests from mart.runs"
        " where operation in ('import_listings', 'get_orders', 'load_shipments') and state = 'success' group by 1, 2"
    )
    assert len(counted) == 3 * len(CHANNELS)
    (left,) = day.rows(
        "select count(*) as problems from mart.problems"
        " where open and operation = 'import_listings' and channel = 'north'"
    )
    wanted = {
        f"airflow.storekeeper.{run['operation']}.{run['channel']}.{count}": run[count]
        for run in counted
        for count in ("created", "requests")
    }
    until = time.monotonic() + 20
    while {name: day.figures.sum(name) for name in wanted} != wanted:
        assert time.monotonic() < until, {name: (day.figures.sum(name), wanted[name]) for name in wanted}
        time.sleep(0.2)
    assert day.figures.last("airflow.storekeeper.import_listings.north.open_problems") == left["problems"]


def test_each_part_may_die_while_a_task_runs(day: Day) -> None:
    cluster, shop = day.cluster, day.shops["north"]
    servers = {"metadata": cluster.metadata, "warehouse": cluster.warehouse}
    for part in MORTAL:
        shop.store.configure(latency_ms=700)
        run = day.admin.trigger("import_listings__north")
        until = time.monotonic() + 120
        while not any(task["state"] == "running" for task in day.admin.tasks(run)):
            assert time.monotonic() < until, day.admin.tasks(run)
            time.sleep(0.1)
        if part in servers:
            servers[part].stop(at_once=True)
            servers[part].start()
        else:
            cluster.kill(part)
        shop.store.configure(latency_ms=0)
        began = time.monotonic()
        until = began + 180
        while not all(cluster.is_healthy(name) for name in ("redis", "api-server", "scheduler")):
            cluster.revive()
            assert time.monotonic() < until, part
            time.sleep(0.5)
        cluster.revive()
        assert day.admin.wait([run], 300) == {"import_listings__north": "success"}, part
        print(f"{part} killed: done {time.monotonic() - began:.0f} s later")


def test_every_service_says_that_it_is_well(day: Day) -> None:
    for name in ("redis", "api-server", "scheduler", "dag-processor", "triggerer"):
        assert day.cluster.is_healthy(name), name
    dead = next(number for number in (1, 2) if day.cluster.processes[f"worker-{number}"].poll() is not None)
    assert not day.cluster.is_healthy("worker", dead)
    assert day.cluster.is_healthy("worker", 3 - dead)


def test_a_worker_cannot_open_airflows_database(day: Day) -> None:
    environment = day.cluster.environment("worker", 9)
    results = day.cluster.secret("celery_results").removeprefix("db+").replace("+psycopg", "")
    assert not [value for value in environment.values() if "airflow_database" in value]
    airflow = day.cluster.secret("airflow_database").rpartition("/")[2]
    with psycopg.connect(results) as connection:
        assert connection.execute("select count(*) from celery_taskmeta").fetchone() != (0,)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(f"{results.rpartition('/')[0]}/{airflow}")


def test_with_fab_people_see_what_their_role_allows(day: Day) -> None:
    for name, role in (("viewer", "Viewer"), ("op", "Op")):
        user = {"username": name, "email": f"{name}@localhost", "first_name": name, "last_name": name}
        answer = day.admin.session.post(
            f"{day.cluster.root}/auth/fab/v1/users",
            json={**user, "roles": [{"name": role}], "password": PASSWORDS[name]},
            headers={"Authorization": f"Bearer {day.admin.token}"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
    viewer, op = (day.cluster.person(name, PASSWORDS[name]) for name in ("viewer", "op"))
    assert Operator(day.cluster.root).open("/").status_code == 401
    assert viewer.open("/").status_code == 403
    assert (
        viewer.send("/account", token="", store_hash="x", channel="x", client_id="x", access_token="x").status_code
        == 403
    )
    shop = day.shops["north"]
    form = {"store_hash": shop.store.store_hash, "channel": "north", "client_id": "client", "host": shop.store.root}
    assert (
        op.send("/account", headers={"Origin": "https://evil.example"}, access_token=shop.token, **form).status_code
        == 403
    )
    refused = op.send("/account", access_token="wrong", **form)
    assert "the access token is wrong" in said(refused)
    saved = op.send("/account", access_token=shop.token, client_secret=shop.client_secret, **form)
    assert saved.status_code == 200, saved.text
    assert "Connected to" in saved.text
    assert {f">{name}<" in op.open("/").text for name in CHANNELS} == {True}


def test_no_secret_and_no_shopper_is_in_any_log_queue_database_or_mart(day: Day) -> None:
    cluster = day.cluster
    told = {
        str(file.relative_to(cluster.home)): file.read_text(errors="replace") for file in cluster.home.rglob("*.log*")
    }
    assert len(told) > 60
    told["Airflow's database"] = readable(cluster.dump(cluster.metadata_uri(), "--data-only"))
    told["the workers' results"] = readable(cluster.dump(cluster.metadata_uri("celery"), "--data-only"))
    queued = [*cluster.home.glob("dump.rdb"), *(cluster.home / "appendonlydir").glob("*.aof")]
    told["the queue"] = readable("\n".join(file.read_bytes().decode(errors="replace") for file in queued))
    told["the mails"] = readable("\n".join(day.mails.heard))
    told["the metrics"] = "\n".join(day.figures.heard)
    for view in day.rows("select table_name from information_schema.views where table_schema = 'mart'"):
        told[f"mart.{view['table_name']}"] = str(day.rows(f"select * from mart.{view['table_name']}"))
    everything = readable(cluster.dump(cluster.warehouse_uri(), "--data-only"))
    # the search can find what is there
    for place, known in (
        ("Airflow's database", "get_orders__north"),
        ("the queue", "sync_orders__north"),
        ("the mails", "get_orders__south"),
        ("the metrics", "sync_orders.north"),
        ("mart.shipments", f"north-{day.shops['north'].orders[0]}-0"),
    ):
        assert known in told[place], place
    assert SHOPPERS.search(everything)
    keys = [cluster.secret(file.name) for file in cluster.secrets.iterdir() if file.name != "connections.yaml"]
    keys += [shop.token for shop in day.shops.values()] + [shop.client_secret for shop in day.shops.values()]
    keys += PASSWORDS.values()
    found = [
        (place, "a secret")
        for place, text in [*told.items(), ("the warehouse", everything)]
        if any(key in text for key in keys)
    ]
    found += [(place, match[0]) for place, text in told.items() if (match := SHOPPERS.search(text))]
    assert found == []
