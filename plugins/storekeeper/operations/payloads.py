"""Payloads on their way into staging: which of them are new, and what of them a database can store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from storekeeper.bigcommerce.paging import Page
from storekeeper.transforms.validation import around
from storekeeper.warehouse.database import Session


def payload_rows(
    session: Session, page: Page, reflected: Mapping[int, tuple[bytes, str | None]], reflects: str | None
) -> Iterator[tuple[Any, ...]]:
    """A page's records as they are staged: every id and hash, the payload only where the warehouse does not reflect it.

    One at a time: as text a payload takes up to four times its bytes, and a page has hundreds.

    :param session: of the run's transaction; its clock tells when the page was fetched.
    :param reflected: by id, the hash of the payload that the warehouse reflects, and under which settings.
    :param reflects: the hash of the settings under which an unchanged payload needs no work; None: all of them do.
    :return: id, hash, payload, what of it cannot be stored, and when it was fetched.
    """
    fetched_at = session.clock - timedelta(seconds=session.clock_read_at - page.sent_at)
    for identity, payload in page.records:
        content_hash = hashlib.sha256(payload).digest()
        unchanged = reflects is not None and reflected.get(identity) == (content_hash, reflects)
        text = None if unchanged else storable(payload)
        unstorable = _unstorable_part(payload) if text is None and not unchanged else None
        yield identity, content_hash, text, unstorable, fetched_at


def storable(payload: bytes) -> str | None:
    """The payload as text, or None where no database can store it: not UTF-8, or a lone surrogate among its escapes."""
    try:
        text = payload.decode()
        if "\\ud" in text or "\\uD" in text:
            msgspec.json.decode(payload, type=msgspec.Raw)  # which leaves numbers alone: none is too large for text
    except (UnicodeDecodeError, msgspec.DecodeError):
        return None
    return text


def _unstorable_part(payload: bytes) -> str:
    """What a person looks for in a payload that no database can store."""
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        return around(error)
    return "a lone surrogate among its escapes"
