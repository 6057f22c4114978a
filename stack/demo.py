"""The demo: every operation there is, through Airflow, against the sandbox store; then a look at what it did."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

import requests

from stack import environment
from stack.places import LOGS, database_home
from stack.postgres import EmbeddedPostgres
from stack.services import login, psql_command, start_sandbox, start_warehouse

IMPORT, ORDERS = "import_listings__demo", "get_orders__demo"

FED = 60
"""So many SKUs get stock and a price by the demo's feed, and are sent to the store."""

# Of Airflow's log, what a person wants to see while waiting: a task begins, and what our own modules say.
_TASK = re.compile(r"\[DAG TEST\] starting task_id=(\w+)")
_BEGIN = re.compile(r"\d{4}-\d\d-\d\dT\S+ \[")
_ENTRY = re.compile(r"\S+ \[(?P<level>\w+) *\] (?P<said>.*?) +\[(?P<logger>[\w.]+)\](?: \w+=.*)?\s*", re.DOTALL)

PASSES = ("ClaimLost", "ClaimTaken", "NotNow", "StagingLost", "Unknown", "WarehouseUnavailable")
"""Errors after which the same once more may go well; before others something is to be mended."""

QUERIES = (
    (
        "Why is a SKU not in the warehouse?",
        "select distinct on (reason) reason, entity_key, left(message, 84) as message_begins from mart.problems"
        " where open order by reason, entity_key",
    ),
    (
        "What is listed, and does anything wait to be sent?",
        "select status, paused, count(*) as listings, sum(variants) as variants, bool_and(in_sync) as in_sync"
        " from mart.listings group by 1, 2 order by 1, 2",
    ),
    (
        "What does the store show of a product's variants?",
        "select master_sku, left(title, 32) as title, options ->> 0 as first_option, channel_price, channel_quantity"
        " from mart.listing_variants where options <> '[]' order by product_id, variant_id limit 4",
    ),
    (
        "What sold, day by day?",
        "select day, currency, orders, units, gross, refunded, net from mart.daily_sales"
        " order by day desc, currency limit 5",
    ),
    (
        "What was sent to the store?",
        "select action, state, count(*) as changes, min(entity_key) as for_example from mart.push_history"
        " group by 1, 2 order by 1, 2",
    ),
    (
        "Why is a SKU not sent?",
        "select reason, in_sync, count(*) as skus, min(master_sku) as for_example from mart.sync_status"
        " group by 1, 2 order by 3 desc",
    ),
    (
        "What became of the shipments?",
        "select s.order_id, o.status, s.shipment_key, s.units, s.state, s.tracking_number, s.store_shipment_id"
        " from mart.shipments as s inner join mart.orders as o using (channel, order_id) order by 1, 3",
    ),
    (
        "Why is an order not in the warehouse?",
        "select reason, count(*) as orders, min(order_id) as for_example from mart.orders_not_imported"
        " group by 1 order by 1",
    ),
)

FEED = (
    "select master_sku, channel_quantity + 7 as quantity, round(channel_price * 1.05, 2) as price"
    " from mart.listing_variants where status = 'listed' and quantity is not null and master_sku !~ '[,\"]'"
    " order by product_id, variant_id limit {most}"
)

DRAFTS = """\
listing_key,master_sku,title,weight,price,categories,option.Size,custom_field.Care,quantity
demo-lamp,DEMO-LAMP,Storekeeper's desk lamp,1.2,49.90,{category},,{long},12
demo-shirt,DEMO-SHIRT-S,Storekeeper's shirt,0.2,19.90,{category},S,Wash cold,4
demo-shirt,DEMO-SHIRT-M,Storekeeper's shirt,0.2,19.90,{category},M,Wash cold,6
demo-shirt,DEMO-SHIRT-L,Storekeeper's shirt,0.2,19.90,{category},L,Wash cold,0
demo-chair,DEMO-CHAIR,Storekeeper's chair,,89.00,{category},,,3
"""
"""Three listings: one whose attribute is too long, one with variants, and one that lacks a weight."""

SHIPPED = (
    "select i.order_id, i.order_product_id, i.quantity from mart.order_items as i where i.order_id in ("
    " select o.order_id from mart.orders as o inner join mart.order_items as l using (channel, order_id)"
    " where o.status_id in (9, 11) and not o.deleted group by 1"
    " having count(*) > 1 and bool_and(l.type = 'physical' and l.fulfilment = 'shipping' and l.quantity_shipped = 0)"
    " and count(distinct l.consignment_id) = 1 order by 1 limit 2) order by 1, 2"
)
"""The lines of two open orders: one will ship in two parcels, of the other only the first line."""

RUNS = (
    "select operation, state, read, created, updated, unchanged, skipped, failed, requests, work_seconds"
    " from mart.runs order by started_at desc limit {count}"
)


def main() -> int:
    """Run the demo; its exit code is that of the runs."""
    began = time.monotonic()
    print("Storekeeper: stores and warehouse in step\n")
    start_warehouse()
    server = EmbeddedPostgres(database_home())
    own_warehouse = os.environ["AIRFLOW_CONN_STOREKEEPER_WAREHOUSE"] == server.uri("warehouse")
    print(f"  warehouse  {f'Postgres on 127.0.0.1:{server.port}' if own_warehouse else 'yours, by its connection'}")
    store, is_sandbox = _store(server)
    print(f"  store      {store}", flush=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / "demo.log").write_text("")
    orders = _tell(is_sandbox)
    if orders is None:
        return 1
    print("\nWhat the runs did (mart.runs):\n", flush=True)
    _query(RUNS.format(count=orders))
    print("Eight queries worth trying (`make psql` opens psql on the warehouse):", flush=True)
    for question, query in QUERIES:
        print(f"\n{question}\n  {query};\n", flush=True)
        _query(query)
    print(
        f"Done in {time.monotonic() - began:.0f} s."
        f" Airflow's own log: {(LOGS / 'demo.log').relative_to(LOGS.parent.parent)}"
    )
    print(f"\nNext: `make up` starts Airflow's UI and prints its address. {login()}")
    return 0


def _tell(is_sandbox: bool) -> int | None:
    """The story, chapter by chapter: a store's catalog comes in, goes out changed, orders come in, parcels go out.

    :return: how many runs it took; None where one ended red.
    """
    chapters: list[tuple[str, Callable[[], list[str]]]] = [
        ("1. The store's catalog comes into the warehouse.", lambda: [IMPORT]),
        (
            "2. New products are published, prices and stock are changed and sent; then the orders come in.",
            lambda: [*_pushes(), ORDERS],
        ),
        ("3. Parcels leave: the shoppers learn the tracking numbers, and the orders are shipped.", _shipments),
    ]
    if not is_sandbox:
        chapters[1:] = [
            (
                "2. The orders come in. The store is yours: what would be sent is only worked out (dry runs).",
                lambda: [
                    _order("sync_listings__demo", dry_run=True),
                    ORDERS,
                    _order("sync_orders__demo", dry_run=True),
                ],
            )
        ]
    runs = 0
    for heading, chapter in chapters:
        print(f"\n{heading}", flush=True)
        orders = chapter()
        if not _run_dags(*orders):
            return None
        runs += len(orders)
    if is_sandbox:
        _show_shipped()
    return runs


def _shipments() -> list[str]:
    """Shipments of two orders from a file, which stays: a second demo loads the same, and finds nothing to send."""
    file = LOGS.parent / "demo" / "shipments.csv"
    if not file.exists():
        lines = [[int(value) for value in row.split(",")] for row in _answer(SHIPPED).splitlines()[1:]]
        rows = ["shipment_key,order_id,order_product_id,quantity,carrier,tracking_number"]
        orders = sorted({order_id for order_id, _, _ in lines})
        for order_id in orders:
            own = [line for line in lines if line[0] == order_id]
            for place, (_, line, units) in enumerate(own if order_id == orders[0] else own[:1]):
                parcel = min(place, 1) + 1
                rows.append(f"demo-{order_id}-{parcel},{order_id},{line},{units},UPS,1Z{order_id}00{parcel}")
        file.write_text("\n".join(rows) + "\n")
    return [_order("load_shipments__demo", path=str(file)), _order("sync_orders__demo")]


def _show_shipped() -> None:
    """What the store itself says of the orders that were shipped."""
    connection = json.loads(os.environ["AIRFLOW_CONN_BIGCOMMERCE_DEMO"])
    root = f"{connection['host']}/stores/{connection['extra']['store_hash']}/v2/orders"
    headers = {"X-Auth-Token": connection["password"], "Accept": "application/json"}
    file = LOGS.parent / "demo" / "shipments.csv"
    order_ids = sorted({row.split(",")[1] for row in file.read_text().splitlines()[1:]})
    print("\nWhat the store itself says:\n")
    for order_id in order_ids:
        order = requests.get(f"{root}/{order_id}", headers=headers, timeout=10).json()
        sent = requests.get(f"{root}/{order_id}/shipments", headers=headers, timeout=10).json()
        numbers = ", ".join(each["tracking_number"] for each in sent)
        items = f"{order['items_shipped']} of {order['items_total']} items"
        print(f"  order {order_id}: {order['status']}; {items} left, tracking numbers {numbers}")


def _pushes() -> list[str]:
    """Drafts that become products; a feed for some SKUs, their listings unpaused, and a sync of what differs then.

    The files stay: a second demo loads the same, and finds nothing to send.
    """
    drafts = LOGS.parent / "demo" / "listings.csv"
    if not drafts.exists():
        drafts.parent.mkdir(parents=True, exist_ok=True)
        category = _answer("select path from raw.category order by path limit 1").splitlines()[1]
        drafts.write_text(DRAFTS.format(category=category, long="Turn it in the light. " * 15))
    file = LOGS.parent / "demo" / "inventory.csv"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_answer(FEED.format(most=FED)))
    skus = [line.split(",")[0] for line in file.read_text().splitlines()[1:]]
    return [
        _order("load_listings__demo", path=str(drafts), queue="publish"),
        _order("publish_listings__demo"),
        _order("load_inventory", path=str(file)),
        _order("change_listing_status__demo", action="unpause", skus=skus, whole_listing=True),
        _order("sync_listings__demo"),
    ]


def _order(dag_id: str, **conf: object) -> str:
    return f"{dag_id}={json.dumps(conf)}"


def _store(server: EmbeddedPostgres) -> tuple[str, bool]:
    """What the store is, and whether it is the sandbox."""
    connection = os.environ["AIRFLOW_CONN_BIGCOMMERCE_DEMO"]
    if connection != environment.variables(server)["AIRFLOW_CONN_BIGCOMMERCE_DEMO"]:
        return "yours, by the connection bigcommerce_demo", False
    address = start_sandbox()
    # the port may have moved since this process was started
    os.environ["AIRFLOW_CONN_BIGCOMMERCE_DEMO"] = json.dumps({**json.loads(connection), "host": address})
    return f"the sandbox, a BigCommerce store of 500 products and 400 orders at {address}/stores/sandbox", True


def _run_dags(*orders: str) -> bool:
    failure = ""
    with (LOGS / "demo.log").open("a") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "stack.run_dags", *orders],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert running.stdout is not None
        dag_ids = ", ".join(order.partition("=")[0] for order in orders)
        print(f"\n{dag_ids}: running through Airflow (it takes some seconds to start) ...", flush=True)
        for entry in entries(_kept(running.stdout, log)):
            said = entry["said"].strip()
            ours = entry["logger"].startswith("storekeeper.")
            if task := _TASK.search(said):
                print(f"  {task[1]}", flush=True)
            elif ours and entry["level"] == "error":
                failure = said
                print(textwrap.indent(said, "    "), flush=True)
            elif ours and "\n" not in said:
                print(f"    {said}", flush=True)
    if running.wait() == 0:
        return True
    print(advice(failure, LOGS / "demo.log"), file=sys.stderr)
    return False


def _kept(lines: Iterable[str], log: TextIO) -> Iterator[str]:
    for line in lines:
        log.write(line)
        yield line


def entries(lines: Iterable[str]) -> Iterator[re.Match[str]]:
    """Airflow's log, entry by entry: what is said may run over lines, and who says it stands at the end of the last."""
    begun = ""
    for line in lines:
        if _BEGIN.match(line):
            begun = line
        elif begun:
            begun += line
        if begun and (entry := _ENTRY.fullmatch(begun)):
            yield entry
            begun = ""


def advice(failure: str, log: Path) -> str:
    """What to do after a failed run.

    :param failure: its error, as type and message; empty where none of ours was said.
    """
    if not failure:
        return f"\nA run failed, and none of our own errors was said. Airflow's own log tells: {log}"
    kind = failure.partition(":")[0]
    if kind in PASSES:
        do = "Run `make demo` again: it goes on from what is there."
    else:
        do = "The same once more would end the same: mend first what it says."
    named = failure.splitlines()[0].rstrip(":")
    return f"\nA run failed: {named}\n{do} docs/operating.md lists what each error asks for; Airflow's own log is {log}"


def _answer(query: str) -> str:
    done = subprocess.run(psql_command("-X", "--csv", "-c", query), check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _query(query: str) -> None:
    subprocess.run(psql_command("-X", "-P", "pager=off", "-P", "border=1", "-c", query), check=True)


if __name__ == "__main__":
    sys.exit(main())
