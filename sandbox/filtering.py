"""Query filters of a collection: ``name``, ``id:in``, ``date_modified:min`` and their like."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.exchange import Refusal, whole_number

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")  # Python's ``float`` takes "nan" and "1_0", too
LISTS = frozenset({"in", "not_in"})
RANGES = frozenset({"min", "max", "greater", "less"})
PAGE_PARAMETERS = frozenset({"page", "limit", "sort", "direction", "include", "include_fields", "exclude_fields"})


@dataclass(frozen=True, slots=True)
class Filter:
    """A field a collection can be filtered by.

    :param read: the field's value in a record.
    :param parse: makes a value from the query's text; raises ``ValueError`` for a bad one.
    :param operators: which of ``in``, ``not_in``, ``min``, ``max``, ``greater``, ``less``, ``like``, ``not`` it has.
    :param plain: whether it may stand without an operator.
    :param matches: how a record's value is compared with the one asked for, where equality is not it.
    """

    read: Callable[[Any], Any]
    parse: Callable[[str], Any]
    operators: frozenset[str] = frozenset()
    plain: bool = True
    matches: Callable[[Any, Any], bool] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter of a request with the value asked for."""

    field: str
    operator: str
    value: Any
    filter: Filter

    def holds(self, record: Any) -> bool:
        """Whether the record passes."""
        have, want = self.filter.read(record), self.value
        equal = self.filter.matches or (lambda left, right: left == right)
        match self.operator:
            case "":
                return equal(have, want)
            case "in":
                return any(equal(have, each) for each in want)
            case "not_in":
                return not any(equal(have, each) for each in want)
            case "not":
                return not equal(have, want)
            case "like":
                return str(want) in str(have).lower()
            case "min":
                return bool(have >= want)
            case "max":
                return bool(have <= want)
            case "greater":
                return bool(have > want)
            case _:
                return bool(have < want)


def conditions(
    query: Iterable[tuple[str, str]], filters: Mapping[str, Filter], also: frozenset[str] = PAGE_PARAMETERS
) -> list[Condition]:
    """The filters of a request.

    :param also: parameters that are no filters.
    :raises Refusal: 422 for a name that is no filter or a value that cannot be one.
    """
    found, unknown, bad = [], [], {}
    for name, text in query:
        field, _, operator = name.partition(":")
        known = filters.get(field)
        allowed = known is not None and (operator in known.operators if operator else known.plain)
        if known is None or not allowed:
            if name not in also:
                unknown.append(name)
            continue
        try:
            value = [known.parse(each) for each in text.split(",")] if operator in LISTS else known.parse(text)
        except ValueError as error:
            bad[name] = str(error)
            continue
        found.append(Condition(field, operator, value, known))
    if unknown:
        raise unknown_filters(unknown)
    if bad:
        raise Refusal(422, "The filter values are not valid.", bad)
    return found


def unknown_filters(names: Iterable[str]) -> Refusal:
    """The 422 of query parameters that the operation does not have."""
    return Refusal(422, f"The filter(s): {', '.join(names)} are not valid filter parameter(s).", {})


def integer(text: str) -> int:
    """A whole number."""
    try:
        return whole_number(text.strip())
    except ValueError:
        raise ValueError(f"must be an integer (got {text!r})") from None


def number(text: str) -> float:
    """A number."""
    if not NUMBER.fullmatch(text) or math.isinf(value := float(text)):
        raise ValueError(f"must be a number (got {text!r})")
    return value


def flag(text: str) -> bool:
    """A truth value, as a word or as 1 and 0."""
    match text.lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise ValueError(f"must be true or false (got {text!r})")


def folded(text: str) -> str:
    """A text compared without regard to letter case."""
    return text.lower()


def one_of(*allowed: str) -> Callable[[str], str]:
    """A word of a list, whatever its letter case."""

    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)} (got {text!r})")
        return text.lower()

    return parse


def moment(now: Callable[[], datetime]) -> Callable[[str], int]:
    """A time in ISO 8601 as seconds since 1970; a bare date gets the store's present time of day.

    :param now: the store's clock.
    """

    def parse(text: str) -> int:
        # An unescaped plus of the zone arrives as a space.
        text = text.strip().replace(" ", "+") if "T" in text else text.strip()
        try:
            given = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"must be an ISO 8601 date (got {text!r})") from None
        if len(text) <= 10:
            given = datetime.combine(given.date(), now().time())
        return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())

    return parse
