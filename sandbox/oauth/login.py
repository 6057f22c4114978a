"""The addresses of ``login.bigcommerce.com``, which the store serves beside its own: no token, and no quota."""

from __future__ import annotations

from sandbox.oauth.consent import decide_authorize, decide_install, show_authorize, show_install
from sandbox.oauth.token_call import exchange_code
from sandbox.routing import Route, Router

LOGIN_PATHS = ("/app/", "/oauth2/")


def login_router() -> Router:
    """The routes of the login address."""
    return Router(
        [
            Route("GET", "/app/{client_id}/install", "", show_install),
            Route("POST", "/app/{client_id}/install", "", decide_install),
            Route("GET", "/oauth2/authorize", "", show_authorize),
            Route("POST", "/oauth2/authorize", "", decide_authorize),
            Route("POST", "/oauth2/token", "", exchange_code),
        ]
    )
