"""What BigCommerce signs is believed, and nothing else is; and what a merchant is asked for."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from storekeeper.bigcommerce.oauth import (
    LEEWAY_SECONDS,
    NEEDED_SCOPES,
    App,
    Signed,
    consent_address,
    missing_scopes,
    read_signed,
    store_of,
)
from storekeeper.outcomes import Refused

SECRET = "a-secret-of-at-least-thirty-two-bytes"
APP = App("app-1", SECRET, "https://airflow.example.com/storekeeper/auth")


def signed(key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "aud": "app-1",
        "iss": "bc",
        "iat": now,
        "exp": now + 60,
        "sub": "stores/abc123",
        "user": {"id": 7},
        "owner": {"id": 7},
    }
    claims |= changes
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm=algorithm)


def test_what_is_signed_is_read() -> None:
    issued = int(time.time()) - 5
    assert read_signed(signed(iat=issued), APP) == Signed("abc123", 7, True, issued)


@pytest.mark.parametrize(
    ("changes", "user", "owner"),
    [
        ({"owner": {"id": 8}}, 7, False),
        ({"user": None}, None, False),
        ({"user": None, "owner": None}, None, False),
        ({"user": {"id": "7"}, "owner": {"id": "7"}}, None, False),
        ({"user": {}, "owner": {}}, None, False),
    ],
)
def test_only_the_owner_is_the_owner(changes: dict[str, Any], user: int | None, owner: bool) -> None:
    read = read_signed(signed(**changes), APP)
    assert (read.user, read.owner) == (user, owner)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": SECRET[::-1]},
        {"algorithm": "HS512"},
        {"iss": "somebody"},
        {"aud": "app-2"},
        {"aud": ["app-1"]},
        {"sub": "abc123"},
        {"sub": "stores/ABC"},
        {"sub": "stores/abc123/"},
        {"user": "owner"},
        {"aud": None},
        {"iss": None},
        {"iat": None},
        {"exp": None},
        {"sub": None},
    ],
)
def test_anything_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="what claims to be signed by BigCommerce is not"):
        read_signed(signed(**changes), APP)


@pytest.mark.parametrize("claim", ["iat", "nbf", "exp"])
def test_clocks_may_differ_by_half_a_minute(claim: str) -> None:
    assert LEEWAY_SECONDS == 30
    now, sign = int(time.time()), -1 if claim == "exp" else 1
    read_signed(signed(**{claim: now + sign * 20}), APP)
    with pytest.raises(Refused):
        read_signed(signed(**{claim: now + sign * 40}), APP)


def test_a_merchant_is_asked_for_what_is_needed_and_nothing_more() -> None:
    address = urlsplit(consent_address(APP, "abc123", "state-1"))
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://login.bigcommerce.com/oauth2/authorize"
    assert parse_qs(address.query) == {
        "client_id": ["app-1"],
        "redirect_uri": ["https://airflow.example.com/storekeeper/auth"],
        "response_type": ["code"],
        "scope": ["store_v2_products store_v2_orders store_inventory store_v2_information_read_only"],
        "context": ["stores/abc123"],
        "state": ["state-1"],
    }


def test_a_modifying_scope_includes_its_reading_one_and_not_the_other_way_round() -> None:
    assert missing_scopes(NEEDED_SCOPES) == []
    assert missing_scopes([*NEEDED_SCOPES[:3], "store_v2_information"]) == []
    assert missing_scopes(["store_v2_products_read_only", *NEEDED_SCOPES[1:]]) == ["store_v2_products"]
    assert missing_scopes([]) == list(NEEDED_SCOPES)


@pytest.mark.parametrize("store_hash", ["a", "a" * 32])
def test_a_context_names_a_store(store_hash: str) -> None:
    assert store_of(f"stores/{store_hash}") == store_hash


@pytest.mark.parametrize("context", ["stores/", "stores/" + "a" * 33, "stores/a b", "Xstores/a", "a"])
def test_another_context_names_none(context: str) -> None:
    with pytest.raises(ValueError, match="names no store"):
        store_of(context)
