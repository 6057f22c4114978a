"""Brands and categories as the store sent them become the names by which products refer to them.

A record that cannot be handled becomes a problem, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.validation import around, with_value

MOST_LEVELS = 100
"""Categories nested deeper than this are a mistake: the store itself allows a handful of levels."""

_Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class _Brand(msgspec.Struct):
    id: _Id
    name: str


class _Category(msgspec.Struct):
    category_id: _Id
    name: str
    parent_id: int | None = None


_Record = TypeVar("_Record", _Brand, _Category)


@dataclass(frozen=True, slots=True)
class Named:
    """Some brands or categories, read.

    :param names: id and name, or path.
    :param problems: one for each record that is not among them.
    """

    names: list[tuple[int, str]]
    problems: list[Problem]

    @property
    def unnamed(self) -> list[int]:
        """The ids that the problems are about, as far as they are ids."""
        return [int(key) for key in (problem.entity_key for problem in self.problems) if _is_id(key)]


def read_brands(records: Iterable[bytes]) -> Named:
    """Each brand's name."""
    found, problems = _read("brand", "id", records, _Brand)
    return Named([(identity, brand.name) for identity, brand in found.items()], problems)


def read_categories(records: Iterable[bytes]) -> Named:
    """Each category's path, such as ``Shop > Lamps``."""
    found, problems = _read("category", "category_id", records, _Category)
    unreadable = set(Named([], problems).unnamed)
    names = []
    for identity in found:
        path: list[str] = []
        step = identity
        while step in found and len(path) < MOST_LEVELS:
            path.append(found[step].name)
            step = found[step].parent_id or 0
        if step in found:
            why = f"its parents form a loop, or more than {MOST_LEVELS} levels (got {' > '.join(path[4::-1])[:100]!r})"
            problems.append(_problem("category", str(identity), why))
        elif step in unreadable:
            problems.append(_problem("category", str(identity), f"category {step} above it cannot be read"))
        else:
            names.append((identity, " > ".join(reversed(path))))
    return Named(names, problems)


def _read(
    entity: str, id_field: str, records: Iterable[bytes], kind: type[_Record]
) -> tuple[dict[int, _Record], list[Problem]]:
    found: dict[int, _Record] = {}
    problems = []
    for record in records:
        key = _key(record, id_field)
        read = _read_one(entity, key, record, kind)
        if isinstance(read, Problem):
            problems.append(read)
        else:
            found[getattr(read, id_field)] = read
    return found, problems


def _read_one(entity: str, key: str, record: bytes, kind: type[_Record]) -> _Record | Problem:
    try:
        text = record.decode()
    except UnicodeDecodeError as error:
        return _problem(entity, key, f"its text is not valid Unicode ({around(error)})", Reason.UNSTORABLE_TEXT)
    try:
        read = msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        return _problem(entity, key, with_value(str(error), text))
    if "\0" in read.name:
        why = f"its name holds the character U+0000 (got {read.name[:100]!r})"
        return _problem(entity, key, why, Reason.UNSTORABLE_TEXT)
    if not read.name.strip():
        return _problem(entity, key, f"its name is blank (got {read.name[:100]!r})")
    return read


def _key(record: bytes, id_field: str) -> str:
    """The record's id as the store wrote it."""
    try:
        written = msgspec.json.decode(record, type=dict[str, msgspec.Raw])[id_field]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return "without an id"
    return bytes(written)[:50].decode(errors="backslashreplace").replace("\\u0000", "?")


def _is_id(key: str) -> bool:
    return key.isascii() and key.isdigit() and int(key) < 2**63


def _problem(entity: str, key: str, why: str, reason: Reason = Reason.INVALID_RECORD) -> Problem:
    return Problem(entity, key, reason, f"{entity.capitalize()} {key} cannot be read: {why}.", f"{entity}/{key}")
