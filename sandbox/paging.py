"""V3 pages: ``page`` and ``limit``, the envelope ``{data, meta}`` and the fields a record is narrowed to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from sandbox.catalog.rendering import narrowed
from sandbox.exchange import Answer, Refusal, Request, whole_number

DEFAULT_LIMIT = 50
MOST_PER_PAGE = 250
MOST_WITH_OPTIONS = 10


@dataclass(frozen=True, slots=True)
class Page:
    """Which slice of a collection a request asks for."""

    number: int
    limit: int
    query: tuple[tuple[str, str], ...]

    @property
    def start(self) -> int:
        """Position of the page's first record."""
        return (self.number - 1) * self.limit

    @property
    def stop(self) -> int:
        """Position after the page's last record."""
        return self.number * self.limit

    def link(self, number: int) -> str:
        """The query that asks for another page of the same collection."""
        kept = [(name, value) for name, value in self.query if name not in ("page", "limit")]
        return "?" + urlencode([*kept, ("page", str(number)), ("limit", str(self.limit))], safe=":,")


def page_of(request: Request, most: int = MOST_PER_PAGE) -> Page:
    """The page a request asks for; a limit beyond the maximum counts as the maximum.

    :raises Refusal: 422 when page or limit is no number.
    """
    values = {"page": 1, "limit": min(DEFAULT_LIMIT, most)}
    for name, text in request.query:
        if name in values:
            try:
                values[name] = whole_number(text)
            except ValueError:
                raise Refusal(422, "The filter values are not valid.", {name: "must be an integer"}) from None
    limit = values["limit"] if values["limit"] > 0 else min(DEFAULT_LIMIT, most)
    return Page(max(values["page"], 1), min(limit, most), tuple(request.query))


def collection(records: Iterable[bytes], page: Page, total: int) -> Answer:
    """A page of records with ``meta.pagination``.

    :param records: the page's records as JSON.
    :param total: how many records the whole collection has.
    """
    listed = list(records)
    last = -(-total // page.limit)
    links = {}
    if page.number > 1:
        links["previous"] = page.link(page.number - 1)
    if page.number < last:
        links["next"] = page.link(page.number + 1)
    links["current"] = page.link(page.number)
    pagination = {
        "total": total,
        "count": len(listed),
        "per_page": page.limit,
        "current_page": page.number,
        "total_pages": last,
        "links": links,
    }
    meta = msgspec.json.encode({"pagination": pagination})
    return Answer(200, b"".join((b'{"data":[', b",".join(listed), b'],"meta":', meta, b"}")))


def single(record: bytes, status: int = 200) -> Answer:
    """One record in its envelope."""
    return Answer(status, b"".join((b'{"data":', record, b',"meta":{}}')))


@dataclass(frozen=True, slots=True)
class Fields:
    """What ``include_fields`` and ``exclude_fields`` leave of a record."""

    only: frozenset[str]
    without: frozenset[str]
    keep: frozenset[str]

    def of(self, record: bytes) -> bytes:
        """The record with the fields asked for."""
        if not self.only and not self.without:
            return record
        return narrowed(record, self.only, self.without, self.keep)


def names(request: Request, parameter: str) -> tuple[str, ...]:
    """The comma-separated names of a parameter, each once."""
    listed = [each.strip() for name, text in request.query if name == parameter for each in text.split(",")]
    return tuple(dict.fromkeys(each for each in listed if each))


def fields_of(request: Request, *keep: str) -> Fields:
    """The fields a request asks for.

    :param keep: fields that always stay.
    """
    only, without = names(request, "include_fields"), names(request, "exclude_fields")
    return Fields(frozenset(only), frozenset(without), frozenset(keep))
