"""Names and SKUs, of which the store has each one once, whatever its letter case."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.catalog.catalog import Catalog
from sandbox.exchange import Json, Refusal


def conflict(field: str) -> Refusal:
    """The 409 of a name or SKU that is taken."""
    return Refusal(409, f"The product {field} is a duplicate", {field: f"The product {field} is a duplicate"})


def check_product(catalog: Catalog, given: Json, product: Json | None) -> None:
    """Refuse the name or SKU of a product that another one has.

    :param product: the product that is to have them; none where it is new.
    :raises Refusal: 409.
    """
    product_id = product["id"] if product else 0
    if given.get("name") and any(each != product_id for each in catalog.indexes.product_name.find(given["name"])):
        raise conflict("name")
    if given.get("sku"):
        check_sku(catalog, given["sku"], product, None)


def check_sku(catalog: Catalog, sku: str, product: Json | None, variant_id: int | None) -> None:
    """Refuse a SKU that a product or variant has; a simple product shares its own with its base variant.

    :param product: the product that is to have the SKU, or whose variant is; none where it is new.
    :param variant_id: the variant that is to have it; none for the product itself.
    :raises Refusal: 409.
    """
    indexes = catalog.indexes
    product_id = product["id"] if product else 0
    simple = product is not None and product["base_variant_id"] is not None
    if any(each != product_id for each in indexes.product_sku.find(sku)):
        raise conflict("sku")
    for other in indexes.variant_sku.find(sku):
        if other != variant_id and not (simple and indexes.product_of_variant[other] == product_id):
            raise conflict("sku")
    if variant_id is not None and not simple and product_id in indexes.product_sku.find(sku):
        raise conflict("sku")


def check_new_sku(catalog: Catalog, sku: str) -> None:
    """Refuse the SKU of a new variant that any product or variant has.

    :raises Refusal: 409.
    """
    if catalog.indexes.product_sku.find(sku) or catalog.indexes.variant_sku.find(sku):
        raise conflict("sku")


def check_batch(drafts: Iterable[Json]) -> None:
    """Refuse a batch whose entries would clash with each other.

    :raises Refusal: 409.
    """
    names: dict[str, int] = {}
    skus: dict[str, int] = {}
    for product in drafts:
        for field, taken, text in (("name", names, product["name"]), ("sku", skus, product["sku"])):
            if text and taken.setdefault(text.lower(), product["id"]) != product["id"]:
                raise conflict(field)
