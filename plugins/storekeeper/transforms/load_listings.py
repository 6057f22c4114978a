"""A listings feed's lines become typed rows, or problems: values stay as they are, and nothing bad raises."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from storekeeper.outcomes import Reason
from storekeeper.transforms.feed_values import (
    Reader,
    Unreadable,
    got,
    read_amount,
    read_key,
    read_moment,
    read_quantity,
    read_text,
    read_values,
    usable_key,
)

REQUIRED = ("listing_key", "master_sku")
OF_LISTING = (
    "title", "description", "type", "weight", "price", "brand", "categories", "images", "condition", "availability",
)  # fmt: skip
OF_VARIANT = ("sku", "upc", "mpn", "gtin", "variant_price", "variant_weight", "quantity", "inventory_sku")
COLUMNS = (*REQUIRED, *OF_LISTING, *OF_VARIANT, "updated_at")
"""The columns of a feed, in the order in which a line's values come; the prefixed ones follow."""

CUSTOM_FIELD, OPTION = "custom_field.", "option."
PREFIXES = (CUSTOM_FIELD, OPTION)

ROW_COLUMNS = ("line", *COLUMNS, "custom_fields", "options")
PROBLEM_COLUMNS = ("line", "entity", "entity_key", "reason", "source", "message", "group_key", "master_sku")

BETWEEN = "|"
"""Separates categories, and images."""

ProblemRow = tuple[int, str, str, str, str, str, str | None, str | None]


@dataclass(slots=True)
class Rows:
    """What lines became.

    :ivar rows: of :data:`ROW_COLUMNS`; None where a value is blank, or the file has no such column. ``custom_fields``
        and ``options`` are JSON objects of what is not blank.
    :ivar problems: of :data:`PROBLEM_COLUMNS`, one for each other line. Their ``group_key``, the listing's, and
        ``master_sku`` are what the line speaks of, as far as it can be told.
    """

    rows: list[tuple[object, ...]] = field(default_factory=list)
    problems: list[ProblemRow] = field(default_factory=list)


def read_rows(
    lines: Iterable[tuple[int, Sequence[str | None], str | None]], now: datetime, prefixed: Sequence[str] = ()
) -> Rows:
    """Read a feed's lines.

    :param lines: number; values of :data:`COLUMNS`, then of the prefixed columns, stripped, None where blank; what is
        wrong with the line as a whole.
    :param now: the moment of the reading, by the warehouse's clock.
    :param prefixed: the prefixed columns that the file has.
    :return: a row for each good line; a problem for each other one, which says all that is wrong with it.
    """
    found = Rows()
    names = (*COLUMNS, *prefixed)
    readers: dict[str, Reader] = {
        **dict.fromkeys(COLUMNS, read_text),
        **_READ,
        "updated_at": partial(read_moment, now=now),
    }
    for number, values, fault in lines:
        given = dict(zip(names, values, strict=True))
        typed, wrong = read_values(given, fault, readers)
        if wrong:
            found.problems.append(_problem(number, given, wrong))
        else:
            fields, options = (_named(given, prefixed, prefix) for prefix in PREFIXES)
            found.rows.append((number, *typed, fields, options))
    return found


def _problem(number: int, given: Mapping[str, str | None], wrong: Sequence[Unreadable]) -> ProblemRow:
    listing_key, master_sku = (usable_key(given[column]) for column in REQUIRED)
    entity, key = ("listing", listing_key) if listing_key and not master_sku else ("variant", master_sku)
    said = "; ".join(str(bad) for bad in wrong)
    return (
        number,
        entity,
        key or f"line {number}",
        wrong[0].reason.value,
        f"feed/listing/{listing_key}" if listing_key else "feed/listings",
        f"line {number}: {said}.",
        listing_key,
        master_sku,
    )


def _named(given: Mapping[str, str | None], prefixed: Sequence[str], prefix: str) -> str | None:
    """The values of the columns with a prefix by what follows it; None where the file has no such columns."""
    columns = [column for column in prefixed if column.startswith(prefix)]
    if not columns:
        return None
    return json.dumps({column.removeprefix(prefix): given[column] for column in columns if given[column]})


def _read_list(value: str | None) -> list[str] | None:
    parts = [part.strip() for part in (value or "").split(BETWEEN)]
    return [part for part in parts if part] or None


def _read_categories(value: str | None) -> list[str] | None:
    return list(dict.fromkeys(_read_list(value) or ())) or None


def _read_word(value: str | None, column: str, words: Sequence[str]) -> str | None:
    """One of some words, in any letter case."""
    if value is None:
        return None
    word = next((word for word in words if word.lower() == value.lower()), None)
    if word is None:
        raise Unreadable(Reason.INVALID_RECORD, f"{column} must be {', '.join(words[:-1])} or {words[-1]}{got(value)}")
    return word


def _read_link(value: str | None) -> str | None:
    return value and read_key(value, "inventory_sku", Reason.INVALID_RECORD)


_READ: dict[str, Reader] = {
    "listing_key": partial(read_key, column="listing_key", missing=Reason.MISSING_LISTING_KEY),
    "master_sku": partial(read_key, column="master_sku", missing=Reason.MISSING_MASTER_SKU),
    "type": partial(_read_word, column="type", words=("physical", "digital")),
    "weight": partial(read_amount, column="weight", reason=Reason.INVALID_WEIGHT),
    "price": read_amount,
    "categories": _read_categories,
    "images": _read_list,
    "condition": partial(_read_word, column="condition", words=("New", "Used", "Refurbished")),
    "availability": partial(_read_word, column="availability", words=("available", "disabled", "preorder")),
    "variant_price": partial(read_amount, column="variant_price"),
    "variant_weight": partial(read_amount, column="variant_weight", reason=Reason.INVALID_WEIGHT),
    "quantity": read_quantity,
    "inventory_sku": _read_link,
}
"""What is not plain text; updated_at is not either, but needs to know the time."""
