"""The facts of a product that filters, sort orders and indexes look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from sandbox.exchange import Json


class VariantFacts(msgspec.Struct, frozen=True, gc=False):
    """A variant's identifiers."""

    id: int
    sku: str
    upc: str


class Facts(msgspec.Struct, frozen=True):
    """What the store knows of a product without looking at the whole of it.

    Times are whole seconds since 1970; ``imported`` is 0 where the product was never imported.
    """

    id: int
    name: str
    sku: str
    upc: str
    mpn: str
    type: str
    price: float
    sale_price: float
    weight: float
    brand_id: int
    categories: tuple[int, ...]
    is_visible: bool
    is_featured: bool
    is_free_shipping: bool
    availability: str
    condition: str
    tracking: str
    level: int
    warning_level: int
    total_sold: int
    created: int
    modified: int
    imported: int
    variants: tuple[VariantFacts, ...]

    @property
    def calculated_price(self) -> float:
        """What a shopper pays."""
        return self.sale_price or self.price


def epoch(text: Any) -> int:
    """Seconds since 1970 of an ISO 8601 text, 0 where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def iso(seconds: int) -> str:
    """The API's way to write a time: ``2018-08-15T14:48:46+00:00``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def facts_of(product: Json) -> Facts:
    """Read a product's facts; a value of a wrong type counts as unset, since tests put such values in."""
    variants = product.get("variants")
    return Facts(
        id=product["id"],
        name=_text(product, "name"),
        sku=_text(product, "sku"),
        upc=_text(product, "upc"),
        mpn=_text(product, "mpn"),
        type=_text(product, "type"),
        price=_number(product, "price"),
        sale_price=_number(product, "sale_price"),
        weight=_number(product, "weight"),
        brand_id=int(_number(product, "brand_id")),
        categories=tuple(product.get("categories") or ()),
        is_visible=bool(product.get("is_visible")),
        is_featured=bool(product.get("is_featured")),
        is_free_shipping=bool(product.get("is_free_shipping")),
        availability=_text(product, "availability"),
        condition=_text(product, "condition"),
        tracking=_text(product, "inventory_tracking"),
        level=int(_number(product, "inventory_level")),
        warning_level=int(_number(product, "inventory_warning_level")),
        total_sold=int(_number(product, "total_sold")),
        created=epoch(product.get("date_created")),
        modified=epoch(product.get("date_modified")),
        imported=epoch(product.get("date_last_imported")),
        variants=tuple(
            VariantFacts(each["id"], _text(each, "sku"), _text(each, "upc"))
            for each in (variants if isinstance(variants, list) else ())
            if isinstance(each, dict) and isinstance(each.get("id"), int)
        ),
    )


def _text(record: Json, name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _number(record: Json, name: str) -> float:
    value = record.get(name)
    return value if isinstance(value, int | float) else 0
