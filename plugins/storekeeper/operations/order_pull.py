"""Pulling a store's orders into a run's staging: windows by id, a page a commit; then refunds, then details.

What is staged of a page is every order's id and hash, and the payload only where the warehouse does not reflect it yet.
The list brings lines, consignments and fees along, so no order costs a request of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from storekeeper.bigcommerce import orders
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.bigcommerce.paging import ASK_THE_STORE, Page, PageSize
from storekeeper.operations.order_plan import Plan, Window
from storekeeper.operations.payloads import payload_rows, storable
from storekeeper.operations.progress import Progress
from storekeeper.operations.stretches import Collection, Reading, even_cuts
from storekeeper.outcomes import NotNow, Refused
from storekeeper.transforms.refunds import refund_ids, shows_refund, status_of
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run


class OrderPull:
    """One run's pull.

    :param plan: what it asks for.
    :param reflects: the version under which an unchanged payload needs no work.
    :param page_size: how many orders a request asks for.
    :param readers: how many requests are under way at once.
    """

    def __init__(self, store: StoreClient, run: Run, plan: Plan, reflects: str, page_size: int, readers: int) -> None:
        self._store = store
        self._run = run
        self._plan = plan
        self._reflects = reflects
        self._size = PageSize(page_size)
        self._readers = readers
        self.progress = Progress("orders", run, store)

    def orders(self) -> None:
        """Every order of the plan's windows, or the orders it names."""
        for window in self._plan.windows:
            self._window(window)
        if self._plan.order_ids:
            self._chosen(self._plan.order_ids)
        if self._plan.refunds_since is not None and not self._plan.known_only:
            self._chosen(self._unreadable("order"))

    def refunds(self) -> None:
        """Refunds made since the last run, and all refunds of the pulled orders that show one."""
        pages: Iterable[list[bytes]] = ()
        if self._plan.refunds_since is not None:
            pages = orders.refunds_since(self._store, self._plan.refunds_since)
        with self._run.transaction() as session:
            shown = session.rows("get_orders/list_refunded", run_no=self._run.run_no)
        of_orders = orders.refunds_of(self._store, [row["order_id"] for row in shown])
        unreadable = orders.refunds_by_id(self._store, self._unreadable("refund"))
        for page in itertools.chain(pages, of_orders, unreadable):
            with self._run.transaction() as session:
                self._stage_refunds(session, page)

    def details(self) -> None:
        """Coupons, taxes or messages of each order that will be imported or has changed: a request for each."""
        if not self._plan.details:
            return
        with self._run.transaction() as session:
            left = [
                (row["order_id"], row["part"])
                for row in session.rows(
                    "get_orders/list_without_details",
                    run_no=self._run.run_no,
                    channel=self._run.channel,
                    parts=list(self._plan.details),
                    statuses=list(self._plan.filters.statuses),
                )
            ]
        with ThreadPoolExecutor(self._readers, thread_name_prefix="reader") as pool:
            for start in range(0, len(left), self._readers):  # no more than are under way at once: a kill repeats them
                some = left[start : start + self._readers]
                found = list(pool.map(lambda each: (*each, self._part(*each)), some))
                with self._run.transaction() as session:
                    session.copy_staged("pulled_detail", self._run.run_no, ("order_id", "part", "payload"), found)
                self.progress.add(0)

    def _window(self, window: Window) -> None:
        between = orders.created_between if window.by == "created" else orders.modified_between
        only = {
            **between(window.start, window.end),
            **({} if self._plan.known_only else orders.of_sales_channel(self._plan.filters.store_channel_id)),
        }
        store, size = self._store, self._size
        collection = Collection(
            f"orders {window.by}",
            first=lambda: orders.first_orders(store, size, only),
            last=lambda: orders.last_orders(store, size, only),
            pages=lambda ids: orders.order_pages(store, ids, size, only),
            stage=self._stage,
            cut=lambda _session, ids, parts: even_cuts(ids, parts),
        )
        Reading(self._run, collection, size, self.progress).read(self._readers)

    def _unreadable(self, entity: str) -> list[int]:
        """What former runs could not read: asked for again by each run, until it can be."""
        with self._run.transaction() as session:
            rows = session.rows(
                "get_orders/list_unreadable", run_no=self._run.run_no, channel=self._run.channel, entity=entity
            )
        return [row["record_id"] for row in rows]

    def _chosen(self, order_ids: Sequence[int]) -> None:
        for page in orders.orders_by_id(self._store, order_ids, self._size):
            with self._run.transaction() as session:
                self._stage(session, page)
            self.progress.add(len(page.records))

    def _stage(self, session: Session, page: Page) -> None:
        if not page.records:
            return
        known = session.rows(
            "get_orders/read_hashes",
            channel=self._run.channel,
            lowest=page.records[0][0],
            highest=page.records[-1][0],
        )
        reflected = {row["order_id"]: (row["content_hash"], row["reflected"]) for row in known}
        rows = payload_rows(session, page, reflected, self._reflects)
        payloads = dict(page.records)
        # whoever names a window or an order gets its refunds too, although the order itself has not changed
        asked = self._plan.exact is not None or bool(self._plan.order_ids)
        # two windows may show the same order: the later reading counts
        session.run("get_orders/forget_pulled", run_no=self._run.run_no, order_ids=list(payloads))
        session.copy_staged(
            "pulled_order",
            self._run.run_no,
            ("order_id", "content_hash", "payload", "unstorable", "fetched_at", "status_id", "refund_shown"),
            (
                (*row, status_of(payloads[row[0]]), (asked or row[2] is not None) and shows_refund(payloads[row[0]]))
                for row in rows
            ),
        )

    def _stage_refunds(self, session: Session, page: list[bytes]) -> None:
        try:
            records = dict(refund_ids(page))
        except msgspec.DecodeError:
            raise NotNow(
                f"GET {orders.REFUNDS}: a refund has no id: the page cannot be trusted. {ASK_THE_STORE}"
            ) from None
        session.run("get_orders/forget_pulled_refunds", run_no=self._run.run_no, refund_ids=list(records))
        session.copy_staged(
            "pulled_refund",
            self._run.run_no,
            ("refund_id", "payload"),
            ((refund_id, storable(record)) for refund_id, record in records.items()),
        )

    def _part(self, order_id: int, part: str) -> str | None:
        """Its JSON, an empty list where the order is gone by now; None where no database can store it."""
        try:
            return storable(orders.order_parts(self._store, order_id, part))
        except Refused as refused:
            if refused.status != 404:
                raise
            return "[]"
