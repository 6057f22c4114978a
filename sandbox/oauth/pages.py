"""What the merchant sees: the consent page, and pages that say no. Every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from sandbox.exchange import Answer

FRAME = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 1rem/1.5 sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem }}</style></head>
<body><main>
<h1>{title}</h1>
{content}
</main></body>
</html>
"""
CONSENT = """<p><strong id="app">{app}</strong> wants access to the store <strong id="store">{store}</strong>
(<span id="context">{context}</span>):</p>
<ul id="scopes">
{scopes}
</ul>
<form method="post" action="{action}">
{fields}
<button type="submit" name="decision" value="confirm">Confirm</button>
<button type="submit" name="decision" value="cancel">Cancel</button>
</form>"""
# Codes stand in addresses from here on, so nothing of the flow is kept; nothing but the page itself is ever loaded.
HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def consent_page(
    *, app: str, store: str, context: str, scopes: list[str], action: str, fields: Mapping[str, str]
) -> Answer:
    """The page that asks the merchant.

    :param action: where the form goes.
    :param fields: what the form carries along with the decision.
    """
    content = CONSENT.format(
        app=escape(app),
        store=escape(store),
        context=escape(context),
        scopes="\n".join(f"<li><code>{escape(scope)}</code></li>" for scope in scopes),
        action=escape(action),
        fields="\n".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
        ),
    )
    return _page(200, f"Install {app}?", content)


def notice_page(status: int, title: str, text: str) -> Answer:
    """A page that only says something."""
    return _page(status, title, f'<p id="notice">{escape(text)}</p>')


def redirection(address: str) -> Answer:
    """Send the browser on."""
    return Answer(302, b"", {"Location": address, "Cache-Control": "no-store"}, "text/html; charset=utf-8")


def _page(status: int, title: str, content: str) -> Answer:
    body = FRAME.format(title=escape(title), content=content)
    return Answer(status, body.encode(), dict(HEADERS), "text/html; charset=utf-8")
