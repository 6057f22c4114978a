"""A product as a write would leave it: checked, completed and not yet stored."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.catalog import custom_field_drafts, image_drafts, variant_drafts
from sandbox.catalog.blank import new_product
from sandbox.catalog.catalog import Catalog
from sandbox.catalog.field_rules import PRODUCT_RULES, URL_RULES, problems, stored
from sandbox.catalog.identifiers import check_product
from sandbox.catalog.shelving import brand
from sandbox.exchange import Json, Refusal, invalid

REQUIRED = ("name", "type", "weight", "price")
READ_ONLY = frozenset({"id", "date_created", "date_modified", "calculated_price", "base_variant_id"})
PARTS = frozenset({"variants", "images", "custom_fields", "brand_name", "videos", "bulk_pricing_rules"})


def created(catalog: Catalog, given: Json, now: str) -> Json:
    """The product a POST makes.

    :raises Refusal: 422 for missing or bad values, 409 for a name or SKU that is taken.
    """
    _refuse(problems(given, PRODUCT_RULES, REQUIRED))
    _check_references(catalog, given)
    check_product(catalog, given, None)
    product = new_product(catalog.new_id("product"), now)
    _set_fields(catalog, product, _without_ids(given), now)
    listed: list[Json] = given.get("variants") or []
    if listed:
        variant_drafts.add_inline(catalog, product, listed)
    else:
        variant_drafts.add_base_variant(catalog, product)
    settle(product)
    return product


def updated(catalog: Catalog, product: Json, given: Json, now: str) -> Json:
    """The product as a PUT leaves it.

    :param product: a copy of the stored product; it is changed.
    :raises Refusal: like ``created``.
    """
    _refuse(problems(given, PRODUCT_RULES))
    _check_references(catalog, given)
    check_product(catalog, given, product)
    _set_fields(catalog, product, given, now)
    if product["base_variant_id"] is not None:
        # The base variant of a simple product bears the product's identifiers.
        base = product["variants"][0]
        base |= {name: given[name] for name in variant_drafts.IDENTIFIERS if name in given}
    product["date_modified"] = now
    settle(product)
    return product


def settle(product: Json) -> None:
    """Set what the store works out by itself: shopper's prices and the level of a product tracked by variant."""
    product["calculated_price"] = product["sale_price"] or product["price"]
    for variant in product["variants"]:
        own = variant["sale_price"] or variant["price"]
        variant["calculated_price"] = product["calculated_price"] if own is None else own
        variant["calculated_weight"] = product["weight"] if variant["weight"] is None else variant["weight"]
    if product["inventory_tracking"] == "variant":
        product["inventory_level"] = sum(each["inventory_level"] or 0 for each in product["variants"])


def link_brand(catalog: Catalog, product: Json, given: Json) -> Json | None:
    """Give the product the brand it names; last of all, when nothing is refused any more.

    :return: the brand, where there was none of that name and it was made.
    """
    name = given.get("brand_name")
    if not name:
        return None
    made = None
    known = next((each for each in catalog.brands.values() if each["name"].lower() == name.lower()), None)
    if known is None:
        known = made = brand(catalog.new_id("brand"), name)
        catalog.brands[known["id"]] = known
        catalog.indexes.forget_answers()
    product["brand_id"] = known["id"]
    return made


def _refuse(found: dict[str, str]) -> None:
    if found:
        raise invalid(found)


def _check_references(catalog: Catalog, given: Json) -> None:
    unknown = [each for each in given.get("categories") or () if not _is_key(each, catalog.categories)]
    if unknown:
        reason = f"unknown category: {', '.join(map(str, unknown))}"
        raise Refusal(409, "One or more categories do not exist", {"categories": reason})
    if given.get("brand_id") and given["brand_id"] not in catalog.brands:
        raise Refusal(409, "The brand does not exist", {"brand_id": f"unknown brand: {given['brand_id']}"})


def _is_key(value: object, records: Mapping[int, Json]) -> bool:
    return isinstance(value, int | float) and value in records


def _set_fields(catalog: Catalog, product: Json, given: Json, now: str) -> None:
    fields = stored(given, PRODUCT_RULES, READ_ONLY | PARTS)
    if "inventory_level" in fields and (given.get("inventory_tracking") or product["inventory_tracking"]) != "product":
        # A level takes effect only where stock is tracked by product.
        del fields["inventory_level"]
    product |= fields
    if "custom_url" in given:
        found = problems(given["custom_url"], URL_RULES, ("url",))
        _refuse({f"custom_url.{name}": reason for name, reason in found.items()})
        product["custom_url"] = {"url": given["custom_url"]["url"], "is_customized": True}
    if "custom_fields" in given:
        listed = given["custom_fields"]
        product["custom_fields"] = custom_field_drafts.put_inline(catalog, product["custom_fields"], listed)
    image_drafts.put_inline(catalog, product, given.get("images") or [], now)


def _without_ids(given: Json) -> Json:
    """What makes a product, without the ids its parts bring along: the store gives them others."""
    parts = {part: given[part] for part in ("custom_fields", "images") if isinstance(given.get(part), list)}
    return given | {part: list(map(_without_id, listed)) for part, listed in parts.items()}


def _without_id(record: object) -> object:
    return {name: record[name] for name in record if name != "id"} if isinstance(record, dict) else record
