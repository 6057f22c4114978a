"""V2's ways: bare arrays without ``meta``, 204 without a body for nothing, errors as an array of messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from sandbox.exchange import Answer, Refusal, Request
from sandbox.paging import DEFAULT_LIMIT, MOST_PER_PAGE

Parsers = Mapping[str, Callable[[str], Any]]


class RefusalV2(Refusal):
    """A refusal whose body is ``[{status, message}]``."""

    def answer(self) -> Answer:
        """The refusal as an answer."""
        return Answer(self.status, msgspec.json.encode([{"status": self.status, "message": self.title}]))


def not_found_v2() -> Refusal:
    """The 404 of a record that is not there."""
    return RefusalV2(404, "The requested resource was not found.")


def number_of(request: Request, name: str) -> int:
    """A numeric part of the path; anything else cannot name a record, so it is not found."""
    text = request.params[name]
    if not (text.isascii() and text.isdigit()):
        raise not_found_v2()
    return int(text)


def whole_number(text: str) -> int:
    """A whole number."""
    try:
        return int(text.strip())
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
            raise RefusalV2(400, f"The filter '{name}' is not supported by this resource.")
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
