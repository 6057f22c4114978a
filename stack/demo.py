"""The demo: every operation there is, through Airflow, against the sandbox store; then a look at what it did."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

from stack import environment
from stack.places import LOGS, database_home
from stack.postgres import EmbeddedPostgres
from stack.services import login, psql_command, start_sandbox, start_warehouse

DAGS = ("import_listings__demo", "get_orders__demo", "sync_listings__demo")

# Of Airflow's log, what a person wants to see while waiting: a task begins, and what our own modules say.
_TASK = re.compile(r"\[DAG TEST\] starting task_id=(\w+)")
_SAID = re.compile(r"^\S+ \[\w+ *\] (?P<said>.*?) +\[storekeeper\.")
_FAILED = re.compile(r"\[error *\] (?P<said>\w+: .*?) +\[")

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
        "Why is an order not in the warehouse?",
        "select reason, count(*) as orders, min(order_id) as for_example from mart.orders_not_imported"
        " group by 1 order by 1",
    ),
)

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
    print(f"  store      {_store(server)}", flush=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    if not _run_dags():
        return 1
    print("\nWhat the runs did (mart.runs):\n", flush=True)
    _query(RUNS.format(count=len(DAGS)))
    print("Five queries worth trying (`make psql` opens psql on the warehouse):", flush=True)
    for question, query in QUERIES:
        print(f"\n{question}\n  {query};\n", flush=True)
        _query(query)
    print(
        f"Done in {time.monotonic() - began:.0f} s."
        f" Airflow's own log: {(LOGS / 'demo.log').relative_to(LOGS.parent.parent)}"
    )
    print(f"\nNext: `make up` starts Airflow's UI and prints its address. {login()}")
    return 0


def _store(server: EmbeddedPostgres) -> str:
    connection = os.environ["AIRFLOW_CONN_BIGCOMMERCE_DEMO"]
    if connection != environment.variables(server)["AIRFLOW_CONN_BIGCOMMERCE_DEMO"]:
        return "yours, by the connection bigcommerce_demo"
    address = start_sandbox()
    # the port may have moved since this process was started
    os.environ["AIRFLOW_CONN_BIGCOMMERCE_DEMO"] = json.dumps({**json.loads(connection), "host": address})
    return f"the sandbox, a BigCommerce store of 500 products and 400 orders at {address}/stores/sandbox"


def _run_dags() -> bool:
    failure = "no error was said"
    with (LOGS / "demo.log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "stack.run_dags", *DAGS], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert running.stdout is not None
        print(f"\n{', '.join(DAGS)}: running through Airflow (it takes some seconds to start) ...", flush=True)
        for line in running.stdout:
            log.write(line)
            if task := _TASK.search(line):
                print(f"  {task[1]}", flush=True)
            elif said := _SAID.match(line):
                print(f"    {said['said'].strip()}", flush=True)
            elif failed := _FAILED.search(line):
                failure = failed["said"].strip()
                print(f"    {failure}", flush=True)
    if running.wait() == 0:
        return True
    print(
        f"\nA run failed: {failure}\nAirflow's own log is {LOGS / 'demo.log'}; docs/operating.md lists what each error"
        " asks for. Then run `make demo` again: it goes on from what is there.",
        file=sys.stderr,
    )
    return False


def _query(query: str) -> None:
    subprocess.run(psql_command("-X", "-P", "pager=off", "-P", "border=1", "-c", query), check=True)


if __name__ == "__main__":
    sys.exit(main())
