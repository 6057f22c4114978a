"""Our pages: Jinja templates that escape everything, and the headers that keep them to themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)

CONTROL_PANEL = "https://*.mybigcommerce.com https://*.bigcommerce.com"
"""Who may frame the pages that BigCommerce shows to merchants."""


def page(name: str, *, status: int = 200, framed_by: str = "'none'", leads_to: str = "", **values: Any) -> HTMLResponse:
    """A page.

    :param framed_by: who may frame it.
    :param leads_to: where a form on it may lead besides our own pages.
    """
    response = HTMLResponse(_TEMPLATES.get_template(f"{name}.html").render(**values), status_code=status)
    response.headers.update(
        {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action"
            f" 'self' {leads_to}".rstrip()
            + f"; frame-ancestors {framed_by}",
            # not no-referrer: a browser would call the origin of our own forms null
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
    )
    return response


def notice(said: str, *, status: int, request: Request, framed_by: str = "'none'") -> HTMLResponse:
    """A page that says one thing."""
    return page("notice", status=status, framed_by=framed_by, said=said, home=home(request))


def home(request: Request) -> str:
    """The address of our first page, as the browser sees it."""
    return f"{request.scope.get('root_path') or ''}/"
