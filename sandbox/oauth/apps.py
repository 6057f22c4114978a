"""Registered apps, the codes they were given, and the tokens they got for them."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

import msgspec

CODE_SECONDS = 60
ACCOUNT_UUID = "12345678-90ab-4cde-8f12-34567890abcd"

ClientId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]+\Z")]
Uri = Annotated[str, msgspec.Meta(pattern=r"\Ahttps?://[!-\"$-~]+\Z")]
Scope = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9_]+\Z")]
Secret = Annotated[str, msgspec.Meta(min_length=1)]
Kind = Literal["load", "uninstall", "remove_user"]


class App(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One app as its developer registered it.

    :param name: what the consent page calls it; its client id where it has none.
    :param redirect_uri: the auth callback, absolute and without a fragment, as all its addresses.
    :param account_uuid: the developer's account.
    """

    client_id: ClientId
    client_secret: Secret
    redirect_uri: Uri
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1)]
    name: str = ""
    load_uri: Uri | None = None
    uninstall_uri: Uri | None = None
    remove_user_uri: Uri | None = None
    account_uuid: str = ACCOUNT_UUID

    @property
    def title(self) -> str:
        """How people know the app."""
        return self.name or self.client_id

    def uri(self, kind: Kind) -> str | None:
        """Where the app is called, if it wants to be."""
        return {"load": self.load_uri, "uninstall": self.uninstall_uri, "remove_user": self.remove_user_uri}[kind]


class Code(msgspec.Struct, frozen=True):
    """What the merchant agreed to; it buys one token.

    :param expires_at: on the store's clock, in seconds since 1970.
    """

    client_id: str
    context: str
    scopes: list[str]
    redirect_uri: str
    expires_at: float
    spent: bool = False


class OAuthState(msgspec.Struct):
    """A kept state of apps, codes and tokens.

    :param granted: the tokens of each app that still work, oldest first.
    """

    apps: dict[str, App] = {}
    codes: dict[str, Code] = {}
    granted: dict[str, list[str]] = {}


class OAuth:
    """The apps of one store."""

    def __init__(self) -> None:
        self.apps: dict[str, App] = {}
        self._codes: dict[str, Code] = {}
        self._granted: dict[str, list[str]] = {}

    def register(self, app: App) -> None:
        """Register an app, or a known one anew: its codes and tokens stay."""
        self.apps[app.client_id] = app

    def issue_code(self, app: App, context: str, scopes: list[str], now: float) -> str:
        """A code for what the merchant has just agreed to."""
        code = secrets.token_hex(16)
        self._codes[code] = Code(app.client_id, context, scopes, app.redirect_uri, now + CODE_SECONDS)
        return code

    def code(self, code: str) -> Code | None:
        """What was agreed to with this code; spent and expired ones are known, too."""
        return self._codes.get(code)

    def spend(self, code: str) -> str:
        """A fresh token for the code, which buys none from now on."""
        known = self._codes[code]
        self._codes[code] = msgspec.structs.replace(known, spent=True)
        token = secrets.token_hex(16)
        self._granted.setdefault(known.client_id, []).append(token)
        return token

    def forget_tokens(self, client_id: str) -> list[str]:
        """The tokens the app had so far; they are its own no longer."""
        return self._granted.pop(client_id, [])

    def state(self) -> OAuthState:
        """The present state, to be kept."""
        granted = {client_id: list(tokens) for client_id, tokens in self._granted.items()}
        return OAuthState(dict(self.apps), dict(self._codes), granted)

    def restore(self, state: OAuthState) -> None:
        """Go back to a kept state."""
        self.apps, self._codes = dict(state.apps), dict(state.codes)
        self._granted = {client_id: list(tokens) for client_id, tokens in state.granted.items()}
