"""The token call: an app gives a code and gets an access token."""

from __future__ import annotations

import secrets

from sandbox.exchange import Answer, Request
from sandbox.oauth.apps import App, Code
from sandbox.oauth.parameters import BadParameters, form_or_json
from sandbox.oauth.people import owner_with_username
from sandbox.store import Store

REQUIRED = ("client_id", "client_secret", "code", "scope", "context", "grant_type", "redirect_uri")
NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class NoToken(Exception):
    """The app gets no token.

    :param error: one of OAuth's own words for the reason.
    :param description: the reason for a person, without a value of the request.
    """

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status

    def answer(self) -> Answer:
        """The refusal as an answer."""
        answer = Answer.of({"error": self.error, "error_description": self.description}, self.status)
        answer.headers |= NOT_KEPT
        return answer


def exchange_code(store: Store, request: Request) -> Answer:
    """POST: a fresh token for a code; a refused call leaves the code as it was."""
    try:
        given = _parameters(request)
        app = _authenticated(store, given)
        code = _agreed(store, app, given)
    except NoToken as refusal:
        return refusal.answer()
    if store.configuration.replaces_token:
        for former in store.oauth.forget_tokens(app.client_id):
            store.tokens.revoke(former)
    token = store.oauth.spend(given["code"])
    store.tokens.add(token, code.scopes)
    store.note(request, "app.installed", app.client_id, {"context": code.context, "scopes": code.scopes})
    answer = Answer.of(
        {
            "access_token": token,
            "scope": " ".join(code.scopes),
            "user": owner_with_username(),
            "owner": owner_with_username(),
            "context": code.context,
            "account_uuid": app.account_uuid,
        }
    )
    answer.headers |= NOT_KEPT
    return answer


def _parameters(request: Request) -> dict[str, str]:
    try:
        given = form_or_json(request)
    except BadParameters as error:
        raise NoToken("invalid_request", str(error)) from None
    missing = [name for name in REQUIRED if not given.get(name)]
    if missing:
        raise NoToken("invalid_request", f"Missing: {', '.join(missing)}.")
    if given["grant_type"] != "authorization_code":
        raise NoToken("unsupported_grant_type", "The grant_type must be authorization_code.")
    return given


def _authenticated(store: Store, given: dict[str, str]) -> App:
    app = store.oauth.apps.get(given["client_id"])
    if app is None or not secrets.compare_digest(app.client_secret.encode(), given["client_secret"].encode()):
        raise NoToken("invalid_client", "The client id or the client secret is wrong.", 401)
    return app


def _agreed(store: Store, app: App, given: dict[str, str]) -> Code:
    code = store.oauth.code(given["code"])
    if code is None or code.client_id != app.client_id:
        raise NoToken("invalid_grant", "The code is not one of this app.")
    if code.spent:
        raise NoToken("invalid_grant", "The code was used before.")
    if store.clock.now().timestamp() >= code.expires_at:
        raise NoToken("invalid_grant", "The code has expired.")
    if given["context"] != code.context:
        raise NoToken("invalid_grant", "The code is for another context.")
    if given["redirect_uri"] != code.redirect_uri:
        raise NoToken("invalid_grant", "The redirect_uri is not the one the code was sent to.")
    if set(given["scope"].split()) != set(code.scopes):
        raise NoToken("invalid_scope", "The scope is not the one the merchant agreed to.")
    return code
