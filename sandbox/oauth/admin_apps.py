"""The admin routes of apps: what the developer portal and the control panel do."""

from __future__ import annotations

import msgspec

from sandbox.exchange import Answer, Refusal, Request, not_found
from sandbox.oauth.app_calls import AppCall
from sandbox.oauth.apps import App
from sandbox.oauth.parameters import with_query
from sandbox.oauth.signed_payloads import Wanted, claims_of, signed
from sandbox.store import Store


def get_apps(store: Store, request: Request) -> Answer:
    """GET: the registered apps."""
    return Answer.of(list(store.oauth.apps.values()))


def register_app(store: Store, request: Request) -> Answer:
    """POST: register an app, or a known one anew."""
    app = msgspec.convert(request.json_object(), App)
    store.oauth.register(app)
    return Answer.of(app)


def sign_payload(store: Store, request: Request) -> Answer:
    """POST: a signed payload for the app, and a call of the app with it where that is wanted.

    An uninstall that is called, and not forged, also ends the app's tokens.
    """
    app = store.oauth.apps.get(request.params["client_id"])
    if app is None:
        raise not_found(request.path)
    wanted = msgspec.convert(request.json_object(), Wanted)
    claims = claims_of(app, store.hash, store.clock, wanted)
    token = signed(claims, app, wanted)
    uri = app.uri(wanted.kind)
    url = None if uri is None else with_query(uri, {"signed_payload_jwt": token})
    told = {"signed_payload_jwt": token, "claims": claims, "url": url}
    if not wanted.call:
        return Answer.of(told)
    if url is None:
        raise Refusal(422, f"the app has no {wanted.kind}_uri to call")
    if wanted.kind == "uninstall" and wanted.is_genuine:
        for former in store.oauth.forget_tokens(app.client_id):
            store.tokens.revoke(former)
        store.note(request, "app.uninstalled", app.client_id, None)
    return AppCall(address=url, told=told)


ADMIN_APPS = [
    ("GET", "apps", get_apps),
    ("POST", "apps", register_app),
    ("POST", "apps/{client_id}/signed", sign_payload),
]
