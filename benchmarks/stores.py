"""The stores that are measured: two variants a product, nothing odd, and no quota unless one is given."""

from __future__ import annotations

from sandbox.process import SandboxProcess

VARIANTS = 2


def measured_store(products: int, *, quota: int = 0, window_ms: int = 30_000) -> SandboxProcess:
    """A store to be started."""
    return SandboxProcess(products=products, variants=VARIANTS, clean=True, quota=quota, window_ms=window_ms)
