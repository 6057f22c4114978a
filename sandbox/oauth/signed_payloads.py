"""The signed payload of ``load``, ``uninstall`` and ``remove_user``: a JWT, as BigCommerce makes it or forged."""

from __future__ import annotations

import uuid
import warnings
from typing import Any

import msgspec

from sandbox.clock import Clock
from sandbox.exchange import Json, Refusal
from sandbox.oauth.apps import App, Kind
from sandbox.oauth.people import OWNER_ID, email_of

DAY_SECONDS = 86_400
EARLIER_SECONDS = 5
SIGNED_AS_NAMED = ("HS256", "HS384", "HS512", "none")


class Wanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a test wants signed.

    :param user_id: who clicked, or whose access was taken away; the owner where left out.
    :param claims: claims that stand in place of BigCommerce's own.
    :param without: claims to leave out.
    :param header: members of the header; ``alg`` is one of HS256 (the default), HS384, HS512 and none, and any other is
        only said: HS256 signs.
    :param secret: what signs in place of the app's secret.
    :param signature: stands in place of the signature, as it is.
    :param call: let the sandbox call the app with it.
    """

    kind: Kind
    user_id: int | None = None
    claims: Json = {}
    without: list[str] = []
    header: Json = {}
    secret: str | None = None
    signature: str | None = None
    call: bool = False

    @property
    def is_genuine(self) -> bool:
        """Whether BigCommerce itself would sign it so."""
        return not (self.claims or self.without or self.header) and self.secret is None and self.signature is None


def claims_of(app: App, store_hash: str, clock: Clock, wanted: Wanted) -> Json:
    """The claims of the payload."""
    now = clock.moment()
    user_id = OWNER_ID if wanted.user_id is None else wanted.user_id
    claims = {
        "aud": app.client_id,
        "iss": "bc",
        "iat": now,
        "nbf": now - EARLIER_SECONDS,
        "exp": now + DAY_SECONDS,
        "jti": str(uuid.uuid4()),
        "sub": f"stores/{store_hash}",
        "user": {"id": user_id, "email": email_of(user_id), "locale": "en-US"},
        "owner": {"id": OWNER_ID, "email": email_of(OWNER_ID)},
        "url": "/",
        "channel_id": None,
    }
    return {name: value for name, value in (claims | wanted.claims).items() if name not in wanted.without}


def signed(claims: Json, app: App, wanted: Wanted) -> str:
    """The payload as a JWT.

    :raises Refusal: 422 for a header or a secret that the JWT library will not sign with.
    """
    # The library brings cryptography along, which no other part of the store waits for at its start.
    from jwt import PyJWTError
    from jwt.algorithms import HMACAlgorithm
    from jwt.api_jws import PyJWS

    algorithm: Any = wanted.header.get("alg", "HS256")
    secret = app.client_secret if wanted.secret is None else wanted.secret
    jws = PyJWS()
    if algorithm not in SIGNED_AS_NAMED:
        if algorithm in jws.get_algorithms():
            jws.unregister_algorithm(algorithm)
        jws.register_algorithm(algorithm, HMACAlgorithm(HMACAlgorithm.SHA256))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of secrets that are short: a test's secret may be
            key = "" if algorithm == "none" else secret
            token = jws.encode(msgspec.json.encode(claims), key, algorithm, headers={"alg": algorithm} | wanted.header)
    except PyJWTError as error:
        raise Refusal(422, f"{type(error).__name__}: {error}") from None
    return token if wanted.signature is None else f"{token.rpartition('.')[0]}.{wanted.signature}"
