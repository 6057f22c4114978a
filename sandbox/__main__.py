"""``python -m sandbox serve``: a BigCommerce store on localhost."""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sandbox.catalog.plan import Plan
from sandbox.orders.plan import OrdersPlan
from sandbox.server import Listening, run
from sandbox.store import Configuration, Store, load_state


def variants_option(text: str) -> int | None:
    """``mixed`` or a number of variants from 1 to 600."""
    if text == "mixed":
        return None
    if text.isdigit() and 1 <= int(text) <= 600:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be 'mixed' or a number from 1 to 600 (got {text!r})")


def lines_option(text: str) -> int:
    """A number of lines from 1 to 300."""
    if text.isdigit() and 1 <= int(text) <= 300:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a number from 1 to 300 (got {text!r})")


def moment_option(text: str) -> int:
    """An ISO 8601 time as seconds since 1970; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be an ISO 8601 time (got {text!r})") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of ``serve``."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    serve = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="start a store")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0, help="0 for a free one")
    serve.add_argument("--port-file", type=Path, help="gets the port once the store is listening")
    serve.add_argument("--store-hash", default="sandbox")
    serve.add_argument("--products", type=int, default=500)
    serve.add_argument("--variants", type=variants_option, default=None, help="'mixed' or variants of each product")
    serve.add_argument("--seed", type=int, default=7)
    serve.add_argument("--clean", action="store_true", help="no blank or repeated identifiers, plain orders")
    serve.add_argument("--orders", type=int, default=0, help="how many made-up orders")
    serve.add_argument("--order-lines", type=lines_option, help="lines of every order; a mix of 1 to 6 when left out")
    serve.add_argument("--orders-days", type=int, default=400, help="over how many days the orders are spread")
    serve.add_argument("--orders-until", type=moment_option, help="when the last of these days ends; now if left out")
    serve.add_argument("--quota", type=int, default=150, help="requests a window; 0 for no limit")
    serve.add_argument("--window-ms", type=int, default=30_000)
    serve.add_argument("--latency-ms", type=float, default=0)
    serve.add_argument("--state", type=Path, help="file the state is read from at start and saved to at the end")
    serve.add_argument("--openapi", type=Path, help="folder of specifications to check every exchange against")
    serve.add_argument("--quiet", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Start the store that the options describe."""
    given = parse(arguments)
    # The catalog is many objects that live as long as the process; collecting while they are made only costs time.
    gc.disable()
    state = load_state(given.state) if given.state is not None and given.state.exists() else None
    plan = state.plan if state else Plan(given.products, given.variants, given.seed, given.clean)
    configuration = Configuration(quota=given.quota, window_ms=given.window_ms, latency_ms=given.latency_ms)
    until = int(time.time()) if given.orders_until is None else given.orders_until
    orders_plan = OrdersPlan(
        given.orders, given.order_lines, given.orders_days, until, given.seed, given.clean, configuration.currency
    )
    store = Store(given.store_hash, plan, configuration, state.orders_plan if state else orders_plan)
    if state is not None:
        # Pace is said on the command line; the rest of the configuration is part of the state.
        pace = {"quota": given.quota, "window_ms": given.window_ms, "latency_ms": given.latency_ms}
        kept = msgspec.structs.replace(state.configuration, **pace)
        store.restore(msgspec.structs.replace(state, configuration=kept))
    gc.freeze()
    gc.enable()
    run(store, Listening(given.host, given.port, given.port_file, given.state, given.quiet), given.openapi)


if __name__ == "__main__":
    main()
