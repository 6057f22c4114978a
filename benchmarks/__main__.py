"""What operations cost. ``python -m benchmarks [PART ...] [SIZE ...]``; without a part all of them.

See benchmarks/README.md for what each part prints.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from benchmarks.dlt_comparison import measure_dlt
from benchmarks.measured import GET_ORDERS, IMPORT_LISTINGS
from benchmarks.memory import measure_memory
from benchmarks.pairs import measure_pairs
from benchmarks.parsing import measure_parsing
from benchmarks.publish import measure_publish
from benchmarks.quota import SMALL, TRUE, measure_quota
from benchmarks.ship import measure_ship
from benchmarks.sync import measure_sync
from stack.places import database_home
from stack.postgres import EmbeddedPostgres

PARTS = ("pairs", "memory", "orders", "sync", "publish", "ship", "quota", "parsing", "dlt")
PRODUCTS = (20_000,)
ORDERS = (5_000, 50_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, and print it."""
    given = parse(arguments)
    server = EmbeddedPostgres(database_home())
    server.start()
    with_airflow, products, orders = not given.without_airflow, given.sizes or PRODUCTS, given.sizes or ORDERS
    measure: dict[str, Callable[[], None]] = {
        "pairs": lambda: measure_pairs(server, IMPORT_LISTINGS, products, given.pairs, with_airflow=with_airflow),
        "memory": lambda: measure_memory(server, IMPORT_LISTINGS, products),
        "orders": lambda: measure_pairs(server, GET_ORDERS, orders, given.pairs, with_airflow=False),
        "sync": lambda: measure_sync(server),
        "publish": lambda: measure_publish(server),
        "ship": lambda: measure_ship(server),
        "quota": lambda: measure_quota(server, TRUE if given.true_quota else SMALL),
        "parsing": measure_parsing,
        "dlt": lambda: measure_dlt(server, products),
    }
    for part in given.parts:
        measure[part]()
    return 0


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", type=_part_or_size, metavar="PART|SIZE", help=f"{', '.join(PARTS)}")
    parser.add_argument("--pairs", type=_at_least_one, default=5, help="neighbouring pairs of floor and operation (5)")
    parser.add_argument("--without-airflow", action="store_true", help="pairs: each step in a process of its own")
    parser.add_argument("--true-quota", action="store_true", help="quota: 150 per 30 s, takes minutes")
    given = parser.parse_args(arguments)
    given.parts = [one for one in PARTS if one in given.what] or PARTS
    given.sizes = sorted({one for one in given.what if isinstance(one, int)})
    return given


def _part_or_size(text: str) -> str | int:
    if text in PARTS:
        return text
    try:
        return _at_least_one(text)
    except ValueError:
        message = f"must be {', '.join(PARTS)} or a number of products or orders (got {text!r})"
        raise argparse.ArgumentTypeError(message) from None


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
