"""Products as the store sent them become typed rows of listings and variants.

Each function takes frames and returns frames; a record that cannot be handled becomes a problem, never an exception.
Money and weights are exact decimals from the store's own digits, never floats.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pandas as pd

from storekeeper.outcomes import Problem, Reason
from storekeeper.transforms.validation import texts, with_value

LARGEST_AMOUNT = Decimal(10) ** 12
"""A price or weight beyond this is a mistake, not a price: no currency's smallest unit makes it plausible."""

MOST_DECIMALS = 100
"""Beyond this an amount is noise, and no database keeps it."""

LARGEST_WHOLE = 2**63 - 1
"""The warehouse's ids and stock are 8-byte integers."""

MOST_IDENTIFIER = 500
"""Characters of a SKU, UPC or MPN. The store itself allows 255; no index of a database takes keys of any length."""

LISTING_COLUMNS = (
    "product_id", "title", "description", "type", "weight", "price", "brand_id", "category_ids", "images",
    "custom_fields", "visible", "inventory_tracking", "inventory_level", "variants",
)  # fmt: skip
VARIANT_COLUMNS = (
    "variant_id", "product_id", "master_sku", "sku", "upc", "mpn", "options", "price", "inventory_level",
)  # fmt: skip
IDENTIFIERS = ("sku", "upc", "mpn")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


class _Image(msgspec.Struct):
    id: int = 0
    sort_order: int | None = None
    url_zoom: str | None = None
    url_standard: str | None = None


class _CustomField(msgspec.Struct):
    name: str
    value: str
    id: int = 0


class _OptionValue(msgspec.Struct):
    label: str | None = None
    option_display_name: str | None = None


class _Variant(msgspec.Struct):
    id: int
    product_id: int | None = None
    sku: str | None = None
    upc: str | None = None
    mpn: str | None = None
    price: Decimal | None = None
    inventory_level: int | None = None
    option_values: list[_OptionValue] | None = None


class _Product(msgspec.Struct):
    id: int
    name: str
    type: str = "physical"
    description: str | None = None
    sku: str | None = None
    upc: str | None = None
    mpn: str | None = None
    weight: Decimal | None = None
    price: Decimal | None = None
    brand_id: int | None = None
    categories: list[int] | None = None
    is_visible: bool = True
    inventory_tracking: str = "none"
    inventory_level: int | None = None
    images: list[_Image] | None = None
    custom_fields: list[_CustomField] | None = None
    variants: list[_Variant] | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """Some products, read.

    :param listings: :data:`LISTING_COLUMNS`, one row a product.
    :param variants: :data:`VARIANT_COLUMNS` without ``master_sku``, and ``product_sku``, ``product_upc``,
        ``product_mpn`` (text or None) and ``only`` (the product's only variant); one row a variant.
    :param problems: one for each product that could not be read; it has no row in the frames.
    """

    listings: pd.DataFrame
    variants: pd.DataFrame
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Transformed:
    """What a transform makes of its rows: those to load, and a problem for each that cannot be."""

    rows: pd.DataFrame
    problems: list[Problem]


def read_products(payloads: Iterable[tuple[int, str]]) -> Catalog:
    """Read products as the API sends them with variants, images and custom fields included.

    :param payloads: product id and its JSON.
    :return: every product stands either in both frames or in the problems.
    """
    listings: list[tuple[Any, ...]] = []
    variants: list[tuple[Any, ...]] = []
    problems: list[Problem] = []
    for product_id, payload in payloads:
        product = _read_product(product_id, payload)
        if isinstance(product, Problem):
            problems.append(product)
            continue
        members = product.variants or []
        listings.append(_listing_row(product, len(members)))
        variants.extend(_variant_row(product, variant, len(members) == 1) for variant in members)
    return Catalog(
        _frame(listings, LISTING_COLUMNS),
        _frame(
            variants,
            (
                *(column for column in VARIANT_COLUMNS if column != "master_sku"),
                *(f"product_{identifier}" for identifier in IDENTIFIERS),
                "only",
            ),
        ),
        problems,
    )


def inherit_identifiers(variants: pd.DataFrame) -> pd.DataFrame:
    """A product's only variant is the product: where the variant's SKU, UPC or MPN is blank, the product's holds.

    :param variants: as :attr:`Catalog.variants`.
    :return: the same rows; each identifier is None or stripped, non-blank text.
    """
    only = variants["only"].astype(bool)
    inherited = {
        field: _objects(variants[field].where(variants[field].notna() | ~only, variants[f"product_{field}"]))
        for field in IDENTIFIERS
    }
    return variants.assign(**inherited)


def select_master_sku(variants: pd.DataFrame, field: str) -> Transformed:
    """Choose the identifier that names each variant in the warehouse.

    :param variants: as :func:`inherit_identifiers` returns them.
    :param field: ``sku``, ``upc`` or ``mpn``.
    :return: ``rows``: every row, with a column ``master_sku``, None where the field is blank; ``problems``: one for
        each of those.

    Laws: no row is lost; a value that is not None is the field itself, text with its zeros and letter case; applying it
    twice changes nothing.
    """
    rows = variants.assign(master_sku=variants[field])
    missing = rows[rows["master_sku"].isna()]
    problems = [
        Problem(
            "variant",
            str(variant_id),
            Reason.MISSING_MASTER_SKU,
            f"Variant {variant_id} of product {product_id} has no {field.upper()}, this channel's master SKU.",
            f"product/{product_id}/variant/{variant_id}",
        )
        for variant_id, product_id in zip(missing["variant_id"], missing["product_id"], strict=True)
    ]
    return Transformed(rows, problems)


def _read_product(product_id: int, payload: str) -> _Product | Problem:
    source = f"product/{product_id}"

    def invalid(why: str, reason: Reason = Reason.INVALID_RECORD) -> Problem:
        return Problem("product", str(product_id), reason, f"Product {product_id} cannot be read: {why}.", source)

    try:
        product = msgspec.json.decode(payload, type=_Product)
    except msgspec.ValidationError as error:
        return invalid(with_value(str(error), payload))
    except (msgspec.DecodeError, RecursionError) as error:
        return invalid(str(error), Reason.UNSTORABLE_TEXT)
    if not product.variants:
        return invalid("it has no variants, not even a base variant")
    if not product.name.strip():
        return invalid(f"its name is blank (got {product.name!r})")
    if product.type not in ("physical", "digital"):
        return invalid(f"its type must be physical or digital (got {product.type[:50]!r})")
    if wrong := _mistaken_identity(product, product.variants):
        return invalid(wrong)
    amounts = [("price", product.price), ("weight", product.weight)]
    amounts += [(f"price of variant {variant.id}", variant.price) for variant in product.variants]
    for name, amount in amounts:
        if amount is not None and not (amount.is_finite() and abs(amount) <= LARGEST_AMOUNT):
            return invalid(f"its {name} must be within {LARGEST_AMOUNT:.0e} (got {str(amount)[:50]})")
        if amount is not None and int(amount.as_tuple().exponent) < -MOST_DECIMALS:
            return invalid(f"its {name} must be within {MOST_DECIMALS} decimals (got {str(amount)[:50]})")
    whole = [("brand", product.brand_id), ("stock", product.inventory_level)]
    whole += [("category", category) for category in product.categories or []]
    for variant in product.variants:
        whole += [("variant id", variant.id), (f"stock of variant {variant.id}", variant.inventory_level)]
    for name, number in whole:
        if number is not None and not -LARGEST_WHOLE <= number <= LARGEST_WHOLE:
            return invalid(f"its {name} must be a whole number that fits in 8 bytes (got {number})")
    if "\\u0000" in payload:
        for place, text in texts(msgspec.to_builtins(product)):
            if "\0" in text:
                return invalid(
                    f"its text holds the character U+0000 - at `{place}` (got {text[:100]!r})", Reason.UNSTORABLE_TEXT
                )
    return product


def _mistaken_identity(product: _Product, variants: list[_Variant]) -> str | None:
    """What is wrong with the ids and identifiers of a product and its variants."""
    seen: set[int] = set()
    identifiers = [("", product.sku, product.upc, product.mpn)]
    for variant in variants:
        if variant.product_id is not None and variant.product_id != product.id:
            return f"its variant {variant.id} says that it belongs to product {variant.product_id}"
        if variant.id in seen:
            return f"two of its variants have the id {variant.id}"
        seen.add(variant.id)
        identifiers.append((f" of variant {variant.id}", variant.sku, variant.upc, variant.mpn))
    for whose, *values in identifiers:
        for field, value in zip(IDENTIFIERS, values, strict=True):
            if value is not None and len(value) > MOST_IDENTIFIER:
                return (
                    f"its {field.upper()}{whose} must be at most {MOST_IDENTIFIER} characters long"
                    f" (got {len(value)}: {value[:50]!r}...)"
                )
    return None


def _listing_row(product: _Product, variants: int) -> tuple[Any, ...]:
    images = sorted(product.images or [], key=lambda image: (image.sort_order or 0, image.id))
    custom_fields = sorted(product.custom_fields or [], key=lambda field: field.id)
    return (
        product.id,
        product.name,
        product.description or "",
        product.type,
        product.weight,
        product.price,
        product.brand_id or None,  # the store says 0 for none
        product.categories or [],
        [url for image in images if (url := image.url_zoom or image.url_standard)],
        _json([{"name": field.name, "value": field.value} for field in custom_fields]),
        product.is_visible,
        product.inventory_tracking,
        product.inventory_level or 0,
        variants,
    )


def _variant_row(product: _Product, variant: _Variant, only: bool) -> tuple[Any, ...]:
    options = [
        {"name": value.option_display_name or "", "value": value.label or ""} for value in variant.option_values or []
    ]
    return (
        variant.id,
        product.id,
        _stripped(variant.sku),
        _stripped(variant.upc),
        _stripped(variant.mpn),
        _json(options),
        variant.price,
        variant.inventory_level or 0,
        _stripped(product.sku),
        _stripped(product.upc),
        _stripped(product.mpn),
        only,
    )


def _frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Columns of plain Python values: pandas would turn ids into floats and decimals into guesses."""
    return pd.DataFrame(rows, columns=list(columns), dtype=object)


def _objects(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), None)


def _stripped(value: str | None) -> str | None:
    """None where nothing of it can be seen: nobody could tell an identifier of zero-width characters from none."""
    stripped = (value or "").strip()
    if not stripped.isprintable() and all(unicodedata.category(each) in _INVISIBLE for each in stripped):
        return None
    return stripped or None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
