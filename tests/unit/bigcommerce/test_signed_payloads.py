"""What BigCommerce signs: one algorithm, one app, and times that may differ by the leeway and no more."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from storekeeper.bigcommerce.oauth import App, Signed, read_signed
from storekeeper.outcomes import Refused

SECRET = "a-secret-of-an-app-that-is-long-enough-for-sha-512-and-so-draws-no-warning"
APP = App("app-1", SECRET, "https://airflow.example.com/storekeeper/auth")
NOW = 1_780_000_000
LEEWAY = 30

KEYS: dict[str, Callable[[], Any]] = {
    "RS": lambda: rsa.generate_private_key(65537, 2048),
    "PS": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES256K": lambda: ec.generate_private_key(ec.SECP256K1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ES521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}

OTHERS = sorted(set(jwt.algorithms.get_default_algorithms()) - {"HS256", "none"})
"""Every other algorithm that the library knows."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's clock stands still."""
    from datetime import datetime as real

    class Standing(real):
        @classmethod
        def now(cls, tz: Any = None) -> real:
            return real.fromtimestamp(NOW, tz)

    monkeypatch.setattr("jwt.api_jwt.datetime", Standing)


def claims(**changes: Any) -> dict[str, Any]:
    """What BigCommerce signs; a change of None leaves the claim out."""
    plain = {
        "aud": "app-1", "iss": "bc", "iat": NOW, "nbf": NOW - 5, "exp": NOW + 86_400, "sub": "stores/sandbox",
        "user": {"id": 7}, "owner": {"id": 7},
    }  # fmt: skip
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


def signed(**changes: Any) -> str:
    return jwt.encode(claims(**changes), SECRET, algorithm="HS256")


def signed_by_hand(algorithm: Any, digest: str = "sha256", **changes: Any) -> str:
    """A token that names any algorithm, whatever signed it, and claims anything: the library would not write some."""

    def part(content: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    content = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims(**changes))}"
    signature = hmac.new(SECRET.encode(), content.encode(), digest).digest()
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def refused(token: str) -> bool:
    try:
        read_signed(token, APP)
    except Refused:
        return True
    return False


def test_what_bigcommerce_signs_is_read() -> None:
    assert read_signed(signed(), APP) == Signed("sandbox", 7, True, NOW)
    assert read_signed(signed_by_hand("HS256"), APP) == Signed("sandbox", 7, True, NOW)


def test_the_library_knows_the_algorithms_that_are_tried() -> None:
    assert {"HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"} < set(OTHERS)
    assert {"PS256", "PS384", "PS512", "EdDSA"} < set(OTHERS)


@pytest.mark.parametrize("algorithm", OTHERS)
def test_a_token_of_any_other_algorithm_is_refused(algorithm: str) -> None:
    if algorithm.startswith("HS"):
        token = jwt.encode(claims(), SECRET, algorithm=algorithm)
        assert jwt.decode(token, SECRET, algorithms=[algorithm], audience="app-1"), "it is a good one of its kind"
    else:
        make_key = KEYS.get(algorithm) or KEYS[algorithm[:2]]
        token = jwt.encode(claims(), make_key(), algorithm=algorithm)
    assert refused(token)


@pytest.mark.parametrize(
    "algorithm", [*OTHERS, "none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS1", "dir", None, 256, ["HS256"]]
)
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_token_that_names_another_algorithm_is_refused_whatever_signed_it(algorithm: Any, digest: str) -> None:
    assert refused(signed_by_hand(algorithm, digest))


@pytest.mark.parametrize(
    "digest", [name for name in ("sha1", "sha384", "sha512") if name in hashlib.algorithms_available]
)
def test_a_token_that_names_our_algorithm_and_was_signed_by_another_is_refused(digest: str) -> None:
    assert refused(signed_by_hand("HS256", digest))


def test_a_token_without_a_signature_is_refused() -> None:
    unsigned = jwt.encode(claims(), "", algorithm="none")
    assert refused(unsigned)
    assert refused(signed().rpartition(".")[0] + ".")


@pytest.mark.parametrize(
    ("changes", "is_refused"),
    [
        ({"exp": NOW - LEEWAY + 1}, False),
        ({"exp": NOW - LEEWAY}, True),
        ({"exp": NOW - LEEWAY - 1}, True),
        ({"exp": NOW - 2_999}, True),
        ({"nbf": NOW + LEEWAY - 1}, False),
        ({"nbf": NOW + LEEWAY}, False),
        ({"nbf": NOW + LEEWAY + 1}, True),
        ({"nbf": NOW + 2_999}, True),
        ({"iat": NOW + LEEWAY - 1, "nbf": None}, False),
        ({"iat": NOW + LEEWAY, "nbf": None}, False),
        ({"iat": NOW + LEEWAY + 1, "nbf": None}, True),
        ({"iat": NOW + 2_999, "nbf": None}, True),
        ({"iat": NOW - 86_400, "nbf": None, "exp": NOW + 1}, False),
    ],
)
def test_our_clock_and_theirs_may_differ_by_the_leeway_and_no_more(changes: dict[str, Any], is_refused: bool) -> None:
    assert refused(signed(**changes)) is is_refused


@pytest.mark.parametrize("name", ["aud", "iss", "iat", "exp", "sub"])
def test_a_token_that_lacks_a_claim_is_refused(name: str) -> None:
    assert refused(signed(**{name: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "app-2"},
        {"aud": ["app-1"]},
        {"aud": ["app-1", "app-2"]},
        {"aud": ""},
        {"iss": "evil"},
        {"iss": "BC"},
        {"iss": ["bc"]},
        {"sub": "sandbox"},
        {"sub": "stores/../x"},
        {"sub": "stores/sandbox/x"},
        {"sub": "stores/SANDBOX"},
        {"sub": "stores/"},
        {"sub": "https://evil.example.com"},
        {"sub": 7},
        {"exp": "tomorrow"},
        {"iat": "yesterday"},
        {"user": "root"},
        {"owner": [7]},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    assert refused(signed_by_hand("HS256", **changes))


def test_a_token_of_another_secret_is_refused() -> None:
    assert refused(jwt.encode(claims(), SECRET + "x", algorithm="HS256"))


@pytest.mark.parametrize(
    "token", ["", "x", "..", "a.b.c", signed() + "x", signed() + ".", " " + signed(), "." + signed()]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token)
