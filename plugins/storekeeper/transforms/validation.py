"""How a problem shows the value that it is about."""

from __future__ import annotations

from collections.abc import Container, Iterator
from decimal import Decimal

import msgspec

LARGEST_AMOUNT = Decimal(10) ** 15
"""An amount of an order beyond this is a mistake: no currency's smallest unit makes it plausible."""

SHOWN = 100
"""Characters of a value."""


def with_value(why: str, payload: str, shown: Container[str] | None = None) -> str:
    """A validation error names the place as ``$.variants[0].id``; a person also wants to see the value there.

    :param shown: names of the only fields whose value may be shown, and only where it is no record and no list.
    """
    _, _, path = why.partition(" - at `$")
    value = msgspec.Raw(payload.encode())  # not decoded: a float or an integer may not hold the digits to look for
    try:
        for step in path.rstrip("`").replace("[", ".").replace("]", "").split(".")[1:]:
            if bytes(value).startswith(b"["):
                value = msgspec.json.decode(value, type=list[msgspec.Raw])[int(step)]
            else:
                value = msgspec.json.decode(value, type=dict[str, msgspec.Raw])[step]
        found = bytes(value).decode()
        name = path.rstrip("`").rpartition(".")[2]
        if shown is not None and (name not in shown or found[:1] in "{["):
            return why
        shown = repr(msgspec.json.decode(value)[:SHOWN]) if found.startswith('"') else found[:SHOWN]
        return f"{why} (got {shown})"
    except (msgspec.DecodeError, KeyError, IndexError, ValueError):
        return why


def around(error: UnicodeDecodeError) -> str:
    """The bytes around the first one that is not UTF-8, as text."""
    near = error.object[max(error.start - SHOWN // 2, 0) : error.start + SHOWN // 2]
    return f"around {near.decode(errors='backslashreplace')!r}"


def texts(value: object, place: str = "$") -> Iterator[tuple[str, str]]:
    """Every text of a JSON value with its place, such as ``$.variants[0].sku``; names of members too."""
    match value:
        case str():
            yield place, value
        case dict():
            for name, member in value.items():
                yield f"{place} (a name)", str(name)
                yield from texts(member, f"{place}.{name}")
        case list():
            for number, member in enumerate(value):
                yield from texts(member, f"{place}[{number}]")
