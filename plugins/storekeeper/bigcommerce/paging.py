"""Streaming pages of a collection by id, each record once, even while records are added or deleted.

Page numbers drift when a record before the page is created or deleted; ids do not. Each request asks for ids greater
than the last seen, so a record that existed throughout the pull is read exactly once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated

import msgspec

from storekeeper.bigcommerce.client import Answer, Query, StoreClient
from storekeeper.outcomes import NotNow, PagingStuck

NO_CONTENT = 204

ASK_THE_STORE = "Run it again; if that does not help, send BigCommerce's support this message"


class _Pagination(msgspec.Struct):
    total: int
    total_pages: int = 0
    per_page: int = 0


class _Meta(msgspec.Struct):
    pagination: _Pagination


class _Envelope(msgspec.Struct):
    data: list[msgspec.Raw]
    meta: _Meta


class _Identity(msgspec.Struct):
    id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class _AnyIdentity(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw(b"nothing")


@dataclass(frozen=True, slots=True)
class IdRange:
    """Ids from just after ``after`` to just before ``before`` (None: without bound): a half-open stretch of a pull."""

    after: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a collection, undecoded, in ascending order of id.

    :param records: id and the record's JSON as the store sent it.
    :param last: no record of the range comes after this page.
    :param total: records of the range when the page was read, this page's among them; None where the API does not say.
    :param sent_at: when the page was asked for, in this process's monotonic seconds.
    """

    records: list[tuple[int, bytes]]
    last: bool
    total: int | None
    sent_at: float


class PageSize:
    """How many records a page is asked for; shared by all readers of a pull.

    A page is held in memory whole, so after one that is very large the next ones ask for half as many records.

    :param most: where it begins; the API gives at most 250.
    """

    HEAVY = 16 * 2**20
    """Bytes of an answer's body."""

    def __init__(self, most: int) -> None:
        self.limit = most

    def learn(self, asked: int, body: int) -> None:
        """A page that was asked to hold so many records came with a body of so many bytes."""
        if body > self.HEAVY:
            self.limit = min(self.limit, max(asked // 2, 1))


def id_pages(store: StoreClient, path: str, id_range: IdRange, query: Query, size: PageSize) -> Iterator[Page]:
    """Each page of the range, in ascending order of id.

    :raises PagingStuck: a page does not go on after the last id, so the store ignores ``id:greater``.
    :raises NotNow: a page's length and its pagination disagree: a failed page is never an empty one.
    """
    after = id_range.after
    while True:
        bounds: dict[str, str | int] = {"id:greater": after} if after else {}
        if id_range.before is not None:
            bounds["id:less"] = id_range.before
        page = read_page(store, path, {**query, **bounds, "sort": "id", "direction": "asc"}, size)
        ids = [identity for identity, _ in page.records]
        if ids and (ids[0] <= after or (id_range.before is not None and ids[-1] >= id_range.before)):
            raise PagingStuck(
                f"GET {path}: the store answers ids outside ({after}, {id_range.before}): it ignores the id filter."
                f" {ASK_THE_STORE}"
            )
        yield page
        if page.last:
            return
        after = ids[-1]


def numbered_pages(store: StoreClient, path: str, query: Query) -> Iterator[Answer]:
    """Each page of a small collection that cannot be read by id (brands, categories, stock of a location).

    A record created or deleted meanwhile shifts the others, so one may be missing or come twice: only for collections
    where the reader can live with that until the next pull.

    :raises PagingStuck: a page brings the very records of the one before: the store ignores the number.
    :raises NotNow: a page is shorter than its pagination says.
    """
    number = 1
    before: list[bytes] = []
    while True:
        answer = store.get(path, {**query, "page": number})
        envelope = answer.decode(_Envelope)
        records, pagination = [bytes(raw) for raw in envelope.data], envelope.meta.pagination
        if records and records == before:
            raise PagingStuck(f"GET {path}: page {number} is page {number - 1} again. {ASK_THE_STORE}")
        if len(records) < min(pagination.per_page, pagination.total - (number - 1) * pagination.per_page):
            raise NotNow(
                f"GET {path}: the store says {pagination.total} records in pages of {pagination.per_page} and sent"
                f" {len(records)} on page {number}: the page is not complete"
            )
        before = records
        yield answer
        if number >= pagination.total_pages:
            return
        number += 1


def read_page(store: StoreClient, path: str, query: Query, size: PageSize) -> Page:
    """One request's page, its records in ascending order of id whichever way they were asked for.

    :raises NotNow: the answer is not a page of identified records, or is shorter than its pagination says.
    :raises PagingStuck: an id stands on the page twice, or ids asked for in ascending order come in another.
    """
    limit = size.limit
    answer = store.get(path, {**query, "limit": limit})
    size.learn(limit, len(answer.body))
    envelope = answer.decode(_Envelope)
    total = envelope.meta.pagination.total
    if len(envelope.data) < min(total, limit):
        raise NotNow(
            f"GET {path}: the store says {total} records and sent {len(envelope.data)} of a page of {limit}:"
            " the page is not complete"
        )
    records = _identified(path, envelope.data, query.get("direction") == "asc", query.get("direction") == "desc")
    return Page(records, total <= len(records), total, answer.sent_at)


def list_pages(store: StoreClient, path: str, id_range: IdRange, query: Query, size: PageSize) -> Iterator[Page]:
    """Each page of a range of a V2 list, in ascending order of id.

    :raises PagingStuck: a page does not go on after the last id, so the store ignores ``min_id`` or ``max_id``.
    """
    after = id_range.after
    while True:
        bounds: dict[str, str | int] = {"min_id": after + 1}
        if id_range.before is not None:
            bounds["max_id"] = id_range.before - 1
        page = read_list(store, path, {**query, **bounds, "sort": "id:asc"}, size)
        ids = [identity for identity, _ in page.records]
        if ids and (ids[0] <= after or (id_range.before is not None and ids[-1] >= id_range.before)):
            raise PagingStuck(
                f"GET {path}: the store answers ids outside ({after}, {id_range.before}): it ignores the id filter."
                f" {ASK_THE_STORE}"
            )
        if ids and ids[-1] + 1 == id_range.before:
            page = replace(page, last=True)
        yield page
        if page.last:
            return
        after = ids[-1]


V2_DEFAULT_LIMIT = 50
"""Records of a V2 page where no limit is given."""


def read_list(store: StoreClient, path: str, query: Query, size: PageSize) -> Page:
    """One request's page of a V2 list: a bare array without any word on how many there are, or 204 for none.

    A page that is not full is taken for the last one, unless it is as long as if the store had not seen the limit.

    :raises NotNow: the answer is not a list of identified records; an empty list is none, since 204 says that.
    :raises PagingStuck: an id stands on the page twice, or ids asked for in ascending order come in another.
    """
    limit = size.limit
    answer = store.get(path, {**query, "limit": limit})
    if answer.status == NO_CONTENT:
        return Page([], True, None, answer.sent_at)
    size.learn(limit, len(answer.body))
    raws = answer.decode(list[msgspec.Raw])
    if not raws:
        raise NotNow(f"GET {path}: the store sent an empty list, where 204 would say that there are no records")
    records = _identified(path, raws, query.get("sort") == "id:asc", query.get("sort") == "id:desc")
    return Page(records, len(records) < limit and len(records) != V2_DEFAULT_LIMIT, None, answer.sent_at)


def _identified(path: str, raws: Sequence[msgspec.Raw], ascending: bool, descending: bool) -> list[tuple[int, bytes]]:
    """The records of a page with their ids, in ascending order of id.

    :param ascending: whether they were asked for in that order.
    :param descending: the same of the other order: a store that ignores it would show its first page as its last.
    """
    sent = [(_identity(path, raw), bytes(raw)) for raw in raws]
    records = sorted(sent, key=lambda record: record[0])
    for (one, _), (other, _) in pairwise(records):
        if one == other:
            raise PagingStuck(f"GET {path}: the id {one} stands on one page twice. {ASK_THE_STORE}")
    if (ascending and sent != records) or (descending and sent != records[::-1]):
        raise PagingStuck(
            f"GET {path}: asked for {'ascending' if ascending else 'descending'} ids, the store answers from"
            f" {sent[0][0]} to {sent[-1][0]}: it ignores the order. {ASK_THE_STORE}"
        )
    return records


def _identity(path: str, raw: msgspec.Raw) -> int:
    try:
        return msgspec.json.decode(raw, type=_Identity).id
    except msgspec.DecodeError:
        found = _AnyIdentity()
        with suppress(msgspec.DecodeError):
            found = msgspec.json.decode(raw, type=_AnyIdentity)
        got = bytes(found.id)[:50].decode(errors="backslashreplace")
        raise NotNow(
            f"GET {path}: a record's id must be a whole number from 1 to 2^63 - 1 (got {got}): the page cannot be"
            f" trusted. {ASK_THE_STORE}"
        ) from None
