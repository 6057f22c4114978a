"""V2's ways: bare arrays without ``meta``, 204 without a body for nothing, errors as an array of messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from sandbox import exchange
from sandbox.catalog.field_rules import FieldRule
from sandbox.exchange import Answer, Json, Refusal, Request, decode_json
from sandbox.paging import DEFAULT_LIMIT, MOST_PER_PAGE

MOST_SHOWN = 60
"""Characters of a refused value that the refusal repeats."""

Parsers = Mapping[str, Callable[[str], Any]]


class RefusalV2(Refusal):
    """A refusal whose body is ``[{status, message}]``."""

    def answer(self) -> Answer:
        """The refusal as an answer."""
        return Answer(self.status, msgspec.json.encode([{"status": self.status, "message": self.title}]))


def not_found_v2() -> Refusal:
    """The 404 of a record that is not there."""
    return RefusalV2(404, "The requested resource was not found.")


def unsupported_filter(name: str) -> Refusal:
    """The 400 of a query parameter that the operation does not have."""
    return RefusalV2(400, f"The filter '{name}' is not supported by this resource.")


def bad_field(name: str, value: object, reason: str) -> Refusal:
    """The 400 of a body with a value that cannot be one.

    :param name: the field; with ``items.0.quantity`` as the way to one within a list.
    """
    shown = json.dumps(value, ensure_ascii=False)
    shown = shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."
    return RefusalV2(400, f"The field '{name}' is invalid: {reason} (got {shown}).")


def checked(name: str, value: Any, rule: FieldRule) -> Any:
    """A value its rule lets pass.

    :raises Refusal: 400 for one of a wrong type, size or range.
    """
    problem = rule.problem(value)
    if problem is not None:
        raise bad_field(name, value, problem)
    return value


def json_object(request: Request) -> Json:
    """The body as a JSON object.

    :raises Refusal: 400 for anything else.
    """
    try:
        value = decode_json(request.body)
    except ValueError:
        raise RefusalV2(400, "The request body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise RefusalV2(400, "The request body must be a JSON object.")
    return value


def required(given: Json, name: str, rule: FieldRule, within: str = "") -> Any:
    """A value that must be there.

    :param within: the way to the object, ``items.0.``.
    :raises Refusal: 400.
    """
    if name not in given:
        raise RefusalV2(400, f"The field '{within}{name}' is required.")
    return checked(within + name, given[name], rule)


def number_of(request: Request, name: str) -> int:
    """A numeric part of the path; anything else cannot name a record, so it is not found."""
    return request.number(name, not_found_v2())


def whole_number(text: str) -> int:
    """A whole number."""
    try:
        return exchange.whole_number(text.strip())
    except ValueError:
        raise ValueError("must be a whole number") from None


PAGE: Parsers = {"page": whole_number, "limit": whole_number}


def parameters(request: Request, known: Parsers) -> dict[str, Any]:
    """The request's query, each parameter parsed; of one given twice the last counts.

    :raises Refusal: 400 for a parameter the operation does not list or a value that cannot be one.
    """
    found = {}
    for name, text in request.query:
        if name not in known:
            raise unsupported_filter(name)
        try:
            found[name] = known[name](text)
        except ValueError as error:
            raise RefusalV2(400, f"The field '{name}' is invalid: {error}.") from None
    return found


def bounds(asked: dict[str, Any]) -> tuple[int, int]:
    """First position and position after the last of the page asked for; ``page`` and ``limit`` are taken out.

    A limit beyond the maximum counts as the maximum.
    """
    page, limit = max(asked.pop("page", 1), 1), asked.pop("limit", DEFAULT_LIMIT)
    limit = min(limit if limit > 0 else DEFAULT_LIMIT, MOST_PER_PAGE)
    return (page - 1) * limit, page * limit


def array(records: Iterable[bytes]) -> Answer:
    """Records as a bare array, 204 when there are none."""
    listed = list(records)
    return Answer(200, b"[" + b",".join(listed) + b"]") if listed else Answer(204)


def array_page(request: Request, records: Sequence[Any]) -> Answer:
    """A page of records that cannot be filtered."""
    start, stop = bounds(parameters(request, PAGE))
    return array(msgspec.json.encode(each) for each in islice(records, start, stop))
