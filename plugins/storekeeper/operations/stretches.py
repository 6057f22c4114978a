"""Reading a collection by id: several stretches of its ids side by side, a page a commit.

A pull that died goes on after the last page that it had committed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from math import ceil

from storekeeper.bigcommerce.paging import IdRange, Page, PageSize
from storekeeper.operations.progress import Progress
from storekeeper.outcomes import StagingLost
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the collection that one reader reads: what is left of it, and whether anything is."""

    number: int
    left: IdRange
    finished: bool


@dataclass(frozen=True, slots=True)
class Collection:
    """What is read, and how.

    :param name: tells it from other collections of the same run.
    :param first: the page of the lowest ids.
    :param last: the page of the highest ids.
    :param pages: the pages of a range of ids, in ascending order of id.
    :param stage: stages one page, in the transaction that also notes how far the reader has come.
    :param cut: where to cut the ids of a range into so many parts of about the same work.
    """

    name: str
    first: Callable[[], Page]
    last: Callable[[], Page]
    pages: Callable[[IdRange], Iterator[Page]]
    stage: Callable[[Session, Page], None]
    cut: Callable[[Session, IdRange, int], Sequence[int]]


class Reading:
    """One run's reading of one collection."""

    def __init__(self, run: Run, collection: Collection, size: PageSize, progress: Progress) -> None:
        self._run = run
        self._collection = collection
        self._size = size
        self._progress = progress

    def read(self, readers: int) -> None:
        """Read what is left of it.

        :param readers: how many stretches are read side by side.
        """
        stretches = self._stretches()
        if not stretches:
            self._plan(readers)
            stretches = self._stretches()
        self._read_side_by_side([stretch for stretch in stretches if not stretch.finished], readers)

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
        for page in self._collection.pages(stretch.left):
            with self._run.transaction() as session:
                self._collection.stage(session, page)
                moved = session.run(
                    "staging/move_stretch",
                    run_no=self._run.run_no,
                    collection=self._collection.name,
                    stretch_no=stretch.number,
                    reached_id=page.records[-1][0] if page.records else stretch.left.after,
                    finished=page.last,
                )
                if not moved:
                    raise StagingLost("the warehouse has lost what this run had staged; nothing was loaded")
            self._progress.add(len(page.records))
            if stop.is_set():
                return

    def _stretches(self) -> list[Stretch]:
        with self._run.transaction() as session:
            rows = session.rows("staging/read_stretches", run_no=self._run.run_no, collection=self._collection.name)
        return [
            Stretch(row["stretch_no"], IdRange(row["reached_id"], row["before_id"]), row["finished"]) for row in rows
        ]

    def _plan(self, readers: int) -> None:
        """Stage the first and the last page, and cut the ids between them into parts of about the same work."""
        first = self._collection.first()
        self._progress.expect(first.total)
        pages, between, left = [first], IdRange(0, None), 0
        if not first.last:
            last = self._collection.last()
            end = first.records[-1][0]
            rest = [record for record in last.records if record[0] > end]
            pages.append(replace(last, records=rest))
            between = IdRange(end, rest[0][0] if rest else None)
            left = _left(first, last, len(rest), between)
        with self._run.transaction() as session:
            for page in pages:
                self._collection.stage(session, page)
            parts = min(readers, ceil(left / self._size.limit))
            stretches = cut(between, self._collection.cut(session, between, parts)) if parts > 0 else []
            # a collection of two pages at most leaves nothing to read, and that must be remembered too
            for number, ids in enumerate(stretches or [IdRange(0, None)]):
                session.run(
                    "staging/add_stretch",
                    run_no=self._run.run_no,
                    collection=self._collection.name,
                    stretch_no=number,
                    reached_id=ids.after,
                    before_id=ids.before,
                    finished=not stretches,
                )
        for page in pages:
            self._progress.add(len(page.records))


def _left(first: Page, last: Page, rest: int, between: IdRange) -> int:
    """How many records stand between the two pages: counted by the store, else judged by how dense the ids are."""
    if last.total is not None:
        return last.total - len(first.records) - rest
    gap = (between.before or between.after + 1) - between.after - 1
    spans = [page.records[-1][0] - page.records[0][0] + 1 for page in (first, last) if page.records]
    return ceil(gap * (len(first.records) + len(last.records)) / max(sum(spans), 1))


def even_cuts(between: IdRange, parts: int) -> list[int]:
    """Where to cut a range into parts of equal length."""
    after, before = between.after, between.before or between.after
    return [after + int((before - after) * part / parts) for part in range(1, parts)]


def cut(between: IdRange, cuts: Sequence[int]) -> list[IdRange]:
    """Parts of a range, each id in exactly one: a cut is the last id of its part."""
    after, before = between.after, between.before
    bounds = sorted({each for each in cuts if after < each and (before is None or each < before - 1)})
    starts, ends = [after, *bounds], [*(each + 1 for each in bounds), before]
    return [IdRange(start, end) for start, end in zip(starts, ends, strict=True)]
