"""Where requests may go: BigCommerce's own API over https, or a loopback address, and nowhere else."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

OFFICIAL = "https://api.bigcommerce.com"
LOGIN = "https://login.bigcommerce.com"
_STORE_HASH = re.compile(r"[a-z0-9]{1,64}")


def api_base(host: str | None, port: int | None = None) -> str:
    """The API's base URL from a connection's host and port.

    :param host: empty for BigCommerce's own, else a URL of scheme, host and optional port.
    :raises ValueError: another host than BigCommerce's or loopback; plain http to another than loopback; credentials,
        path or query in the URL. The message never repeats credentials.
    """
    return _base(host, port, OFFICIAL, "the API base URL")


def login_base(host: str | None) -> str:
    """Where merchants consent to an app, as :func:`api_base`.

    :raises ValueError: as there.
    """
    return _base(host, None, LOGIN, "the login base URL")


def _base(host: str | None, port: int | None, official: str, what: str) -> str:
    if not host:
        return official
    # Airflow's URI form of a connection splits the scheme off: what is left is a bare host.
    try:
        parts = urlsplit(host if "://" in host else f"//{host}")
        name, given_port = parts.hostname or "", parts.port or (port or None)
    except ValueError:
        # what urlsplit says repeats the URL, and with it any credentials
        raise ValueError(f"{what} is malformed: it must hold a scheme, a host and a port") from None
    if "@" in parts.netloc or parts.query or parts.fragment or parts.path.strip("/"):
        raise ValueError(f"{what} must hold a scheme, a host and a port, nothing else")
    if "%" in name:
        raise ValueError(f"{what} must hold a plain host (got one with %)")
    loopback = _is_loopback(name)
    scheme = parts.scheme or ("http" if loopback else "https")
    if scheme not in ("http", "https"):
        raise ValueError(f"{what} must be https (got {scheme!r})")
    if scheme == "http" and not loopback:
        raise ValueError(f"plain http goes to a loopback address only, never to {name!r}: the token would be readable")
    if not loopback and (f"https://{name}" != official or given_port not in (None, 443)):
        raise ValueError(f"{what} must be {official} or a loopback address (got host {name!r})")
    shown = f"[{name}]" if ":" in name else name
    return f"{scheme}://{shown}" + (f":{given_port}" if given_port and loopback else "")


def check_store_hash(store_hash: str) -> str:
    """The store hash, when it is one: lower-case letters and digits. It becomes part of each URL's path.

    :raises ValueError: anything else.
    """
    if not _STORE_HASH.fullmatch(store_hash):
        raise ValueError(f"the store hash must be lower-case letters and digits (got {store_hash!r})")
    return store_hash


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
