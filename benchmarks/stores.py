"""The stores that are measured: nothing odd in them, and no quota unless one is given."""

from __future__ import annotations

from sandbox.process import SandboxProcess

VARIANTS = 2
"""Of each product."""

LINES = 3
"""Of each order."""

ORDER_DAYS = 25
"""Over so many days the orders were placed, fewer than Get Orders looks back."""

PRODUCTS_TO_ORDER = 1_000


def measured_store(products: int, *, quota: int = 0, window_ms: int = 30_000) -> SandboxProcess:
    """A catalog, to be started."""
    return SandboxProcess(products=products, variants=VARIANTS, clean=True, quota=quota, window_ms=window_ms)


def store_with_orders(orders: int) -> SandboxProcess:
    """Orders and the products they are of, to be started."""
    return SandboxProcess(
        products=PRODUCTS_TO_ORDER,
        variants=VARIANTS,
        orders=orders,
        order_lines=LINES,
        orders_days=ORDER_DAYS,
        clean=True,
        quota=0,
    )
