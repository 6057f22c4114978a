"""Attributes (custom fields) that are longer than the store takes: cut, left out, or a reason not to publish.

Length is counted in Unicode code points, as the store counts; a cut never splits a combined character, such as a letter
with its accents or a family of emoji.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import regex

from storekeeper.outcomes import Problem, Reason
from storekeeper.settings import LongAttributes

MOST_CHARACTERS = 250
"""Of an attribute's name, and of its value."""

ATTRIBUTE_COLUMNS = ("listing_key", "place", "name", "value")

SHOWN = 40
"""So much of an attribute's name is shown in a problem."""

_COMBINED = regex.compile(r"\X")


@dataclass(frozen=True, slots=True)
class Fitted:
    """Attributes as the store takes them.

    :param attributes: of :data:`ATTRIBUTE_COLUMNS`, none too long, no pair of name and value twice in a listing.
    :param problems: one for each attribute that was cut or left out, or that keeps its listing from being published.
    :param failed: the keys of those listings.
    """

    attributes: pd.DataFrame
    problems: list[Problem]
    failed: frozenset[str]


def fit_attributes(attributes: pd.DataFrame, long: LongAttributes) -> Fitted:
    """Make attributes fit; what was done to each is told.

    :param attributes: of :data:`ATTRIBUTE_COLUMNS`; ``place`` is the attribute's place in its listing, from 0.
    """
    given = attributes.assign(name=attributes["name"].str.strip(), value=attributes["value"].str.strip())
    blank = given[(given["name"] == "") | (given["value"] == "")]
    problems = _told(blank, Reason.ATTRIBUTE_SKIPPED, "has no name or no value")
    given = given.drop(blank.index)
    is_long = (given["name"].str.len() > MOST_CHARACTERS) | (given["value"].str.len() > MOST_CHARACTERS)
    too_long, fitting = given[is_long], given[~is_long]
    said = f"has a name or a value of more than {MOST_CHARACTERS} characters"
    failed: frozenset[str] = frozenset()
    if long is LongAttributes.FAIL:
        problems += _told(too_long, Reason.ATTRIBUTE_TOO_LONG, said)
        failed = frozenset(too_long["listing_key"])
    elif long is LongAttributes.SKIP:
        problems += _told(too_long, Reason.ATTRIBUTE_SKIPPED, said)
    else:
        cut = too_long.assign(name=too_long["name"].map(cut_to_fit), value=too_long["value"].map(cut_to_fit))
        nothing_left = (cut["name"] == "") | (cut["value"] == "")
        problems += _told(
            too_long[nothing_left],
            Reason.ATTRIBUTE_SKIPPED,
            f"is one single combined character of more than {MOST_CHARACTERS} code points",
        )
        cut = cut[~nothing_left]
        # what was whole from the beginning comes first: of two that are equal now, it is the one that stays
        whole_first = pd.concat([fitting, cut])
        twice = whole_first.duplicated(["listing_key", "name", "value"])
        of_cut = twice & whole_first.index.isin(cut.index)
        problems += _told(
            too_long.loc[whole_first.index[of_cut]],
            Reason.ATTRIBUTE_SKIPPED,
            f"is the same as another one once it is cut to {MOST_CHARACTERS} characters",
        )
        problems += _told(
            too_long.loc[cut.index.difference(whole_first.index[of_cut])], Reason.ATTRIBUTE_TRUNCATED, f"{said}: cut"
        )
        fitting = whole_first[~of_cut]
    twice = fitting.duplicated(["listing_key", "name", "value"])
    problems += _told(fitting[twice], Reason.ATTRIBUTE_SKIPPED, "is there twice")
    kept = fitting[~twice & ~fitting["listing_key"].isin(failed)]
    return Fitted(kept.sort_values(["listing_key", "place"]), problems, failed)


def cut_to_fit(text: str) -> str:
    """The text's first characters, as many as fit and no part of a combined one; without the blank it may end with."""
    if len(text) <= MOST_CHARACTERS:
        return text
    end = 0
    for character in _COMBINED.finditer(text, 0, MOST_CHARACTERS + 1):
        if character.end() > MOST_CHARACTERS:
            break
        end = character.end()
    return text[:end].rstrip()


def _told(attributes: pd.DataFrame, reason: Reason, said: str) -> list[Problem]:
    return [
        Problem(
            "listing",
            str(row.listing_key),
            reason,
            f"Listing {row.listing_key}: its attribute {_shown(str(row.name))} {said}.",
            f"custom_field/{row.place}",
        )
        for row in attributes.itertuples(index=False, name="Attribute")
    ]


def _shown(name: str) -> str:
    return repr(name if len(name) <= SHOWN else f"{name[:SHOWN]}...")
