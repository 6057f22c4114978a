"""The parameters of a query, a form or a JSON body, each at most once."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.exchange import Refusal, Request


class BadParameters(Exception):
    """The parameters cannot be read; the message says why, without a value."""


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters by name.

    :raises BadParameters: one is given twice, so that two readers could take different values for it.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise BadParameters(f"The parameter {name} is given more than once.")
        given[name] = value
    return given


def form(request: Request) -> dict[str, str]:
    """The fields of a posted form."""
    return single(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def form_or_json(request: Request) -> dict[str, str]:
    """The members of a body of either kind.

    :raises BadParameters: it is neither, or a member is no text.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return form(request)
    if kind != "application/json":
        raise BadParameters("The body must be application/json or application/x-www-form-urlencoded.")
    try:
        given = request.json_object()
    except Refusal:
        raise BadParameters("The body is not a JSON object.") from None
    for name, value in given.items():
        if not isinstance(value, str):
            raise BadParameters(f"The parameter {name} must be a string.")
    return given


def with_query(uri: str, parameters: dict[str, str]) -> str:
    """The address with more parameters; those it has stay."""
    parts = urlsplit(uri)
    return parts._replace(query="&".join(filter(None, (parts.query, urlencode(parameters))))).geturl()
