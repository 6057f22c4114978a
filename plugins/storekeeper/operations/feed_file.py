"""A feed's file as lines of text values, read as a stream: it may be larger than memory.

The header is checked before the first line; what is wrong with the file as a whole refuses it, with the place.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, cast

from storekeeper.outcomes import FeedRefused
from storekeeper.settings import FeedFormat

MEGABYTE = 1024 * 1024
READ_AT_ONCE = MEGABYTE
LONGEST_LINE = MEGABYTE
"""More characters than this without an end of line: it is no CSV file, and would not fit into memory."""

PARQUET_ROWS = 10_000
"""Rows of a Parquet file that are decoded at once; fewer where they are long."""

PARQUET_BYTES = 16 * MEGABYTE

PARQUET_UNPACKED = 8
"""So many times what max_megabytes allows may a Parquet file have once it is unpacked."""

PARQUET_MAGIC = b"PAR1"

NAME = re.compile(r"[^\W\d_][\w .-]{0,29}")
"""What a column's name looks like: at most 30 letters, digits, blanks and ``_.-``, a letter first."""

LONGEST_WORD = 20
"""A longer word of a name that mixes capitals, small letters and digits may be a key."""

NAMES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FeedFile:
    """A file, opened.

    :param name: its path or URL without what is secret of it, as messages and the run ledger show it.
    :param size: in bytes; None where its place does not tell.
    """

    name: str
    stream: BinaryIO
    size: int | None = None


OpenFile = Callable[[str], AbstractContextManager[FeedFile]]
"""Opens the file of a path or URL; opened again, it is read from its beginning."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which columns a file may have, each known by its name in the header, without regard to letter case.

    :param columns: in the order in which each line's values come.
    :param required: those of them without which the file is refused.
    :param ignored: columns that are none of them and may be there all the same.
    :param prefixes: how further columns begin, such as ``option.``: any number of them, each with a name of its own
        behind it, which keeps its letter case.
    """

    columns: Sequence[str]
    required: Sequence[str]
    ignored: Sequence[str] = ()
    prefixes: Sequence[str] = ()

    def known(self) -> str:
        """The columns as a message names them."""
        return ", ".join([*self.columns, *(f"{prefix}NAME" for prefix in self.prefixes)])


class Line(NamedTuple):
    """One record of a file.

    :param number: where it begins in a text file, the header being line 1; of a Parquet file, the row, from 1.
    :param values: of the wanted columns, then of the prefixed ones that the file has; None where the file has no such
        column, or the value is blank.
    :param fault: why the record as a whole cannot be trusted.
    """

    number: int
    values: tuple[str | None, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose header is right.

    :param columns: the wanted columns that it has.
    :param lines: its records, read while they are asked for.
    :param prefixed: the columns that it has with one of the prefixes, in its own order.
    """

    columns: tuple[str, ...]
    lines: Iterator[Line]
    prefixed: tuple[str, ...] = ()


def read_table(file: FeedFile, wanted: Wanted, *, kind: FeedFormat, delimiter: str, max_megabytes: int) -> Table:
    """Read a file's header; its lines follow while they are asked for.

    :param kind: auto takes a file that begins as Parquet files do for one, every other for CSV.
    :raises FeedRefused: it is too large, empty, not UTF-8, or has other columns; the lines may raise it too.
    """
    bounded = _Bounded(file, max_megabytes)
    if kind is FeedFormat.PARQUET or (kind is FeedFormat.AUTO and bounded.head == PARQUET_MAGIC):
        return _read_parquet(bounded, wanted)
    return _read_csv(bounded, wanted, delimiter)


class _Bounded:
    """A file's bytes, counted against the most that it may have."""

    def __init__(self, file: FeedFile, max_megabytes: int) -> None:
        self.file, self.name = file, file.name
        self._most = max_megabytes * MEGABYTE
        self._max_megabytes = max_megabytes
        self.check(file.size or 0)
        self.head = b""
        while len(self.head) < len(PARQUET_MAGIC) and (piece := file.stream.read(len(PARQUET_MAGIC) - len(self.head))):
            self.head += piece
        if not self.head:
            raise FeedRefused(f"{self.name}: is empty; nothing was loaded")

    def check(self, size: int) -> None:
        if size > self._most:
            raise FeedRefused(
                f"{self.name}: is larger than max_megabytes allows ({self._max_megabytes:,} MB); nothing was loaded"
            )

    def check_unpacked(self, size: int) -> None:
        if size > self._most * PARQUET_UNPACKED:
            raise FeedRefused(
                f"{self.name}: unpacks to more than {PARQUET_UNPACKED} times what max_megabytes allows"
                f" ({self._max_megabytes:,} MB); nothing was loaded"
            )

    def pieces(self) -> Iterator[bytes]:
        taken, piece = 0, self.head
        while piece:
            taken += len(piece)
            self.check(taken)
            yield piece
            piece = self.file.stream.read(READ_AT_ONCE)

    def seekable(self) -> BinaryIO:
        """The file as one that can be read at any place: copied to the disk where its own place cannot do that."""
        stream = self.file.stream
        if stream.seekable():
            self.check(stream.seek(0, io.SEEK_END))
            stream.seek(0)
            return stream
        copied = tempfile.TemporaryFile()  # noqa: SIM115 - it goes with the last reference
        for piece in self.pieces():
            copied.write(piece)
        copied.seek(0)
        return cast("BinaryIO", copied)


@dataclass(frozen=True, slots=True)
class _Header:
    """The places of those columns of a header that are wanted, by name."""

    columns: dict[str, int]
    prefixed: dict[str, int]

    def order(self, wanted: Wanted) -> list[int | None]:
        """The place of each of a line's values."""
        return [*(self.columns.get(column) for column in wanted.columns), *self.prefixed.values()]

    def table(self, wanted: Wanted, lines: Iterator[Line]) -> Table:
        """The file with this header."""
        return Table(tuple(name for name in wanted.columns if name in self.columns), lines, tuple(self.prefixed))


def _find(name: str, header: Sequence[str], wanted: Wanted, *, hint: str = "") -> _Header:
    """The place of each wanted column in the header.

    :param hint: what may be behind a required column that is missing.
    :raises FeedRefused: one is missing, stands there twice, or is neither wanted nor ignored.
    """
    places: dict[str, int] = {}
    prefixed: dict[str, int] = {}
    seen: set[str] = set()
    ignored = {_plain(column) for column in wanted.ignored}
    unknown: list[str] = []
    nameless: list[str] = []
    for place, given in enumerate(header):
        own = _prefixed(given, wanted)
        column = _plain(own or given)
        if column in seen:
            raise FeedRefused(f"{name}: has the column {column!r} twice; nothing was loaded")
        if column in wanted.columns:
            places[column] = place
        elif column in ignored:
            continue
        elif own is not None:
            prefixed[own] = place
        else:
            if column:
                unknown.append(given)
            else:
                nameless.append(f"one without a name (column {place + 1})")
            continue
        seen.add(column)
    missing = [column for column in wanted.required if column not in places]
    if missing:
        raise FeedRefused(
            f"{name}: has no column {', '.join(map(repr, missing))}; its header names"
            f" {_repeated(header)}{hint}; nothing was loaded"
        )
    if unknown or nameless:
        said = [*([_repeated(unknown)] if unknown else []), *nameless[:NAMES_SHOWN]]
        raise FeedRefused(
            f"{name}: has columns that are not known: {', '.join(said)}; known are"
            f" {wanted.known()}. Name others in ignored_columns to leave them out. Nothing was loaded"
        )
    return _Header(places, prefixed)


def _repeated(header: Sequence[str]) -> str:
    """A header's columns as a message names them: who names a file that is no feed shall not learn its first line."""
    names = [given.strip() for given in header if _is_name(given.strip())]
    others = len(header) - len(names)
    shown = ", ".join(map(repr, names[:NAMES_SHOWN]))
    if not others:
        return shown
    what = "that is no column name" if others == 1 else "that are no column names"
    return f"{shown} and {others} more {what}" if shown else f"{others} {what}"


def _is_name(text: str) -> bool:
    if not NAME.fullmatch(text):
        return False
    longest = max(re.findall(r"[^\W_]+", text), key=len)
    kinds = [any(map(is_kind, longest)) for is_kind in (str.isupper, str.islower, str.isdigit)]
    return len(longest) <= LONGEST_WORD or sum(kinds) < 2


def _prefixed(given: str, wanted: Wanted) -> str | None:
    """A column that begins with one of the prefixes, as prefix and name; None where it is none, or without a name."""
    column = given.strip()
    for prefix in wanted.prefixes:
        name = column[len(prefix) :].strip()
        if column.lower().startswith(prefix) and name and "\0" not in name:
            return prefix + name
    return None


def _plain(column: str) -> str:
    return column.strip().lower()


def _line(number: int, values: Sequence[str | None], places: Sequence[int | None], columns: int) -> Line:
    picked = tuple(
        None if place is None or place >= len(values) else (values[place] or "").strip() or None for place in places
    )
    if len(values) == columns:
        return Line(number, picked)
    return Line(number, picked, f"has {len(values)} values where the header names {columns} columns")


# --- CSV ---


def _read_csv(file: _Bounded, wanted: Wanted, delimiter: str) -> Table:
    reader = csv.reader(_text_lines(file), delimiter=delimiter, strict=True)
    records = _records(file.name, reader)
    try:
        _, header = next(records)
    except StopIteration:
        raise FeedRefused(f"{file.name}: is empty; nothing was loaded") from None
    other = next((sign for sign in ",;\t|" if sign != delimiter and sign in "".join(header)), None)
    hint = f" (is the delimiter {other!r}? It is set to {delimiter!r})" if other else ""
    found = _find(file.name, header, wanted, hint=hint)
    places = found.order(wanted)
    return found.table(wanted, (_line(number, values, places, len(header)) for number, values in records))


def _records(name: str, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line that it begins on; empty lines are none."""
    while True:
        begins = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FeedRefused(
                f"{name}: line {begins}: is no CSV record: {error} (a quotation mark that is not closed?); nothing was"
                " loaded"
            ) from None
        if values:
            yield begins, values


def _text_lines(file: _Bounded) -> Iterator[str]:
    """The file's lines with their ends, which may be of any system's kind."""
    carried = ""
    for text in _decoded(file):
        *whole, carried = io.StringIO(carried + text, newline="").readlines() or [""]
        yield from whole
        if len(carried) > LONGEST_LINE:
            raise FeedRefused(f"{file.name}: has a line of more than {LONGEST_LINE:,} characters: is it a CSV file?")
    if carried:
        yield carried


def _decoded(file: _Bounded) -> Iterable[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")("strict")
    taken = lines = 0

    def decode(piece: bytes, *, last: bool = False) -> str:
        try:
            return decoder.decode(piece, last)
        except UnicodeDecodeError as error:
            # what is decoded ends where the file has been read to, and may begin with bytes left over from before
            position = taken - len(error.object) + error.start
            line = lines + error.object[: error.start].count(b"\n") + 1
            raise FeedRefused(
                f"{file.name}: is not UTF-8: byte 0x{error.object[error.start]:02X} at position {position:,}, in line"
                f" {line:,}. Export it as UTF-8. Nothing was loaded"
            ) from None

    for piece in file.pieces():
        taken += len(piece)
        yield decode(piece)
        lines += piece.count(b"\n")
    yield decode(b"", last=True)


# --- Parquet ---


def _read_parquet(file: _Bounded, wanted: Wanted) -> Table:
    # most feeds are CSV, and whoever only reads the DAG files needs neither
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(pa.PythonFile(file.seekable(), mode="r"), pre_buffer=False)
        schema = parquet.schema_arrow
    except pa.ArrowException as error:
        raise FeedRefused(f"{file.name}: is no Parquet file: {_first_line(error)}; nothing was loaded") from None
    file.check_unpacked(_unpacked(parquet.metadata))
    found = _find(file.name, schema.names, wanted)
    for column, place in (found.columns | found.prefixed).items():
        try:
            _as_text(pa, pa.array([], type=schema.types[place]))
        except pa.ArrowException:
            raise FeedRefused(
                f"{file.name}: column {column!r} is of type {schema.types[place]}, which is no text, number or date;"
                " nothing was loaded"
            ) from None

    def lines() -> Iterator[Line]:
        number = unpacked = 0
        order = [None if place is None else schema.names[place] for place in found.order(wanted)]
        chosen = [name for name in order if name is not None]
        try:
            for batch in parquet.iter_batches(_rows_at_once(parquet.metadata), columns=chosen, use_threads=False):
                # what the file says of itself leaves out how often a value is repeated, and may be false
                unpacked += batch.nbytes
                file.check_unpacked(unpacked)
                by_name = {name: _as_text(pa, batch.column(name)) for name in chosen}
                blank = [None] * batch.num_rows
                for values in zip(*(blank if name is None else by_name[name] for name in order), strict=True):
                    number += 1
                    yield _line(number, values, range(len(values)), len(values))
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise FeedRefused(
                f"{file.name}: cannot be read after row {number:,}: {_first_line(error)}; nothing was loaded"
            ) from None

    return found.table(wanted, lines())


def _rows_at_once(metadata: Any) -> int:
    rows: int = metadata.num_rows
    return max(1, min(PARQUET_ROWS, PARQUET_BYTES * rows // max(_unpacked(metadata), 1)))


def _unpacked(metadata: Any) -> int:
    """The file's size before it was compressed, as it says itself."""
    return sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))


def _as_text(pa: Any, column: Any) -> list[str | None]:
    """A column's values as a CSV file would have them; moments in UTC."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
        if column.type.tz is not None:
            column = column.cast(pa.timestamp("us"))
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200].rstrip(".")
