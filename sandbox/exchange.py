"""One request to the store and the answer to it, as the route handlers see them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

Json = dict[str, Any]

WHOLE = re.compile(r"-?[0-9]{1,19}")  # 18 digits always fit into the 64 bits of an id
STATUS_PAGE = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"


@dataclass(slots=True)
class Answer:
    """What goes back to the client; the rate-limit and identity headers are added when it is sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def of(cls, value: object, status: int = 200) -> Answer:
        """Answer with one value as JSON."""
        return cls(status, msgspec.json.encode(value))


class Refusal(Exception):
    """The store understood the request and says no.

    :param status: HTTP status of the answer.
    :param title: the sentence BigCommerce puts into ``title``.
    :param errors: field name to reason, where the API gives them.
    :param extra: more members of the error body (``instance``, ``detail``, ...).
    :param content_type: the inventory API answers with ``application/problem+json``.
    """

    def __init__(
        self,
        status: int,
        title: str,
        errors: Mapping[str, str] | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.errors = dict(errors) if errors is not None else None
        self.extra = dict(extra or {})
        self.content_type = content_type

    def body(self) -> Json:
        """The error body ``{status, title, type, errors?, ...}``."""
        body: Json = {"status": self.status, "title": self.title, "type": STATUS_PAGE}
        if self.errors is not None:
            body["errors"] = self.errors
        return body | self.extra

    def answer(self) -> Answer:
        """The refusal as an answer."""
        return Answer(self.status, msgspec.json.encode(self.body()), content_type=self.content_type)


def not_found(path: str) -> Refusal:
    """The 404 of a record or path that is not there."""
    return Refusal(404, "The requested resource was not found.", extra={"instance": path})


def invalid(errors: Mapping[str, str]) -> Refusal:
    """The 422 of a body or filter with bad values."""
    return Refusal(422, "JSON data is missing or invalid", errors)


def too_long(most: int) -> Refusal:
    """The 413 of a batch with more entries than one call may carry."""
    title = f"The request payload is too large. The maximum items allowed in the array is {most}."
    return Refusal(413, title, {})


def whole_number(text: str) -> int:
    """A whole number of a path or a query. Python's ``int`` takes more: underscores, other scripts' digits, any length.

    :raises ValueError: it is none, or has more than 64 bits.
    """
    if not WHOLE.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError("must be an integer")
    return int(text)


def decode_json(body: bytes) -> Any:
    """A body's JSON.

    :raises ValueError: it is not JSON, not UTF-8, or too deep to be read.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise ValueError("not JSON") from None


@dataclass(slots=True)
class Request:
    """One request, addressed below ``/stores/{store_hash}`` or, ``at_login``, below the server's root."""

    id: str
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    template: str = ""
    params: dict[str, str] = field(default_factory=dict)
    at_login: bool = False

    def number(self, name: str, unknown: Refusal | None = None) -> int:
        """A numeric part of the path; anything else cannot name a record, so it is not found.

        :param unknown: the refusal, where it is not V3's usual 404.
        """
        try:
            return whole_number(self.params[name])
        except ValueError:
            raise unknown or not_found(self.path) from None

    def json(self) -> Any:
        """The body as JSON."""
        try:
            return decode_json(self.body)
        except ValueError:
            raise Refusal(400, "Input is not valid JSON") from None

    def json_object(self) -> Json:
        """The body as a JSON object."""
        value = self.json()
        if not isinstance(value, dict):
            raise invalid({".": "must be an object"})
        return value

    def json_objects(self, most: int) -> list[Json]:
        """The body as a JSON array of objects, at most so many."""
        value = self.json()
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise invalid({".": "must be an array of objects"})
        if len(value) > most:
            raise too_long(most)
        return value
