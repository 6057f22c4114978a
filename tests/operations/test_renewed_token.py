"""A token that is replaced while a task runs: the task goes on with the new one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest

from sandbox.process import SandboxProcess
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.outcomes import AccessLost, SettingsError
from tests.operations.conftest import QUICK

SCOPES = ["store_v2_products", "store_v2_orders", "store_v2_information_read_only", "store_inventory"]


@pytest.fixture
def store(running_small_store: SandboxProcess) -> Iterator[SandboxProcess]:
    running_small_store.reset()
    for token in ("first", "second"):
        running_small_store.add_token(token, SCOPES)
    running_small_store.forget_requests()
    yield running_small_store
    for token in ("first", "second"):
        running_small_store.revoke_token(token)


def client(store: SandboxProcess, *tokens: str) -> tuple[StoreClient, list[str]]:
    """A client with the first of the tokens; the others are what it is told when it asks, and how often it asked."""
    asked: list[str] = []

    def renew() -> str:
        asked.append(tokens[min(len(asked) + 1, len(tokens) - 1)])
        return asked[-1]

    return StoreClient(store.root, "sandbox", tokens[0], patience=QUICK, renew=renew), asked


def test_a_task_goes_on_with_the_token_that_the_connection_has_by_now(store: SandboxProcess) -> None:
    with client(store, "first", "second")[0] as reading:
        reading.get("/v2/store")
        store.revoke_token("first")
        reading.get("/v2/store")
        reading.get("/v2/store")
    assert store.request_count() == 4


def test_a_write_that_was_refused_for_its_token_is_made_once(store: SandboxProcess) -> None:
    with client(store, "first", "second")[0] as writing:
        store.revoke_token("first")
        category = [{"name": "Once", "tree_id": 1, "parent_id": 0}]
        writing.write("POST", "/v3/catalog/trees/categories", category, check=time.monotonic)
    assert sum(each["kind"] == "category.created" for each in store.effects()) == 1


@pytest.mark.parametrize("tokens", [("first",), ("first", "first"), ("first", ""), ("first", "third", "third")])
def test_where_there_is_no_better_one_access_is_lost(store: SandboxProcess, tokens: tuple[str, ...]) -> None:
    reading, asked = client(store, *tokens)
    with reading:
        store.revoke_token("first")
        with pytest.raises(AccessLost, match="the access token is wrong or was revoked") as lost:
            reading.get("/v2/store")
    assert type(lost.value) is AccessLost
    assert len(asked) <= 2


def test_a_connection_that_leads_elsewhere_by_now_gives_no_token(store: SandboxProcess) -> None:
    def elsewhere() -> str:
        raise SettingsError("connection 'x' leads to another store by now")

    with StoreClient(store.root, "sandbox", "first", patience=QUICK, renew=elsewhere) as reading:
        store.revoke_token("first")
        with pytest.raises(AccessLost, match="no other is to be had: connection 'x' leads to another store"):
            reading.get("/v2/store")


def test_tokens_that_change_without_end_are_not_tried_without_end(store: SandboxProcess) -> None:
    numbers = itertools.count()
    with StoreClient(store.root, "sandbox", "first", patience=QUICK, renew=lambda: f"t{next(numbers)}") as reading:
        store.revoke_token("first")
        with pytest.raises(AccessLost):
            reading.get("/v2/store")
    assert store.request_count() == 3
