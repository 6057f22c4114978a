"""Single products of the store: making, finding and changing them, with their parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from storekeeper.bigcommerce.catalog import MOST_PER_PAGE, PRODUCTS, WITH_PARTS
from storekeeper.bigcommerce.client import Answer, Check, Query, StoreClient
from storekeeper.bigcommerce.paging import numbered_pages
from storekeeper.outcomes import RunStopped

VARIANTS = "/v3/catalog/variants"
TREES = "/v3/catalog/trees"
CATEGORIES = "/v3/catalog/trees/categories"
ASSIGNMENTS = "/v3/catalog/products/channel-assignments"

MOST_ASSIGNMENTS = 250
MOST_CATEGORIES = 50
PARTLY = 207
"""The status of a product that was saved, but for one of its attributes."""


class OptionValue(msgspec.Struct):
    """What one of a product's options is in one variant."""

    id: int = 0
    option_id: int = 0
    option_display_name: str | None = None
    label: str | None = None


class Variant(msgspec.Struct):
    """A variant as the store shows it; a price of None is the product's."""

    id: int
    sku: str | None = None
    upc: str | None = None
    mpn: str | None = None
    gtin: str | None = None
    price: Decimal | None = None
    option_values: list[OptionValue] = []


class Image(msgspec.Struct):
    """An image as the store shows it: its own copy."""

    id: int
    sort_order: int | None = None
    url_zoom: str | None = None
    url_standard: str | None = None
    url_thumbnail: str | None = None
    url_tiny: str | None = None
    is_thumbnail: bool | None = None


class CustomField(msgspec.Struct):
    """An attribute as the store shows it."""

    id: int
    name: str
    value: str


class Product(msgspec.Struct):
    """A product as the store shows it; parts are there where they were asked for."""

    id: int
    name: str | None = None
    type: str | None = None
    sku: str | None = None
    upc: str | None = None
    mpn: str | None = None
    gtin: str | None = None
    description: str | None = None
    price: Decimal | None = None
    weight: Decimal | None = None
    brand_id: int | None = None
    categories: list[int] = []
    condition: str | None = None
    availability: str | None = None
    is_visible: bool = True
    inventory_tracking: str | None = None
    base_variant_id: int | None = None
    variants: list[Variant] = []
    images: list[Image] = []
    custom_fields: list[CustomField] = []


class Saved(NamedTuple):
    """A product that the store has saved.

    :param without: what it could not save of it, in its own words; None where it saved all.
    """

    product: Product
    without: str | None


class _One(msgspec.Struct):
    data: Product | list[Product]
    errors: Any = None


class _Several(msgspec.Struct):
    data: list[Product]


class _Owner(msgspec.Struct):
    product_id: int


class _Owners(msgspec.Struct):
    data: list[_Owner]


class _Tree(msgspec.Struct):
    id: int


class _Trees(msgspec.Struct):
    data: list[_Tree]


class Category(msgspec.Struct):
    """A category that was just made."""

    category_id: int
    name: str
    parent_id: int = 0


class _Categories(msgspec.Struct):
    data: list[Category] = []


class _Raw(msgspec.Struct):
    data: list[msgspec.Raw]


class Option(msgspec.Struct):
    """An option of a product, such as Size, with its values."""

    id: int
    display_name: str
    option_values: list[OptionValue] = []


class _Options(msgspec.Struct):
    data: list[Option]


class _OneOption(msgspec.Struct):
    data: Option


class _OneValue(msgspec.Struct):
    data: OptionValue


class _OneVariant(msgspec.Struct):
    data: Variant


def create_product(store: StoreClient, product: Mapping[str, Any], check: Check) -> Saved:
    """Make a product with everything that goes inline: variants, custom fields, images by address, brand by name.

    The answer holds its images and custom fields with their ids; of its variants the specification promises only the
    base variant's id, which a product without options has.
    """
    answer = store.write("POST", PRODUCTS, product, check=check)
    saved = answer.decode(_One)
    made = saved.data[0] if isinstance(saved.data, list) else saved.data
    return Saved(made, what_is_missing(answer))


def products_of(store: StoreClient, product_ids: Sequence[int]) -> Iterator[Product]:
    """Those of these products that the store has, with variants, images and custom fields; 250 a request."""
    for begin in range(0, len(product_ids), MOST_PER_PAGE):
        chosen = sorted(product_ids[begin : begin + MOST_PER_PAGE])
        yield from _products(store, {"id:in": ",".join(map(str, chosen))})


def find_by_sku(store: StoreClient, sku: str) -> list[Product]:
    """The products that have this SKU, in any letter case, themselves or in one of their variants."""
    found = [product for product in _products(store, {"sku": sku}) if _has_sku(product, sku)]
    if found:
        return found
    answer = store.get(VARIANTS, {"sku": sku, "limit": MOST_PER_PAGE})
    owners = sorted({variant.product_id for variant in answer.decode(_Owners).data})
    return [product for product in products_of(store, owners) if _has_sku(product, sku)]


def find_by_name(store: StoreClient, name: str) -> list[Product]:
    """The products of this name, in any letter case."""
    return [
        product
        for product in _products(store, {"name": name})
        if (product.name or "").strip().casefold() == name.strip().casefold()
    ]


def find_by_identifier(store: StoreClient, field: str, value: str) -> list[Product]:
    """The products that have this UPC or MPN, themselves or, of a UPC, in one of their variants.

    :param field: ``upc`` or ``mpn``; the API finds no variant by its MPN.
    """
    found = [product for product in _products(store, {field: value}) if getattr(product, field) == value]
    if found or field != "upc":
        return found
    answer = store.get(VARIANTS, {"upc": value, "limit": MOST_PER_PAGE})
    owners = sorted({variant.product_id for variant in answer.decode(_Owners).data})
    return [product for product in products_of(store, owners) if value in {each.upc for each in product.variants}]


def _has_sku(product: Product, sku: str) -> bool:
    """A store that ignores a filter answers others: who believed it would link a listing to a stranger."""
    return sku.lower() in {(each or "").lower() for each in (product.sku, *(v.sku for v in product.variants))}


def _products(store: StoreClient, only: Query) -> list[Product]:
    return store.get(PRODUCTS, {**WITH_PARTS, **only, "limit": MOST_PER_PAGE}).decode(_Several).data


def tree_of(store: StoreClient, channel_id: int | None) -> int:
    """The category tree of a sales channel of the store; of none: the store's first.

    :raises RunStopped: the store has no such channel, or it has no tree.
    """
    only: Query = {"channel_id:in": channel_id} if channel_id is not None else {}
    trees = store.get(TREES, only).decode(_Trees).data
    if trees:
        return min(tree.id for tree in trees)
    raise RunStopped(
        f"store_channel_id: the store has no category tree for its sales channel {channel_id}: correct the setting"
        if channel_id is not None
        else "the store has no category tree"
    )


def categories_of(store: StoreClient, tree_id: int) -> Iterator[bytes]:
    """The categories of one tree, undecoded: ``category_id``, ``parent_id`` and ``name``."""
    query: Query = {"tree_id:in": tree_id, "include_fields": "category_id,parent_id,name", "limit": MOST_PER_PAGE}
    for page in numbered_pages(store, CATEGORIES, query):
        yield from map(bytes, page.decode(_Raw).data)


def create_categories(store: StoreClient, categories: Sequence[Mapping[str, Any]], check: Check) -> list[Category]:
    """Make categories; those that the store refuses among others are missing from what is returned."""
    return store.write("POST", CATEGORIES, categories, check=check).decode(_Categories).data


def assign_to_channel(store: StoreClient, assignments: Sequence[Mapping[str, int]], check: Check) -> Answer:
    """Put products on sales channels of the store; one that is there already stays.

    :param assignments: ``product_id`` and ``channel_id``.
    """
    return store.write("PUT", ASSIGNMENTS, assignments, check=check)


def delete_custom_field(store: StoreClient, product_id: int, custom_field_id: int, check: Check) -> None:
    """Take an attribute off a product."""
    store.write("DELETE", f"{PRODUCTS}/{product_id:d}/custom-fields/{custom_field_id:d}", None, check=check)


def delete_image(store: StoreClient, product_id: int, image_id: int, check: Check) -> None:
    """Take an image off a product."""
    store.write("DELETE", f"{PRODUCTS}/{product_id:d}/images/{image_id:d}", None, check=check)


def delete_variant(store: StoreClient, product_id: int, variant_id: int, check: Check) -> None:
    """Take a variant off a product."""
    store.write("DELETE", f"{PRODUCTS}/{product_id:d}/variants/{variant_id:d}", None, check=check)


def create_variant(store: StoreClient, product_id: int, variant: Mapping[str, Any], check: Check) -> Variant:
    """Add a variant; its ``option_values`` name values that the product's options have, by their ids."""
    path = f"{PRODUCTS}/{product_id:d}/variants"
    return store.write("POST", path, variant, check=check).decode(_OneVariant).data


def options_of(store: StoreClient, product_id: int) -> list[Option]:
    """A product's options with their values."""
    return store.get(f"{PRODUCTS}/{product_id:d}/options", {"limit": MOST_PER_PAGE}).decode(_Options).data


def create_option(store: StoreClient, product_id: int, option: Mapping[str, Any], check: Check) -> Option:
    """Add an option with its values."""
    path = f"{PRODUCTS}/{product_id:d}/options"
    return store.write("POST", path, option, check=check).decode(_OneOption).data


def create_option_value(
    store: StoreClient, product_id: int, option_id: int, value: Mapping[str, Any], check: Check
) -> OptionValue:
    """Add a value to an option."""
    path = f"{PRODUCTS}/{product_id:d}/options/{option_id:d}/values"
    return store.write("POST", path, value, check=check).decode(_OneValue).data


def changed(answer: Answer) -> list[Product]:
    """The products that the answer to a change of several shows."""
    return answer.decode(_Several).data


def what_is_missing(answer: Answer) -> str | None:
    """What the store says that it could not save, in its own words; None where it saved all.

    What it says of stock is left out: that is sent by a call of its own, whose answer decides.
    """
    if answer.status != PARTLY:
        return None
    told = msgspec.json.decode(answer.body)
    errors = told.get("errors") if isinstance(told, dict) else None
    reasons = errors.get("errors") if isinstance(errors, dict) else None
    if not isinstance(reasons, dict) or not reasons:
        title = errors.get("title") if isinstance(errors, dict) else None
        return " ".join(str(title or "one of its attributes").split())[:300]
    kept = [f"{name}: {why}" for name, why in reasons.items() if "inventory" not in str(name)]
    return " ".join("; ".join(kept).split())[:300] or None
