"""A feed: a file comes into the warehouse in two steps, each safe to be killed anywhere and begun again.

*Extract* reads the file as a stream and stages its lines, typed, a chunk a commit; a second attempt begins anew. *Load*
decides and merges in one transaction; nothing is decided before the whole file is in. What the lines hold, and what
becomes of them, an operation says by its own subclass of :class:`Feed`.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from storekeeper.operations.feed_file import Line, OpenFile, Table, Wanted, read_table
from storekeeper.operations.marks import mark, need
from storekeeper.operations.progress import Progress
from storekeeper.operations.step import FIRST_TASK, recorded
from storekeeper.outcomes import FEED_HINTS, Counts, FeedRefused, Reason, RunStopped, SettingsError, StagingLost
from storekeeper.settings import Channel, FileFeed
from storekeeper.warehouse.database import Session, Warehouse
from storekeeper.warehouse.runs import Run, succeed

log = logging.getLogger(__name__)

ROWS_PER_CHUNK = 10_000
"""How many rows are staged in one commit: more would cost memory, fewer would cost time."""

CHARACTERS_PER_CHUNK = 16 * 1024 * 1024
"""A chunk of long texts ends earlier."""

WOULD_STOP = "without the dry run this would stop. %s"

MOST_SHOWN = 10
"""So many problems of a dry run are shown: it records none."""

Settings = TypeVar("Settings", bound=FileFeed)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a file is worth.

    :param lines: how many rows it has.
    :param usable: of how much of it something can be taken; only whether that is 0 matters.
    """

    lines: int
    usable: int


class Feed(ABC, Generic[Settings]):
    """One attempt of one step of a run.

    :param configured: the feed's settings, as its file has them.
    :param named_in: where they stand, for messages that name the place to mend.
    :param params: the run's parameters.
    """

    operation: ClassVar[str]
    bad: ClassVar[str] = "bad"
    """What the rows are, in words, of a file of which none can be taken."""
    counted: ClassVar[str] = "SKUs"
    """What a file is measured by."""

    def __init__(
        self, run: Run, configured: Settings, named_in: str, params: Mapping[str, Any], open_file: OpenFile
    ) -> None:
        self.run = run
        self.params = params
        self.open_file = open_file
        self._configured = configured
        self._named_in = named_in

    @cached_property
    def settings(self) -> Settings:
        """The feed's settings as this run wants them.

        :raises SettingsError: a run parameter that nobody knows, or a value that its setting does not allow.
        """
        return self._configured.with_run_parameters(self.params)

    @property
    def confirmed(self) -> bool:
        """Whether a person has let a large change through."""
        return bool(self.params.get("confirm_large_change"))

    @property
    def path(self) -> str:
        """Where the file is.

        :raises SettingsError: nobody says.
        """
        path = (self.settings.path or "").strip()
        if not path:
            raise SettingsError(
                f"{self._named_in}path: says no file to load: set it, or give this run the parameter path"
            )
        return path

    @property
    def is_configured_path(self) -> bool:
        """Whether the file is the feed's usual one, not one that this run alone was told to load."""
        return self.path == (self._configured.path or "").strip()

    @abstractmethod
    def wanted(self) -> Wanted:
        """Which columns the file may have."""

    @abstractmethod
    def begin(self, session: Session, table: Table, name: str) -> None:
        """Make the run's staging, empty, for a file whose header is right.

        :param name: the file's, as messages show it.
        :raises FeedRefused: the settings need a column that it does not have.
        """

    @abstractmethod
    def stage(self, session: Session, table: Table, lines: Sequence[Line]) -> int:
        """Stage a chunk.

        :return: how many problems were found with it.
        """

    @abstractmethod
    def count(self, session: Session) -> int:
        """How many different SKUs, or what else it is measured by, the staged lines name; bad lines too, if usable."""

    @abstractmethod
    def judge(self, session: Session) -> Standing:
        """Find all that is wrong with what is staged, and decide what becomes of the rest; writes only staging."""

    @abstractmethod
    def merge(self, session: Session) -> tuple[Counts, list[str]]:
        """Write what was decided; open and close problems.

        :return: counts, and what else is to be said of the run. A dry run takes back what was written.
        """

    @abstractmethod
    def drop(self, session: Session) -> None:
        """Drop the run's staging: it is not needed any more, or was never made."""


class ChannelFeed(Feed[Settings]):
    """A feed that is a channel's own; its settings are the section of the channel's file that is named as it is."""

    def __init__(self, run: Run, channel: Channel, params: Mapping[str, Any], open_file: OpenFile) -> None:
        named_in = f"channel {channel.channel!r}: {channel.file}: {self.operation}."
        super().__init__(run, getattr(channel, self.operation), named_in, params, open_file)
        self.channel = channel


Kind = TypeVar("Kind", bound=Feed[Any])
ChannelKind = TypeVar("ChannelKind", bound=ChannelFeed[Any])


@contextmanager
def attempt_feed(
    task: str,
    warehouse: Warehouse,
    make: Callable[[Run], Kind],
    *,
    channel: str,
    operation: str,
    run_id: str,
    params: Mapping[str, Any],
    shown_path: Callable[[str], str] = str,
) -> Iterator[Kind]:
    """One attempt of one task: opens the run, records what it cost, and why it failed where it fails.

    :param params: the run's parameters; those of the form, as a person gave them.
    :param shown_path: a path without what is secret of it, as the ledger keeps it.
    """
    path = params.get("path")
    run = Run.begin(
        warehouse,
        channel=channel,
        operation=operation,
        run_id=run_id,
        dry_run=bool(params.get("dry_run")),
        params={**params, "path": shown_path(path.strip())} if isinstance(path, str) else params,
        first=task == FIRST_TASK,
    )
    with recorded(run, task):
        yield make(run)


@contextmanager
def attempt_channel_feed(
    kind: type[ChannelKind],
    task: str,
    warehouse: Warehouse,
    channel: Channel,
    *,
    run_id: str,
    params: Mapping[str, Any],
    open_file: OpenFile,
    shown_path: Callable[[str], str] = str,
) -> Iterator[ChannelKind]:
    """One attempt of one task of a channel's own feed; see :func:`attempt_feed`."""
    with attempt_feed(
        task,
        warehouse,
        lambda run: kind(run, channel, params, open_file),
        channel=channel.channel,
        operation=kind.operation,
        run_id=run_id,
        params=params,
        shown_path=shown_path,
    ) as feed:
        yield feed


def extract(feed: Feed[Any]) -> dict[str, int]:
    """Read the file and stage its lines; a second attempt reads it anew.

    :return: ``rows`` of the file, and ``problems`` with them.
    :raises FeedRefused: the file is missing, too large, not UTF-8, or has other columns; nothing was loaded.
    :raises RunStopped: it has no rows, or far fewer than the last one; nothing was loaded.
    """
    run = feed.run
    if run.step == "loaded":
        return {"rows": 0, "problems": 0}
    path, settings = feed.path, feed.settings
    with run.transaction() as session:
        session.run("staging/create", run_no=run.run_no)
        session.run("feed/create_staging", run_no=run.run_no)
        session.run("feed/begin_reading", run_no=run.run_no)
    try:
        with feed.open_file(path) as file:
            table = read_table(
                file,
                feed.wanted(),
                kind=settings.format,
                delimiter=settings.delimiter,
                max_megabytes=settings.max_megabytes,
            )
            with run.transaction() as session:
                feed.begin(session, table, file.name)
            staged = _stage(feed, table)
            counted = _guard(feed, file.name, staged["rows"])
    except (FeedRefused, RunStopped):
        _drop_staging(feed)
        raise
    with run.transaction() as session:
        session.run("feed/keep_count", run_no=run.run_no, counted=counted)
        mark(session, run, "extracted")
        session.run("runs/advance", run_no=run.run_no, step="extracted")
    return staged


def load(feed: Feed[Any]) -> Counts:
    """Decide and merge, in one transaction: rows, problems, counts, the run's end.

    :raises RunStopped: every row is bad, or too much would change and nobody has confirmed that; nothing was loaded.
    """
    run = feed.run
    if run.step == "loaded":
        outcome = run.outcome()
        counts = Counts(**{name: outcome[name] for name in Counts().as_dict()})
    else:
        try:
            counts = _merge(feed)
        except RunStopped:
            _drop_staging(feed)
            raise
    _drop_staging(feed)
    return counts


def open_problems(feed: Feed[Any], session: Session, hints: Mapping[Reason, str] = FEED_HINTS) -> None:
    """Open the problems that this run has found, and see again those that still hold; the feed closes the others."""
    run = feed.run
    session.run(
        "feed/open_problems",
        run_no=run.run_no,
        channel=run.channel,
        operation=run.operation,
        hints=json.dumps(hints),
    )


def stop_unless_confirmed(feed: Feed[Any], said: str) -> None:
    """A guard has found too large a change; a dry run says so and goes on.

    :param said: what would change, without a full stop.
    :raises RunStopped: nobody has confirmed it.
    """
    if feed.confirmed:
        return
    if feed.run.dry_run:
        log.warning(WOULD_STOP, said)
        return
    raise RunStopped(f"{said}. Nothing was loaded. If this is meant, run it again with confirm_large_change.")


def _stage(feed: Feed[Any], table: Table) -> dict[str, int]:
    run = feed.run
    progress = Progress("rows", run, unit="chunks")
    staged = {"rows": 0, "problems": 0}
    for chunk in _chunks(table.lines):
        with run.transaction() as session:
            staged["problems"] += feed.stage(session, table, chunk)
        staged["rows"] += len(chunk)
        progress.add(len(chunk))
    log.info("extracted: %s", progress.line())
    return staged


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    characters = 0
    for line in lines:
        chunk.append(line)
        characters += sum(len(value) for value in line.values if value)
        if len(chunk) >= ROWS_PER_CHUNK or characters >= CHARACTERS_PER_CHUNK:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _guard(feed: Feed[Any], name: str, rows: int) -> int:
    """Refuse a file that lacks what the last one of its path had: a small correction is no measure of a daily file.

    :param name: the file's, which is its path as the ledger keeps it.
    :return: how many SKUs or shipments it has; rows would be no measure, since they may be doubled or name none.
    :raises RunStopped: it has no rows at all, or too few of them and nobody has confirmed that.
    """
    if rows == 0:
        raise RunStopped(f"{name}: has a header and no rows; nothing was loaded")
    run, most = feed.run, feed.settings.max_shrink_share
    with run.transaction() as session:
        counted = feed.count(session)
        last = session.row(
            "feed/find_last_count",
            run_no=run.run_no,
            channel=run.channel,
            operation=run.operation,
            path=name,
            configured=feed.is_configured_path,
        )["counted"]
    if last is not None and 0 < counted < (1 - most) * last:  # of one without any, the load says what is wrong
        stop_unless_confirmed(
            feed,
            f"{name}: has {counted:,} {feed.counted}, and the last file that was loaded had {last:,}: max_shrink_share"
            f" allows it to lose {most:.0%}",
        )
    return counted


def _merge(feed: Feed[Any]) -> Counts:
    run = feed.run
    with run.transaction() as session:
        need(session, run, "extracted")
        refusal = _refusal(feed, session, feed.judge(session))
        if refusal is None or run.dry_run:
            if refusal:
                log.warning(WOULD_STOP, refusal)
            return _write(feed, session)
        open_problems(feed, session, hints={})  # the hints speak of a rest that was loaded
    raise RunStopped(refusal)


def _refusal(feed: Feed[Any], session: Session, standing: Standing) -> str | None:
    """What is to be said of a file of which not one row can be taken; nobody can confirm it."""
    if standing.usable:
        return None
    (first,) = session.rows("feed/list_problems", run_no=feed.run.run_no, most=1)
    return (
        f"nothing was loaded: all {standing.lines:,} rows of the file are {feed.bad}, such as"
        f" {first['entity_key']}: {first['message']}"
    )


def _write(feed: Feed[Any], session: Session) -> Counts:
    run = feed.run
    with session.savepoint() as merge:
        counts, said = feed.merge(session)
        if run.dry_run:
            for row in session.rows("feed/list_problems", run_no=run.run_no, most=MOST_SHOWN):
                log.warning("%s: %s: %s", row["entity_key"], row["reason"], row["message"])
            merge.rollback()
    red = feed.settings.problems_fail_run and counts.failed > 0
    if run.dry_run:
        said.insert(0, "Dry run: nothing but this row was written.")
    if red:
        said.append("Problems were left, and problems_fail_run ends such a run red.")
    succeed(session, run, counts, " ".join(said) or None, state="failed" if red else "success")
    return counts


def _drop_staging(feed: Feed[Any]) -> None:
    run = feed.run
    with run.transaction() as session:
        feed.drop(session)
        session.run("feed/drop_staging", run_no=run.run_no)
        session.run("staging/drop", run_no=run.run_no)


def _extract(feed: Feed[Any]) -> dict[str, Any]:
    return extract(feed)


def _load(feed: Feed[Any]) -> dict[str, Any]:
    try:
        return load(feed).as_dict()
    except StagingLost as lost:
        log.warning("%s: reading the file again", lost)
        extract(feed)
        return load(feed).as_dict()


STEPS: Mapping[str, Callable[[Feed[Any]], dict[str, Any]]] = {"extract": _extract, "load": _load}
"""The tasks of a run in their order; each brings itself what a crash of the database has taken from it."""

LAST_STEP = list(STEPS)[-1]
