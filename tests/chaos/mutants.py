"""Our own code, changed for the worse: if the instrument does not notice, its silence says nothing.

A mutant lives in the child that makes an attempt, and nowhere else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from storekeeper.bigcommerce import catalog, paging
from storekeeper.bigcommerce.client import Query, StoreClient
from storekeeper.bigcommerce.paging import IdRange, Page, PageSize
from storekeeper.operations import get_orders, import_listings
from storekeeper.operations.catalog_pull import CatalogPull
from storekeeper.operations.creation import Intent
from storekeeper.operations.publication import Publication
from storekeeper.operations.shipping import Shipping
from storekeeper.operations.stretches import Reading, Stretch
from storekeeper.outcomes import NotNow, Refused
from storekeeper.warehouse import database
from storekeeper.warehouse.database import Session, Warehouse
from storekeeper.warehouse.runs import Run
from tests.chaos.faults import FAULTS, Point
from tests.chaos.lane import FIRST, Lane, Lanes, Undisturbed
from tests.chaos.state import PUSHED, SEEN, without
from tests.chaos.trial import try_point


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change for the worse.

    :param says: what it does, for the report.
    :param apply: changes the code of this process.
    :param situation: where it is tried.
    :param faults: by which kinds of fault it must be caught.
    :param near: the statement around which to look first; requests are tried from the last one on.
    :param operation: which operation it spoils.
    """

    says: str
    apply: Callable[[], None]
    situation: str
    faults: tuple[str, ...]
    near: str = ""
    operation: str = "import_listings"


def _state_first() -> None:
    load = import_listings.load

    def mutant(run: Run, *args: Any, **options: Any) -> Any:
        with run.transaction() as session:
            session.run("runs/advance", run_no=run.run_no, step="loaded")
        return load(run, *args, **options)

    import_listings.load = mutant


def _watermark_first() -> None:
    load = import_listings.load

    def mutant(run: Run, *args: Any, **options: Any) -> Any:
        if run.step != "loaded":
            with run.transaction() as session:
                session.run("import_listings/move_watermark", run_no=run.run_no, channel=run.channel)
        return load(run, *args, **options)

    import_listings.load = mutant


def _place_first() -> None:
    real = CatalogPull._stage
    moved: list[int] = []

    def mutant(self: CatalogPull, session: Session, page: Page) -> None:
        if page.records and not page.last and moved:
            with self._run.transaction() as before:
                before.run(
                    "staging/move_stretch",
                    run_no=self._run.run_no,
                    collection="products",
                    stretch_no=0,
                    reached_id=page.records[-1][0],
                    finished=False,
                )
        moved.append(1)
        real(self, session, page)

    CatalogPull._stage = mutant  # type: ignore[method-assign]


def _page_numbers() -> None:
    def mutant(store: StoreClient, stretch: IdRange, size: PageSize, only: Query) -> Iterator[Page]:
        number = 0
        bounds: dict[str, str | int] = {"id:greater": stretch.after}
        if stretch.before is not None:
            bounds["id:less"] = stretch.before
        while True:
            number += 1
            query: Query = {**catalog.WITH_PARTS, **bounds, "sort": "id", "direction": "asc", "page": number}
            answer = store.get(catalog.PRODUCTS, {**query, "limit": size.limit})
            envelope = answer.decode(paging._Envelope)
            records = [(paging._identity("", raw), bytes(raw)) for raw in envelope.data]
            total = envelope.meta.pagination.total
            yield Page(records, number * size.limit >= total, total, answer.sent_at)
            if number * size.limit >= total:
                return

    catalog.product_pages = mutant


def _failed_page_is_empty() -> None:
    real = paging.read_page

    def mutant(store: StoreClient, path: str, query: Query, size: PageSize) -> Page:
        try:
            return real(store, path, query, size)
        except NotNow:
            return Page([], True, 0, time.monotonic())

    paging.read_page = catalog.read_page = mutant


def _without(*names: str) -> Callable[[], None]:
    def apply() -> None:
        real = Session.run

        def mutant(self: Session, name: str, **values: Any) -> int:
            return 0 if name in names else real(self, name, **values)

        Session.run = mutant  # type: ignore[method-assign]

    return apply


def _publish_without_a_look() -> None:
    real = Publication._taken

    def mutant(self: Publication, intent: Intent, refusal: Refused) -> bool:
        return False if intent.doubtful else real(self, intent, refusal)

    Publication._find = lambda *_: False  # type: ignore[method-assign]
    Publication._taken = mutant  # type: ignore[method-assign]


def _ship_without_a_look() -> None:
    Shipping._find = lambda *_: False  # type: ignore[method-assign]


def _pages_twice() -> None:
    """The page and the place it reached are committed apart, and nothing keeps a product from being staged twice."""
    real = Session.run

    def run(self: Session, name: str, **values: Any) -> int:
        touched = real(self, name, **values)
        if name == "import_listings/create_staging":
            table = f"product_{values['run_no']}"
            self._connection.exec_driver_sql(f"alter table staging.{table} drop constraint if exists {table}_pkey")
        return touched

    def read(self: Reading, stretch: Stretch, stop: threading.Event) -> None:
        for page in self._collection.pages(stretch.left):
            with self._run.transaction() as session:
                self._collection.stage(session, page)
            with self._run.transaction() as session:
                session.run(
                    "staging/move_stretch",
                    run_no=self._run.run_no,
                    collection=self._collection.name,
                    stretch_no=stretch.number,
                    reached_id=page.records[-1][0] if page.records else stretch.left.after,
                    finished=page.last,
                )
            if stop.is_set():
                return

    Session.run = run  # type: ignore[method-assign]
    Reading._read = read  # type: ignore[method-assign]


def _staging_shared() -> None:
    real, copy = database.statements, Session.copy_staged
    database.statements = lambda name, run_no=None: real(name, None if run_no is None else 0)  # type: ignore[assignment]
    Session.copy_staged = (  # type: ignore[method-assign]
        lambda self, table, run_no, columns, rows: copy(self, table, 0, columns, rows)
    )
    Warehouse.drop_staging = lambda self, name, **values: None  # type: ignore[method-assign]


def _whole_not_checked() -> None:
    import_listings._need = lambda session, run, step: None


def _missing_not_confirmed() -> None:
    real = CatalogPull._by_id

    def mutant(self: CatalogPull, product_ids: Any, *, confirm_missing: bool) -> None:
        if not confirm_missing:
            real(self, product_ids, confirm_missing=False)
            return
        with self._run.transaction() as session:
            session.run("import_listings/add_missing", run_no=self._run.run_no, product_ids=list(product_ids))

    CatalogPull._by_id = mutant  # type: ignore[method-assign]


KILLS = ("statement-kill-before", "statement-kill-after")


def _orders_watermark_first() -> None:
    load = get_orders.load

    def mutant(run: Run, *args: Any, **options: Any) -> Any:
        if run.step != "loaded":
            with run.transaction() as session:
                values = {"channel": run.channel, "filters": "{}", "complete": True, "caught_up": None}
                session.run("get_orders/move_watermark", run_no=run.run_no, **values)
        return load(run, *args, **options)

    get_orders.load = mutant


def _orders_any_version_wins() -> None:
    real = Session.run

    def mutant(self: Session, name: str, **values: Any) -> int:
        touched = real(self, name, **values)
        if name == "get_orders/judge_orders":
            table = f"verdict_{values['run_no']}"
            self._connection.exec_driver_sql(
                f"update staging.{table} set verdict = 'update' where verdict = 'outdated'"
            )
        return touched

    Session.run = mutant  # type: ignore[method-assign]


MUTANTS = {
    "run-state-first": Mutant(
        "the run is marked loaded before its effect is committed",
        _state_first,
        "changed",
        KILLS,
        near="import_listings/prepare_load",
    ),
    "watermark-first": Mutant(
        "the watermark is committed before the data",
        _watermark_first,
        "first",
        KILLS,
        near="import_listings/prepare_load",
    ),
    "place-first": Mutant(
        "a page's place is committed before the page", _place_first, "first", KILLS, near="staging/move_stretch"
    ),
    "page-numbers": Mutant("pages are asked for by number", _page_numbers, "first", ("request-store-moves",)),
    "failed-page-empty": Mutant(
        "a page that failed is taken for an empty one", _failed_page_is_empty, "first", ("request-503-thrice",)
    ),
    "newer-wins-removed": Mutant(
        "an older reading overwrites a newer one",
        _without("import_listings/leave_out_outdated"),
        "first",
        ("statement-stall-next",),
        near="import_listings/prepare_load",
    ),
    "dedupe-removed": Mutant(
        "a page read again is staged twice", _pages_twice, "first", KILLS, near="staging/move_stretch"
    ),
    "staging-shared": Mutant(
        "staging is not bound to its run",
        _staging_shared,
        "first",
        ("statement-kill-next",),
        near="import_listings/prepare_load",
    ),
    "transform-twice": Mutant(
        "a second transform keeps the first one's rows",
        _without("import_listings/forget_transformed"),
        "first",
        KILLS,
        near="import_listings/read_payloads",
    ),
    "crash-not-noticed": Mutant(
        "staging that a crash emptied is taken for an empty store",
        _whole_not_checked,
        "first",
        ("statement-restart",),
        near="runs/advance",
    ),
    "missing-not-confirmed": Mutant(
        "a product is gone without a confirming read", _missing_not_confirmed, "changed", ("request-store-blinks",)
    ),
    "sync-doubt-forgotten": Mutant(
        "a field that a lost call may have changed counts as the store last confirmed it",
        _without("sync_listings/doubt"),
        "mistaken",
        ("statement-kill-next",),
        near="sync_listings/settle_stock",
        operation="sync_listings",
    ),
    "publish-look-left-out": Mutant(
        "a product whose making was not confirmed is not looked for",
        _publish_without_a_look,
        "queued",
        ("request-answer-lost",),
        operation="publish_listings",
    ),
    "ship-look-left-out": Mutant(
        "a shipment whose making was not confirmed is not looked for",
        _ship_without_a_look,
        "shipped",
        ("request-answer-lost",),
        operation="sync_orders",
    ),
    "ship-doubt-forgotten": Mutant(
        "tracking that a lost call may have changed counts as the store last confirmed it",
        _without("sync_orders/doubt"),
        "renumbered",
        ("statement-kill-next",),
        near="sync_orders/settle_updated",
        operation="sync_orders",
    ),
    "orders-watermark-first": Mutant(
        "the watermark of orders is committed before them",
        _orders_watermark_first,
        "first",
        KILLS,
        near="get_orders/prepare_load",
        operation="get_orders",
    ),
    "orders-any-version-wins": Mutant(
        "an older version of an order replaces a newer one",
        _orders_any_version_wins,
        "first",
        ("statement-stall-next",),
        near="get_orders/prepare_load",
        operation="get_orders",
    ),
    "orders-transform-twice": Mutant(
        "a second transform keeps the first one's orders",
        _without("get_orders/forget_transformed"),
        "first",
        KILLS,
        near="get_orders/read_payloads",
        operation="get_orders",
    ),
}


def caught(lanes: Lanes, name: str) -> tuple[Point | None, str]:
    """The first point at which a mutant is caught though the code as it is holds there; None where it escapes."""
    mutant = MUTANTS[name]
    usual = lanes.get(mutant.operation).undisturbed(mutant.situation)
    work_undisturbed(lanes.get(mutant.operation, mutant=name), mutant.situation)
    for point in _points(mutant, usual):
        verdict = try_point(lanes.get(mutant.operation, mutant=name), point)
        if verdict.broken and not try_point(lanes.get(mutant.operation), point).broken:
            return point, verdict.broken[0]
    return None, ""


def work_undisturbed(lane: Lane, situation: str) -> None:
    """A mutant that cannot even run where nothing is wrong would be caught by everything.

    :raises RuntimeError: the lane's mutant cannot.
    """
    usual = lane.undisturbed(situation)
    with lane.place(situation) as place:
        place.must_succeed(FIRST)
        told = (PUSHED, SEEN) if lane.operation.outbound else ()
        if without(place.state(), *told) != without(usual.after, *told):
            raise RuntimeError(f"mutant {lane.mutant} does not do its work undisturbed")


def _points(mutant: Mutant, usual: Undisturbed) -> list[Point]:
    """Each of a mutant's faults at every request or statement, the likeliest first."""
    labels = [statement.label for statement in usual.statements]
    places = {
        "request": range(usual.requests, 0, -1),
        "statement": sorted(
            range(1, len(labels) + 1),
            key=lambda at: min(abs(at - 1 - index) for index, label in enumerate(labels) if mutant.near in label),
        ),
    }
    return [
        Point(mutant.operation, mutant.situation, fault, at)
        for near in zip(*(places[FAULTS[fault].where] for fault in mutant.faults), strict=True)
        for fault, at in zip(mutant.faults, near, strict=True)
    ]
