"""The floor: the plainest client there can be. Four connections fetch every page, one COPY of (id, payload).

Ratios to a floor right beside compare; seconds of different days, or minutes, do not.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from typing import Any

import psycopg
import requests

from benchmarks.databases import fresh_database
from benchmarks.measured import PER_PAGE, Measured
from sandbox.process import FULL_TOKEN, SandboxProcess
from stack.postgres import EmbeddedPostgres

CONNECTIONS = 4


def prepare_floor(server: EmbeddedPostgres) -> str:
    """The URI of a database with the floor's empty table."""
    uri = fresh_database(server, "benchmark_floor")
    with psycopg.connect(uri) as connection:
        connection.execute("create table floor (id bigint, payload jsonb)")
    return uri


def run_floor(uri: str, store: SandboxProcess, measured: Measured, size: int) -> float:
    """Fetch and copy; the seconds from the first request to the commit.

    :param uri: from :func:`prepare_floor`.
    :param size: how many records the store has.
    :raises RuntimeError: the store had another number of them.
    """
    session = requests.Session()
    session.headers.update({"X-Auth-Token": FULL_TOKEN, "Accept": "application/json"})

    def fetch(number: int) -> Any:
        answer = session.get(f"{store.url}{measured.path}&limit={PER_PAGE}&page={number}", timeout=60)
        answer.raise_for_status()
        return answer.json()

    copied = 0
    with session, psycopg.connect(uri, autocommit=True) as connection:
        began = time.monotonic()
        first = fetch(1)
        others = range(2, ceil(size / PER_PAGE) + 1)
        with (
            ThreadPoolExecutor(CONNECTIONS) as pool,
            connection.cursor() as cursor,
            cursor.copy("copy floor (id, payload) from stdin") as copy,
        ):
            for page in [first, *pool.map(fetch, others)]:
                for record in measured.records_of(page):
                    copy.write_row((record["id"], json.dumps(record)))
                    copied += 1
        seconds = time.monotonic() - began
    if copied != size:
        raise RuntimeError(f"the floor copied {copied} {measured.records}, and the store has {size}")
    return seconds
