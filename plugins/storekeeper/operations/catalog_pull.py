"""Pulling a store's catalog into a run's staging: several stretches of ids side by side, a page a commit.

What is staged of a page is every product's id and hash, and the payload only where the warehouse does not reflect it
yet. A pull that died goes on after the last page it had committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storekeeper.bigcommerce import catalog
from storekeeper.bigcommerce.client import Query, StoreClient
from storekeeper.bigcommerce.paging import IdRange, Page, PageSize
from storekeeper.operations.payloads import payload_rows
from storekeeper.operations.progress import Progress
from storekeeper.operations.stretches import Collection, Reading, even_cuts
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run


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
        only, store, size = self._only, self._store, self._size
        products = Collection(
            "products",
            first=lambda: catalog.first_products(store, size, only),
            last=lambda: catalog.last_products(store, size, only),
            pages=lambda ids: catalog.product_pages(store, ids, size, only),
            stage=self._stage,
            cut=self._cut,
        )
        Reading(self._run, products, size, self.progress).read(readers)

    def _by_id(self, product_ids: Sequence[int], *, confirm_missing: bool) -> None:
        left = list(product_ids)
        self.progress.expect(len(left))
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

    def _cut(self, session: Session, between: IdRange, parts: int) -> Sequence[int]:
        """Where to cut: by the ids known from former pulls, else into parts of equal length."""
        known = session.rows(
            "import_listings/read_known_ids",
            channel=self._run.channel,
            fractions=[part / parts for part in range(1, parts)],
            after=between.after,
            before=between.before or between.after,
        )
        return known[0]["cuts"] if known else even_cuts(between, parts)

    def _stage(self, session: Session, page: Page) -> None:
        if page.records:
            known = session.rows(
                "import_listings/read_hashes",
                channel=self._run.channel,
                lowest=page.records[0][0],
                highest=page.records[-1][0],
            )
            reflected = {row["product_id"]: (row["content_hash"], row["reflected"]) for row in known}
            session.copy_staged(
                "product",
                self._run.run_no,
                ("product_id", "content_hash", "payload", "unstorable", "fetched_at"),
                payload_rows(session, page, reflected, self._reflects),
            )
