"""A product's options and their values as a write would leave them."""

from __future__ import annotations

from sandbox.catalog.catalog import Catalog
from sandbox.exchange import Json

MOST_VALUES = 250


def new_option(catalog: Catalog, product_id: int, name: str, kind: str, place: int) -> Json:
    """An option without values.

    :param kind: ``dropdown``, ``rectangles``, ...
    """
    return {
        "id": catalog.new_id("part"),
        "product_id": product_id,
        "display_name": name,
        "type": kind,
        "config": {},
        "sort_order": place,
        "option_values": [],
    }


def new_value(catalog: Catalog, label: str, place: int) -> Json:
    """A value of an option."""
    value_id = catalog.new_id("option_value")
    return {"id": value_id, "label": label, "sort_order": place, "value_data": None, "is_default": False}
