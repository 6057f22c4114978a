"""Connecting a store in the browser: by the app's consent page, or by an API account; and what BigCommerce says later.

Each page but BigCommerce's own three needs Airflow's login and the right to edit connections. Those three carry
BigCommerce's signature.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, Form, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from storekeeper.bigcommerce.address import api_base
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.bigcommerce.oauth import NEEDED_SCOPES, App, Signed, consent_address, read_signed, store_of
from storekeeper.channels import channels_dir, load_channels, shown_path
from storekeeper.hooks.bigcommerce import BigCommerceHook
from storekeeper.hooks.warehouse import open_warehouse
from storekeeper.operations import connecting
from storekeeper.operations.connecting import FlowRefused, Wanted
from storekeeper.outcomes import NotNow, Refused, SettingsError, StoreError, WarehouseUnavailable
from storekeeper.web import stored_connections
from storekeeper.web.access import (
    EDITORS,
    OWN_FORM,
    base_address,
    check_may_write,
    form_token,
    keep_session,
    own_session,
    session_of,
)
from storekeeper.web.pages import CONTROL_PANEL, home, notice, page
from storekeeper.web.secrets_in_logs import mask_secret
from storekeeper.web.stored_connections import Access

log = logging.getLogger(__name__)

QUICK = Patience(connect=4, read=5, total=8, attempts=1, throttled_most=2)
TESTS = threading.Semaphore(3)
"""So many stores may be asked at once: each holds one of the threads that Airflow's own pages need."""

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


def the_app() -> App | None:
    """The app of the developer account, from its own connection; None where there is none.

    :raises SettingsError: it is there and cannot be used.
    """
    found = stored_connections.read(stored_connections.APP_CONNECTION)
    if found is None:
        return None
    secret = str(found["extra"].get("client_secret") or "")
    if not found["login"] or not secret:
        raise SettingsError(
            f"connection {stored_connections.APP_CONNECTION!r}: needs the app's client id as login, and its"
            " client_secret in extra"
        )
    mask_secret(secret)
    base = found["host"]
    if base and "://" not in base and found["schema"]:
        base = f"{found['schema']}://{base}"
    if base and found["port"]:
        base = f"{base}:{found['port']}"
    redirect = str(found["extra"].get("redirect_uri") or f"{base_address()}/storekeeper/auth")
    return App(found["login"], secret, redirect, base)


def _needed_app() -> App:
    found = the_app()
    if found is None:
        raise SettingsError(f"there is no connection {stored_connections.APP_CONNECTION!r} with the app's client id")
    return found


@app.get("/", dependencies=EDITORS)
def stores(request: Request, user: GetUserDep) -> HTMLResponse:
    """The channels with their stores, and the forms that connect another one."""
    known: dict[str, Any] = {}
    try:
        known = {row["channel"]: row for row in _known()}
    except (SettingsError, WarehouseUnavailable) as error:
        log.warning("the stores are shown without their names: %s", error)
    configured = {channel.channel: channel.connection_id for channel in load_channels()}
    shown = []
    for channel in sorted({*configured, *known}):
        row = known.get(channel)
        state, bad = _state(channel, configured.get(channel))
        name = f"{row['store_name'] or ''} ({row['store_hash']})" if row else "never read"
        conn_id = configured.get(channel) or (row["connection_id"] if row else f"bigcommerce_{channel}")
        is_set = channel in configured
        shown.append(
            {"channel": channel, "store": name, "connection_id": conn_id, "state": state, "bad": bad, "is_set": is_set}
        )
    found = the_app()
    session = own_session(request)
    response = page(
        "stores",
        leads_to=found.base if found else "",
        framed_by="'self'",
        stores=shown,
        app=found is not None,
        app_connection=stored_connections.APP_CONNECTION,
        scopes=", ".join(NEEDED_SCOPES),
        token=form_token(session, user.get_name()),
    )
    keep_session(request, response, session)
    return response


@app.post("/test", dependencies=[*EDITORS, OWN_FORM])
def test(request: Request, channel: Annotated[str, Form(max_length=50)]) -> HTMLResponse:
    """What a channel's store says of itself, wherever its connection is kept: Airflow's own Test sees its database."""
    known = {each.channel: each.connection_id for each in load_channels()}
    if channel not in known:
        raise SettingsError(f"there is no channel {channel!r}")
    hook = BigCommerceHook(known[channel], named_in=f"channel {channel!r}", patience=QUICK)
    try:
        report = _tried(hook.get_conn)
    except (StoreError, NotNow) as error:
        return notice(f"{error}.", status=502, request=request)
    return notice("; ".join(report.lines) + ".", status=200, request=request)


def _state(channel: str, conn_id: str | None) -> tuple[str, bool]:
    if conn_id is None:
        return "its file is gone: nothing runs, its data stay", True
    found = stored_connections.read(conn_id)
    if found is None:
        return "not in Airflow's database; Test tells whether it is elsewhere", False
    if found["extra"].get("uninstalled_at"):
        return f"the app was uninstalled in the store ({found['extra']['uninstalled_at']}): connect it again", True
    return ("connected", False) if found["password"] else ("has no token", True)


@app.post("/begin", dependencies=[*EDITORS, OWN_FORM])
def begin(
    request: Request, user: GetUserDep, store_hash: Annotated[str, Form()], channel: Annotated[str, Form()]
) -> Response:
    """To BigCommerce's consent page."""
    wanted = Wanted(channel.strip(), store_hash.strip())
    found = _needed_app()
    _check(user, wanted, _api_host(found))
    with open_warehouse() as warehouse:
        state = connecting.begin(warehouse, wanted, user=user.get_name(), session=session_of(request))
    response = RedirectResponse(consent_address(found, wanted.store_hash, state), status_code=303)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


@app.get("/auth", dependencies=EDITORS)
def auth(
    request: Request,
    user: GetUserDep,
    code: Annotated[str, Query(max_length=2000)],
    scope: Annotated[str, Query(max_length=4000)],
    context: Annotated[str, Query(max_length=100)],
    state: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """BigCommerce has sent the browser back: with a state of ours, or on its own account."""
    try:
        store_hash = store_of(context)
    except ValueError as error:
        raise FlowRefused(str(error)) from None
    if state:
        with open_warehouse() as warehouse:
            wanted = connecting.end(warehouse, state, context, user=user.get_name(), session=session_of(request))
        return _connect(request, user, wanted, code=code, scope=scope, context=context)
    session = own_session(request)
    channels = {row["store_hash"]: row["channel"] for row in _known()}
    response = page("confirm", store_hash=store_hash, channel=channels.get(store_hash, ""),
                    code=code, scope=scope, context=context, token=form_token(session, user.get_name()))  # fmt: skip
    keep_session(request, response, session)
    return response


@app.post("/confirm", dependencies=[*EDITORS, OWN_FORM])
def confirm(
    request: Request,
    user: GetUserDep,
    code: Annotated[str, Form(max_length=2000)],
    scope: Annotated[str, Form(max_length=4000)],
    context: Annotated[str, Form(max_length=100)],
    channel: Annotated[str, Form()],
) -> HTMLResponse:
    """The logged-in person confirms what BigCommerce has begun."""
    try:
        wanted = Wanted(channel.strip(), store_of(context))
    except ValueError as error:
        raise FlowRefused(str(error)) from None
    return _connect(request, user, wanted, code=code, scope=scope, context=context)


def _api_host(found: App) -> str:
    """The sandbox answers for both: where people consent, and the API."""
    return found.base if found.base.startswith("http://") else ""


def _check(user: Any, wanted: Wanted, host: str) -> str:
    """Whether a store may become this channel, before anything is made.

    :return: its connection's id.
    :raises SettingsError: the channel or its connection belongs to another store.
    """
    conn_id = stored_connections.connection_id(wanted.channel)
    for row in _known():
        if row["channel"] == wanted.channel and row["store_hash"] != wanted.store_hash:
            raise SettingsError(
                f"channel {wanted.channel!r} is the store {row['store_hash']!r}: ids of two stores would be mixed. Give"
                " the other store a channel of its own"
            )
    stored_connections.check_free(conn_id, wanted.store_hash, host)
    there = stored_connections.read(conn_id) is not None
    check_may_write(user, conn_id, there=there, team=stored_connections.team_of(conn_id))
    return conn_id


def _connect(request: Request, user: Any, wanted: Wanted, *, code: str, scope: str, context: str) -> HTMLResponse:
    found = _needed_app()
    _check(user, wanted, _api_host(found))  # before the code is used: a new token ends the old one
    with open_warehouse() as warehouse:
        granted = connecting.grant(warehouse, found, code=code, scope=scope, context=context)
    mask_secret(granted.access_token)
    access = Access(wanted.store_hash, granted.access_token, found.client_id, None, _api_host(found), "app")
    return _save(request, user, wanted, access)


@app.post("/account", dependencies=[*EDITORS, OWN_FORM])
def account(
    request: Request,
    user: GetUserDep,
    store_hash: Annotated[str, Form()],
    channel: Annotated[str, Form()],
    client_id: Annotated[str, Form(max_length=200)],
    access_token: Annotated[str, Form(max_length=500)],
    client_secret: Annotated[str, Form(max_length=500)] = "",
    host: Annotated[str, Form(max_length=300)] = "",
) -> HTMLResponse:
    """A store-level API account: tested, then saved."""
    token, secret = access_token.strip(), client_secret.strip()
    for each in filter(None, (token, secret)):
        mask_secret(each)
    wanted = Wanted(channel.strip(), store_hash.strip())
    try:
        base = api_base(host.strip())
    except ValueError as error:
        raise SettingsError(str(error)) from None
    access = Access(
        wanted.store_hash, token, client_id.strip(), secret or None, base if host.strip() else "", "account"
    )
    return _save(request, user, wanted, access)


def _save(request: Request, user: Any, wanted: Wanted, access: Access) -> HTMLResponse:
    """Test, save, and say so; an account that does not let us in is not saved."""
    conn_id = _check(user, wanted, access.host)

    def open_client() -> StoreClient:
        try:
            return StoreClient(api_base(access.host), access.store_hash, access.token, patience=QUICK)
        except ValueError as error:
            raise SettingsError(str(error)) from None

    if access.via == "app":  # the consent is given, and the former token is worth nothing any more
        stored_connections.save(conn_id, access)
    try:
        report = _tried(open_client)
    except StoreError as error:
        if access.via == "app":
            raise HTTPException(502, f"{error}. The token was saved, in the connection {conn_id!r}.") from None
        raise
    if access.via != "app":
        stored_connections.save(conn_id, access)
    file = channels_dir() / f"{wanted.channel}.yaml"
    content = connecting.proposed_file(wanted.channel, conn_id)
    there = file.exists()
    saved = False
    if not there:
        try:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(content)
            saved = True
        except OSError as error:
            log.info(
                "the channel's file %s was not written (%s): it is shown instead", shown_path(file), error.strerror
            )
    log.info("channel %s was connected to store %s (%s)", wanted.channel, wanted.store_hash, access.via)
    others = [
        row["channel"]
        for row in _known()
        if row["store_hash"] == wanted.store_hash and row["channel"] != wanted.channel
    ]
    also = [f"Mind that this store is channel {', '.join(others)} too: both would write to it"] if others else []
    return page(
        "connected",
        lines=[*report.lines, *also],
        connection_id=conn_id,
        channel=wanted.channel,
        file=shown_path(file),
        content=content,
        saved=saved,
        there=there,
        home=home(request),
    )


def _tried(open_client: Callable[[], StoreClient]) -> connecting.Report:
    if not TESTS.acquire(blocking=False):
        raise NotNow("other stores are being tested at this moment: try again")
    try:
        with open_client() as client:
            return connecting.try_store(client)
    finally:
        TESTS.release()


Payload = Annotated[str, Query(max_length=8000)]
GONE = "This cannot be answered at this moment: try again later."


@app.get("/load")
def load(request: Request, signed_payload_jwt: Payload) -> HTMLResponse:
    """A merchant opens the app in BigCommerce's control panel."""
    signed = _signed(signed_payload_jwt, _public_app())
    try:
        names = ", ".join(row["channel"] for row in _known() if row["store_hash"] == signed.store_hash)
    except (SettingsError, WarehouseUnavailable) as error:
        log.warning("a merchant opened the app, and %s", error)
        names = ""
    said = f"This store is channel {names} of Storekeeper." if names else "This store is connected to Storekeeper."
    return notice(said, status=200, request=request, framed_by=CONTROL_PANEL)


@app.get("/uninstall")
def uninstall(request: Request, signed_payload_jwt: Payload) -> HTMLResponse:
    """The store's owner has taken the app out: its token is worth nothing any more."""
    found = _public_app()
    signed = _signed(signed_payload_jwt, found)
    if not signed.owner:
        raise HTTPException(403, "Only the store's owner takes the app out.")
    try:
        with open_warehouse() as warehouse:
            connecting.use_once(warehouse, signed_payload_jwt)
    except (SettingsError, WarehouseUnavailable) as error:
        log.error("the app was uninstalled in store %s, and %s", signed.store_hash, error)
        raise HTTPException(503, GONE) from None
    signed_at = datetime.fromtimestamp(signed.issued_at, UTC)
    for conn_id in stored_connections.disable(signed.store_hash, found.client_id, signed_at):
        log.warning("the app was uninstalled in store %s: connection %s is disabled", signed.store_hash, conn_id)
    return notice("The app is not connected any more.", status=200, request=request, framed_by=CONTROL_PANEL)


@app.get("/remove_user")
def remove_user(request: Request, signed_payload_jwt: Payload) -> HTMLResponse:
    """A user of the store may use the app no more: none of them has an account here, so nothing changes."""
    _signed(signed_payload_jwt, _public_app())
    return notice("Noted.", status=200, request=request, framed_by=CONTROL_PANEL)


def _public_app() -> App:
    """The app, for pages that anybody may open: what is wrong with it is not for everybody."""
    try:
        return _needed_app()
    except SettingsError as error:
        log.error("BigCommerce calls the app, and %s", error)
        raise HTTPException(503, GONE) from None


def _signed(token: str, found: App) -> Signed:
    return read_signed(token, found)


def _known() -> list[Any]:
    with open_warehouse() as warehouse, warehouse.transaction() as session:
        return list(session.rows("connect/find_channels"))


@app.exception_handler(FlowRefused)
@app.exception_handler(Refused)
def _refused(request: Request, error: Exception) -> HTMLResponse:
    return notice(f"{error}.", status=403, request=request)


@app.exception_handler(SettingsError)
@app.exception_handler(RequestValidationError)
def _wrong(request: Request, error: Exception) -> HTMLResponse:
    # a validation error repeats what was given, tokens among it
    said = str(error) if isinstance(error, SettingsError) else "something of the form is missing or too long"
    return notice(f"{said}.", status=400, request=request)


@app.exception_handler(NotNow)
@app.exception_handler(StoreError)
@app.exception_handler(WarehouseUnavailable)
def _unavailable(request: Request, error: Exception) -> HTMLResponse:
    return notice(f"{error}. Nothing was saved.", status=502, request=request)


@app.exception_handler(Exception)
def _mistake(request: Request, _error: Exception) -> HTMLResponse:
    return notice("Something went wrong; the API server's log tells what.", status=500, request=request)


@app.exception_handler(StarletteHTTPException)
def _http(request: Request, error: StarletteHTTPException) -> HTMLResponse:
    said = {401: "Log in to Airflow first, then open this page again.", 403: "You have no right to edit connections."}
    words = str(error.detail) if error.detail and error.detail != "Forbidden" else ""
    return notice(words if error.status_code == 403 and words else said.get(error.status_code, words or "No."),
                  status=error.status_code, request=request)  # fmt: skip
