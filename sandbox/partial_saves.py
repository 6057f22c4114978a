"""Writes that are saved but for one attribute, stock or URL, and answered 207."""

from __future__ import annotations

import msgspec

from sandbox.exchange import STATUS_PAGE, Answer, Json
from sandbox.store import Store

UNSAVED = ("inventory_level", "custom_url")


def saved_of(store: Store, given: Json, *named: Json) -> tuple[Json, Json]:
    """What the store saves of a write to a product or a variant; mostly all of it.

    :param named: the products and variants that are written to: their SKUs say whether all is saved.
    :return: the fields that are saved; and those that are not, each with the reason: stock, also that of variants, and
        URL, or ``inventory_level`` where the write gives neither.
    """
    reason = store.reason_unsaved(*named)
    if reason is None:
        return given, {}
    saved = {name: value for name, value in given.items() if name not in UNSAVED}
    left_out = [name for name in UNSAVED if name in given]
    variants = given.get("variants")
    if isinstance(variants, list):
        kept = [_without_level(each) for each in variants]
        if kept != variants:
            saved["variants"] = kept
            left_out = list(dict.fromkeys(["inventory_level", *left_out]))
    return saved, dict.fromkeys(left_out or UNSAVED[:1], reason)


def _without_level(variant: object) -> object:
    if not isinstance(variant, dict):
        return variant
    return {name: value for name, value in variant.items() if name != "inventory_level"}


def multi_status(data: bytes, errors: Json) -> Answer:
    """The 207 of a write that was saved in part.

    :param data: the records as JSON, in the shape that the specification gives the operation.
    :param errors: each attribute that was not saved with the reason.
    """
    title = "Multi-status. The record was saved, some of its attributes were not."
    told = msgspec.json.encode({"status": 207, "title": title, "type": STATUS_PAGE, "errors": errors})
    return Answer(207, b"".join((b'{"data":', data, b',"errors":', told, b',"meta":{}}')))
