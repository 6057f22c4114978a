"""An app's dealings with BigCommerce: a merchant's consent becomes a token, and what BigCommerce signs is verified."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
import msgspec
import requests

from storekeeper.bigcommerce.address import check_store_hash, login_base
from storekeeper.outcomes import NotNow, Refused, SettingsError

NEEDED_SCOPES = ("store_v2_products", "store_v2_orders", "store_inventory", "store_v2_information_read_only")
"""What Storekeeper does in a store."""

LEEWAY_SECONDS = 30
"""So much may BigCommerce's clock and ours differ."""

TIMEOUT_SECONDS = 20
ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class App:
    """An app as its developer account has it.

    :param client_secret: never shown.
    :param base: where merchants consent and tokens are made; BigCommerce's own login where left out.
    :param redirect_uri: where BigCommerce sends the browser back to, exactly as it is registered.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    base: str = ""

    def __post_init__(self) -> None:
        """Check the address.

        :raises SettingsError: it is none of BigCommerce's.
        """
        try:
            object.__setattr__(self, "base", login_base(self.base))
        except ValueError as error:
            raise SettingsError(f"the app's address: {error}") from None


class Granted(msgspec.Struct):
    """What a merchant has granted.

    :param context: ``stores/{hash}``.
    """

    access_token: str
    scope: str
    context: str

    def __repr__(self) -> str:
        """Without the token: what is shown is logged sooner or later."""
        return f"Granted(context={self.context!r}, scope={self.scope!r})"


@dataclass(frozen=True, slots=True)
class Signed:
    """What BigCommerce says of a store, under its signature.

    :param user: the id of the user of the store whom it is about; None: of none.
    :param owner: whether that is the store's owner.
    :param issued_at: when BigCommerce signed it, in seconds since 1970.
    """

    store_hash: str
    user: int | None
    owner: bool
    issued_at: int


def consent_address(app: App, store_hash: str, state: str) -> str:
    """Where a merchant consents to the app, and from where BigCommerce sends the browser back."""
    asked = {
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "response_type": "code",
        "scope": " ".join(NEEDED_SCOPES),
        "context": f"stores/{check_store_hash(store_hash)}",
        "state": state,
    }
    return f"{app.base}/oauth2/authorize?{urlencode(asked)}"


def exchange_code(app: App, code: str, scope: str, context: str) -> Granted:
    """Make a token of a code that BigCommerce has just sent; a code works once.

    :raises Refused: BigCommerce does not take it, or grants another store or less than is needed.
    :raises NotNow: it does not answer.
    """
    body = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "code": code,
        "scope": scope,
        "context": context,
        "grant_type": "authorization_code",
        "redirect_uri": app.redirect_uri,
    }
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(f"{app.base}/oauth2/token", json=body, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        raise NotNow(f"BigCommerce does not answer the app ({type(error).__name__})") from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise NotNow(f"BigCommerce cannot make a token now (status {answer.status_code})")
    if answer.status_code != 200:
        raise Refused(
            f"BigCommerce does not take the code (status {answer.status_code}): it was used or is too old, or the app's"
            " client id, secret or redirect address is wrong. Begin again",
            status=answer.status_code,
        )
    try:
        granted = msgspec.json.decode(answer.content, type=Granted)
    except msgspec.DecodeError:
        raise NotNow("BigCommerce's answer to the app has another shape than documented") from None
    if granted.context != context:
        raise Refused("BigCommerce has granted another store than was asked for: nothing was saved")
    if lacking := missing_scopes(granted.scope.split()):
        raise Refused(f"BigCommerce has not granted {', '.join(lacking)}: give the app these scopes, and begin again")
    return granted


def missing_scopes(granted: Collection[str]) -> list[str]:
    """Those of the needed scopes that were not granted; a modifying one includes its reading one."""
    have = set(granted) | {f"{scope}_read_only" for scope in granted}
    return [scope for scope in NEEDED_SCOPES if scope not in have]


def store_of(context: str) -> str:
    """The store hash in a context, ``stores/{hash}``.

    :raises ValueError: it is none.
    """
    found = re.fullmatch(r"stores/([a-z0-9]{1,32})", context)
    if not found:
        raise ValueError("the context names no store")
    return check_store_hash(found[1])


def read_signed(token: str, app: App) -> Signed:
    """Verify a ``signed_payload_jwt``: signature by the app's secret, algorithm, audience, issuer, times, store.

    :raises Refused: it is not BigCommerce's, not for this app, or too old; why is not told to whoever sent it.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            app.client_secret,
            algorithms=[ALGORITHM],
            audience=app.client_id,
            issuer="bc",
            leeway=LEEWAY_SECONDS,
            options={"require": ["aud", "iss", "iat", "exp", "sub"], "strict_aud": True},
        )
        store_hash = store_of(claims["sub"])
        user, owner = ((claims.get(name) or {}).get("id") for name in ("user", "owner"))
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise Refused(f"what claims to be signed by BigCommerce is not ({type(error).__name__})") from None
    owns = isinstance(user, int) and user == owner
    return Signed(store_hash, user if isinstance(user, int) else None, owns, int(claims["iat"]))
