"""A catalog that somebody edits while it is pulled: what was there throughout comes in, once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from tests.databases import Database
from tests.operations.conftest import Import

SIZE = 60
OVERWRITE = {"mode": "create_and_overwrite", "max_gone_share": 1.0}


def edits(restless: list[int], draw: random.Random) -> Iterator[list[dict[str, Any]]]:
    """What somebody does between two requests: one product goes, one changes, one comes in."""
    there = list(restless)
    for number in range(SIZE):
        made = {"name": f"Made {number}", "type": "physical", "weight": 1, "price": number, "sku": f"MADE-{number}"}
        changes: list[dict[str, Any]] = [{"method": "POST", "path": "products", "body": made}]
        if there:
            gone = there.pop(draw.randrange(len(there)))
            changes.append({"method": "DELETE", "path": f"products/{gone}"})
        if there:
            renamed = {"name": f"Renamed {number}"}
            changes.append({"method": "POST", "path": f"products/{draw.choice(there)}", "body": renamed})
        yield changes


@pytest.mark.parametrize(("page_size", "readers"), [(1, 4), (7, 3), (7, 1), (50, 4), (250, 2)])
def test_what_was_there_throughout_comes_in_once(database: Database, page_size: int, readers: int) -> None:
    with SandboxProcess(products=SIZE, seed=3, quota=0, clean=True) as store:
        run = Import(store, database)
        settings: dict[str, Any] = {**OVERWRITE, "page_size": page_size, "readers": readers}
        ids = [product["id"] for product in store.products()]
        quiet, restless = set(ids[1::2]), ids[::2]
        run(**settings)  # so that the pull under way may take something for gone
        for number, changes in enumerate(edits(restless, random.Random(page_size * 10 + readers)), 4):
            store.fault("change", nth=number, changes=changes)
        run(channel="other", **settings)
        run(**settings)
        store.clear_faults()
        for channel in ("shop", "other"):
            rows = database.rows("select product_id, status from core.listing where channel = %s", channel)
            there = [row["product_id"] for row in rows if row["product_id"] is not None]
            assert len(there) == len(set(there))
            assert quiet <= set(there)
            assert {row["status"] for row in rows if row["product_id"] in quiet} <= {"listed", "hidden"}
        assert not set(ids) <= {product["id"] for product in store.products()}
        run(**settings)
        run(channel="fresh")
        living = "select product_id, title from core.listing where channel = %s and product_id is not null order by 1"
        assert database.rows(living, "shop") == database.rows(living, "fresh")
