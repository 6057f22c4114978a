"""Pulling a store's catalog into a run's staging: several stretches of ids side by side, a page a commit.

What is staged of a page is every product's id and hash, and the payload only where the warehouse does not reflect it
yet. A pull that died goes on after the last page it had committed.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

import msgspec

from storekeeper.bigcommerce import catalog
from storekeeper.bigcommerce.client import Query, StoreClient
from storekeeper.bigcommerce.paging import IdRange, Page, PageSize
from storekeeper.operations.progress import Progress
from storekeeper.transforms.validation import around
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the catalog that one reader reads: what is left of it, and whether anything is."""

    number: int
    left: IdRange
    finished: bool


class CatalogPull:
    """One run's pull.

    :param reflects: the hash of the settings under which an unchanged payload needs no work; None: all of them do.
    :param page_size: how many products a request asks for.
    """

    def __init__(self, store: StoreClient, run: Run, reflects: str | None, page_size: int) -> None:
        self._store = store
        self._size = PageSize(page_size)
        self._run = run
        self._reflects = reflects
        self._only: Query = catalog.EVERY
        self.progress = Progress("products", run, store)

    def everything(self, readers: int) -> None:
        """Every product; then each one that the warehouse knows and the pull did not show is asked for by its id.

        Only what is missing from a complete pull *and* from that confirming read is staged as missing.
        """
        self._pages(readers)
        self._by_id(self._unseen(complete=True), confirm_missing=True)

    def changed(self, since: datetime, readers: int) -> None:
        """Every product that the store says to have changed, and those that are to be handled again all the same.

        A product that changes meanwhile is found now or by the next pull, which asks from this one's beginning.

        :param since: on the store's own clock.
        """
        self._only = catalog.changed_since(since)
        self._pages(readers)
        self._by_id(self._unseen(complete=False), confirm_missing=False)

    def chosen(self, product_ids: Sequence[int]) -> None:
        """These products, a page of ids a request. One that is not there is left to the next complete pull."""
        with self._run.transaction() as session:
            left = session.rows(
                "import_listings/list_not_staged", run_no=self._run.run_no, product_ids=list(product_ids)
            )
        self._by_id([row["product_id"] for row in left], confirm_missing=False)

    def _unseen(self, *, complete: bool) -> list[int]:
        with self._run.transaction() as session:
            unseen = session.rows(
                "import_listings/list_unseen",
                run_no=self._run.run_no,
                channel=self._run.channel,
                complete=complete,
                reflects=self._reflects,
            )
        return [row["product_id"] for row in unseen]

    def _pages(self, readers: int) -> None:
        stretches = self._stretches()
        if not stretches:
            self._plan(readers)
            stretches = self._stretches()
        self._read_side_by_side([stretch for stretch in stretches if not stretch.finished], readers)

    def _by_id(self, product_ids: Sequence[int], *, confirm_missing: bool) -> None:
        left = list(product_ids)
        self.progress.expected = (self.progress.expected or 0) + len(left)
        while left:
            asked, left = left[: self._size.limit], left[self._size.limit :]
            page = catalog.products_by_id(self._store, asked, self._size)
            found = {product_id for product_id, _ in page.records}
            with self._run.transaction() as session:
                self._stage(session, page)
                if confirm_missing:
                    session.run(
                        "import_listings/add_missing",
                        run_no=self._run.run_no,
                        product_ids=[product_id for product_id in asked if product_id not in found],
                    )
            self.progress.add(len(page.records))

    def _read_side_by_side(self, stretches: Sequence[Stretch], readers: int) -> None:
        if not stretches:
            return
        stop = threading.Event()
        with ThreadPoolExecutor(readers, thread_name_prefix="reader") as pool:
            futures = [pool.submit(self._read, stretch, stop) for stretch in stretches]
            wait(futures, return_when=FIRST_EXCEPTION)
            stop.set()  # one stretch that fails, fails the pull: the others end after the page they are at
        for future in futures:
            future.result()

    def _read(self, stretch: Stretch, stop: threading.Event) -> None:
        for page in catalog.product_pages(self._store, stretch.left, self._size, self._only):
            with self._run.transaction() as session:
                self._stage(session, page)
                session.run(
                    "import_listings/move_stretch",
                    run_no=self._run.run_no,
                    stretch_no=stretch.number,
                    reached_id=page.records[-1][0] if page.records else stretch.left.after,
                    finished=page.last,
                )
            self.progress.add(len(page.records))
            if stop.is_set():
                return

    def _stretches(self) -> list[Stretch]:
        with self._run.transaction() as session:
            return [
                Stretch(row["stretch_no"], IdRange(row["reached_id"], row["before_id"]), row["finished"])
                for row in session.rows("import_listings/read_stretches", run_no=self._run.run_no)
            ]

    def _plan(self, readers: int) -> None:
        """Stage the first and the last page, and cut the ids between them into parts of about the same work."""
        first = catalog.first_products(self._store, self._size, self._only)
        self.progress.expected = first.total
        pages, between, left = [first], IdRange(0, None), 0
        if not first.last:
            last = catalog.last_products(self._store, self._size, self._only)
            end = first.records[-1][0]
            rest = [record for record in last.records if record[0] > end]
            pages.append(replace(last, records=rest))
            left = last.total - len(first.records) - len(rest)
            between = IdRange(end, rest[0][0] if rest else None)
        with self._run.transaction() as session:
            for page in pages:
                self._stage(session, page)
            parts = min(readers, ceil(left / self._size.limit))
            stretches = _cut(between, self._known_cuts(session, between, parts)) if parts > 0 else []
            # a catalog of two pages at most leaves nothing to read, and that must be remembered too
            for number, ids in enumerate(stretches or [IdRange(0, None)]):
                session.run(
                    "import_listings/add_stretch",
                    run_no=self._run.run_no,
                    stretch_no=number,
                    reached_id=ids.after,
                    before_id=ids.before,
                    finished=not stretches,
                )
        for page in pages:
            self.progress.add(len(page.records))

    def _known_cuts(self, session: Session, between: IdRange, parts: int) -> list[int]:
        """Where to cut: by the ids known from former pulls, else into parts of equal length."""
        fractions = [part / parts for part in range(1, parts)]
        after, before = between.after, between.before or between.after
        known = session.rows(
            "import_listings/read_known_ids",
            channel=self._run.channel,
            fractions=fractions,
            after=after,
            before=before,
        )
        return known[0]["cuts"] if known else [after + int((before - after) * fraction) for fraction in fractions]

    def _stage(self, session: Session, page: Page) -> None:
        if page.records:
            known = session.rows(
                "import_listings/read_hashes",
                channel=self._run.channel,
                lowest=page.records[0][0],
                highest=page.records[-1][0],
            )
            reflected = {row["product_id"]: (row["content_hash"], row["reflected"]) for row in known}
            fetched_at = session.clock - timedelta(seconds=session.clock_read_at - page.sent_at)
            rows = []
            for product_id, payload in page.records:
                content_hash = hashlib.sha256(payload).digest()
                unchanged = self._reflects is not None and reflected.get(product_id) == (content_hash, self._reflects)
                text = None if unchanged else _storable(payload)
                unstorable = _unstorable_part(payload) if text is None and not unchanged else None
                rows.append((product_id, content_hash, text, unstorable, fetched_at))
            session.copy_staged(
                "product",
                self._run.run_no,
                ("product_id", "content_hash", "payload", "unstorable", "fetched_at"),
                rows,
            )


def _cut(between: IdRange, cuts: Sequence[int]) -> list[IdRange]:
    """Parts of a stretch, each id in exactly one: a cut is the last id of its part."""
    after, before = between.after, between.before
    bounds = sorted({cut for cut in cuts if after < cut and (before is None or cut < before - 1)})
    starts, ends = [after, *bounds], [*(cut + 1 for cut in bounds), before]
    return [IdRange(start, end) for start, end in zip(starts, ends, strict=True)]


def _storable(payload: bytes) -> str | None:
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
