"""Who may do what on our pages, and from where a form may come.

Airflow authenticates no plugin's pages and checks no form's origin: both are done here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from fastapi import Depends, Form, HTTPException, Request, Response

SESSION_COOKIE = "storekeeper_session"


def base_address() -> str:
    """Where browsers find Airflow, as it is told itself."""
    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


def editor(user: GetUserDep) -> None:
    """A page that only people with the right to add and edit connections see.

    :raises HTTPException: 403.
    """
    manager = get_auth_manager()
    if not all(manager.is_authorized_connection(method=method, user=user) for method in ("POST", "PUT")):
        raise HTTPException(403, "You have no right to add and edit connections.")


EDITORS = [Depends(editor)]


def check_may_write(user: Any, conn_id: str, *, there: bool, team: str | None) -> None:
    """Whether a person may write this very connection.

    :raises HTTPException: 403.
    """
    details = ConnectionDetails(conn_id=conn_id, team_name=team)
    method: Any = "PUT" if there else "POST"
    if not get_auth_manager().is_authorized_connection(method=method, user=user, details=details):
        raise HTTPException(403, f"You have no right to write the connection {conn_id!r}.")


def session_of(request: Request) -> str:
    """What only this browser knows; empty where it has not been given anything yet."""
    given = request.cookies.get(SESSION_COOKIE, "")
    return given if len(given) == 43 and given.isascii() and given.replace("-", "").replace("_", "").isalnum() else ""


def own_session(request: Request) -> str:
    """What only this browser knows, be it from now on."""
    return session_of(request) or secrets.token_urlsafe(32)


def keep_session(request: Request, response: Response, session: str) -> None:
    """Give it to the browser: a cookie that no script reads."""
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=3600,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https" or base_address().startswith("https://"),
        path=request.scope.get("root_path") or "/",
    )


def form_token(session: str, user: str) -> str:
    """What a form of ours carries: made for this browser and this person, and not to be made elsewhere."""
    key = conf.get("api", "secret_key").encode()
    return hmac.new(key, f"storekeeper form\0{session}\0{user}".encode(), hashlib.sha256).hexdigest()


def own_form(request: Request, user: GetUserDep, token: Annotated[str, Form()] = "") -> None:
    """A form that our own page sent: same origin by what the browser says, and with the token of that page.

    :raises HTTPException: 403.
    """
    session = session_of(request)
    wanted = form_token(session, user.get_name()).encode()
    if not _same_origin(request) or not session or not hmac.compare_digest(token.encode(), wanted):
        raise HTTPException(403, "This form did not come from our own page, or is too old: open the page again.")


def _same_origin(request: Request) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        sent, ours = urlsplit(origin), urlsplit(base_address())
        # behind a proxy the host may be the proxy's own: what Airflow is told of itself counts too
        return (sent.scheme, sent.netloc) == (ours.scheme, ours.netloc) or (
            sent.scheme in ("http", "https") and sent.netloc == request.headers.get("host", "")
        )
    except ValueError:
        return False


OWN_FORM = Depends(own_form)
