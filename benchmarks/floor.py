"""The floor: the plainest client there can be. Four connections fetch every page, one COPY of (id, payload).

Ratios to a floor right beside compare; seconds of different days, or minutes, do not.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import requests

from benchmarks.databases import fresh_database
from sandbox.process import FULL_TOKEN, SandboxProcess
from stack.postgres import EmbeddedPostgres

CONNECTIONS = 4
PRODUCTS_A_PAGE = 250
INCLUDE = "variants,images,custom_fields"


def prepare_floor(server: EmbeddedPostgres) -> str:
    """The URI of a database with the floor's empty table."""
    uri = fresh_database(server, "benchmark_floor")
    with psycopg.connect(uri) as connection:
        connection.execute("create table floor (id bigint, payload jsonb)")
    return uri


def run_floor(uri: str, store: SandboxProcess) -> float:
    """Fetch and copy; the seconds from the first request to the commit.

    :param uri: from :func:`prepare_floor`.
    """
    session = requests.Session()
    session.headers["X-Auth-Token"] = FULL_TOKEN

    def fetch(number: int) -> dict[str, Any]:
        query = f"include={INCLUDE}&limit={PRODUCTS_A_PAGE}&page={number}"
        answer = session.get(f"{store.url}/v3/catalog/products?{query}", timeout=60)
        answer.raise_for_status()
        page: dict[str, Any] = answer.json()
        return page

    with session, psycopg.connect(uri, autocommit=True) as connection:
        began = time.monotonic()
        first = fetch(1)
        others = range(2, first["meta"]["pagination"]["total_pages"] + 1)
        with (
            ThreadPoolExecutor(CONNECTIONS) as pool,
            connection.cursor() as cursor,
            cursor.copy("copy floor (id, payload) from stdin") as copy,
        ):
            for page in [first, *pool.map(fetch, others)]:
                for product in page["data"]:
                    copy.write_row((product["id"], json.dumps(product)))
        return time.monotonic() - began
