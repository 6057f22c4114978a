"""Who may do what on our pages, and from where a form may come.

Airflow authenticates no plugin's pages and checks no form's origin: both are done here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_connection
from airflow.configuration import conf
from fastapi import Depends, Form, HTTPException, Request, Response

SESSION_COOKIE = "storekeeper_session"

EDITORS = [Depends(requires_access_connection("POST")), Depends(requires_access_connection("PUT"))]
"""A page that only people with the right to add and edit connections see."""


def session_of(request: Request) -> str:
    """What only this browser knows; empty where it has not been given anything yet."""
    given = request.cookies.get(SESSION_COOKIE, "")
    return given if len(given) == 43 and given.replace("-", "").replace("_", "").isalnum() else ""


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
        secure=request.url.scheme == "https",
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
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    foreign = site not in (None, "same-origin") or (origin is not None and urlsplit(origin).netloc != host)
    session = session_of(request)
    if foreign or not session or not hmac.compare_digest(token, form_token(session, user.get_name())):
        raise HTTPException(403, "This form did not come from our own page, or is too old: open the page again.")


OWN_FORM = Depends(own_form)
