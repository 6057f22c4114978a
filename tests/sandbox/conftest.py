"""What the tests of the store share: one of 120 products for each file, as it was generated before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=120, quota=0) as process:
        yield process


@pytest.fixture(scope="module")
def catalog(store: SandboxProcess) -> list[Json]:
    """The products as they were generated."""
    store.reset()
    return store.products()


@pytest.fixture
def as_it_began(store: SandboxProcess) -> None:
    store.reset()


@pytest.fixture
def several_variants(catalog: list[Json]) -> Json:
    """A product with three variants or more, every one with a SKU."""
    return next(
        each
        for each in catalog
        if len(each["variants"]) > 2 and each["sku"] and all(one["sku"] for one in each["variants"])
    )
