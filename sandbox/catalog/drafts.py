"""A product as a write would leave it: checked, completed and not yet stored."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.catalog.blank import new_product, new_variant
from sandbox.catalog.catalog import Catalog
from sandbox.catalog.details import image
from sandbox.catalog.field_rules import CUSTOM_FIELD_RULES, PRODUCT_RULES, VARIANT_RULES, problems
from sandbox.catalog.shelving import brand
from sandbox.exchange import Json, Refusal, invalid

REQUIRED = ("name", "type", "weight", "price")
READ_ONLY = frozenset({"id", "date_created", "date_modified", "calculated_price", "base_variant_id"})
PARTS = frozenset({"variants", "images", "custom_fields", "brand_name"})


def created(catalog: Catalog, given: Json, now: str) -> Json:
    """The product a POST makes.

    :raises Refusal: 422 for missing or bad values, 409 for a name or SKU that is taken.
    """
    _refuse(problems(given, PRODUCT_RULES, REQUIRED))
    _check_references(catalog, given)
    _check_unique(catalog, given, 0)
    product = new_product(catalog.new_id("product"), now)
    _set_fields(catalog, product, given, now)
    listed: list[Json] = given.get("variants") or []
    if listed:
        _add_variants(catalog, product, listed)
    else:
        variant = new_variant(catalog.new_id("variant"), product["id"])
        variant |= {name: product[name] for name in ("sku", "upc", "mpn", "gtin")}
        product["variants"], product["base_variant_id"] = [variant], variant["id"]
    _link_brand(catalog, product, given)
    settle(product)
    return product


def updated(catalog: Catalog, product: Json, given: Json, now: str) -> Json:
    """The product as a PUT leaves it.

    :param product: a copy of the stored product; it is changed.
    :raises Refusal: like ``created``.
    """
    _refuse(problems(given, PRODUCT_RULES))
    _check_references(catalog, given)
    _check_unique(catalog, given, product["id"])
    _set_fields(catalog, product, given, now)
    if product["base_variant_id"] is not None:
        # The base variant of a simple product bears the product's identifiers.
        base = product["variants"][0]
        base |= {name: given[name] for name in ("sku", "upc", "mpn", "gtin") if name in given}
    _link_brand(catalog, product, given)
    product["date_modified"] = now
    settle(product)
    return product


def variant_updated(catalog: Catalog, product: Json, variant: Json, given: Json) -> None:
    """Change a variant of a product copy as a PUT does.

    :raises Refusal: 422 for bad values, 409 for a SKU that is taken.
    """
    _refuse(problems(given, VARIANT_RULES))
    if given.get("sku"):
        _check_sku(catalog, given["sku"], product["id"], variant["id"])
    variant |= {name: value for name, value in given.items() if name in VARIANT_RULES}
    if product["base_variant_id"] == variant["id"] and given.get("sku"):
        product["sku"] = given["sku"]


def settle(product: Json) -> None:
    """Set what the store works out by itself: shopper's prices and the level of a product tracked by variant."""
    product["calculated_price"] = product["sale_price"] or product["price"]
    for variant in product["variants"]:
        own = variant["sale_price"] or variant["price"]
        variant["calculated_price"] = product["calculated_price"] if own is None else own
        variant["calculated_weight"] = product["weight"] if variant["weight"] is None else variant["weight"]
    if product["inventory_tracking"] == "variant":
        product["inventory_level"] = sum(each["inventory_level"] or 0 for each in product["variants"])


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


def conflict(field: str) -> Refusal:
    """The 409 of a name or SKU that is taken."""
    return Refusal(409, f"The product {field} is a duplicate", {field: f"The product {field} is a duplicate"})


def _refuse(found: dict[str, str]) -> None:
    if found:
        raise invalid(found)


def _check_references(catalog: Catalog, given: Json) -> None:
    unknown = [each for each in given.get("categories") or () if each not in catalog.categories]
    if unknown:
        reason = f"unknown category: {', '.join(map(str, unknown))}"
        raise Refusal(409, "One or more categories do not exist", {"categories": reason})
    if given.get("brand_id") and given["brand_id"] not in catalog.brands:
        raise Refusal(409, "The brand does not exist", {"brand_id": f"unknown brand: {given['brand_id']}"})


def _check_unique(catalog: Catalog, given: Json, product_id: int) -> None:
    if given.get("name") and any(each != product_id for each in catalog.indexes.product_name.find(given["name"])):
        raise conflict("name")
    if given.get("sku"):
        _check_sku(catalog, given["sku"], product_id, None)


def _check_sku(catalog: Catalog, sku: str, product_id: int, variant_id: int | None) -> None:
    """A SKU is unique over products and variants; a simple product shares its own with its base variant."""
    indexes = catalog.indexes
    if any(each != product_id for each in indexes.product_sku.find(sku)):
        raise conflict("sku")
    own = indexes.facts.get(product_id)
    simple = own is not None and len(own.variants) == 1
    for other in indexes.variant_sku.find(sku):
        if other != variant_id and not (simple and indexes.product_of_variant[other] == product_id):
            raise conflict("sku")
    if variant_id is not None and not simple and product_id in indexes.product_sku.find(sku):
        raise conflict("sku")


def _set_fields(catalog: Catalog, product: Json, given: Json, now: str) -> None:
    fields = {name: value for name, value in given.items() if name in PRODUCT_RULES and name not in READ_ONLY | PARTS}
    if "inventory_level" in fields and (given.get("inventory_tracking") or product["inventory_tracking"]) != "product":
        # A level takes effect only where stock is tracked by product.
        del fields["inventory_level"]
    product |= fields
    if isinstance(given.get("custom_url"), dict):
        product["custom_url"] = {"url": given["custom_url"].get("url", "/"), "is_customized": True}
    if "custom_fields" in given:
        product["custom_fields"] = _custom_fields(catalog, product["custom_fields"], given["custom_fields"])
    for each in given.get("images") or ():
        if not isinstance(each, dict) or not each.get("image_url"):
            raise invalid({"images": "image_url is required"})
        place = len(product["images"])
        file = str(each["image_url"]).rsplit("/", 1)[-1]
        made = image(catalog.new_id("part"), product["id"], file, place, now, each.get("description", ""))
        product["images"] = [*product["images"], made]


def _link_brand(catalog: Catalog, product: Json, given: Json) -> None:
    """Give the product the brand it names, made where there is none; last of all, when nothing is refused any more."""
    name = given.get("brand_name")
    if not name:
        return
    known = next((each for each in catalog.brands.values() if each["name"].lower() == name.lower()), None)
    if known is None:
        known = brand(catalog.new_id("brand"), name)
        catalog.brands[known["id"]] = known
        catalog.indexes.forget_answers()
    product["brand_id"] = known["id"]


def _custom_fields(catalog: Catalog, present: list[Json], given: list[Json]) -> list[Json]:
    fields = {each["id"]: each for each in present}
    for each in given:
        if not isinstance(each, dict):
            raise invalid({"custom_fields": "must be objects"})
        found = problems(each, CUSTOM_FIELD_RULES, ("name", "value"))
        _refuse({f"custom_fields.{name}": reason for name, reason in found.items()})
        field_id = each.get("id") if each.get("id") in fields else catalog.new_id("part")
        fields[field_id] = {"id": field_id, "name": each["name"], "value": each["value"]}
    pairs = [(each["name"], each["value"]) for each in fields.values()]
    if len(set(pairs)) < len(pairs):
        raise invalid({"custom_fields": "each pair of name and value must be unique"})
    return list(fields.values())


def _add_variants(catalog: Catalog, product: Json, listed: list[Json]) -> None:
    options: dict[str, Json] = {}
    taken = {product["sku"].lower()} - {""}
    for each in listed:
        _refuse({f"variants.{name}": reason for name, reason in problems(each, VARIANT_RULES).items()})
        if each.get("sku"):
            _check_sku(catalog, each["sku"], 0, None)
            if each["sku"].lower() in taken:
                raise conflict("sku")
            taken.add(each["sku"].lower())
        variant = new_variant(catalog.new_id("variant"), product["id"])
        variant |= {name: value for name, value in each.items() if name in VARIANT_RULES}
        variant["sku_id"] = variant["id"] + 1_000
        variant["option_values"] = [
            _option_value(catalog, product["id"], options, value) for value in each.get("option_values") or ()
        ]
        if not variant["option_values"]:
            raise invalid({"variants.option_values": "is required"})
        product["variants"].append(variant)
    chosen = [tuple(value["id"] for value in variant["option_values"]) for variant in product["variants"]]
    if len(set(chosen)) < len(chosen):
        raise invalid({"variants": "each combination of option values must be unique"})
    product["options"] = list(options.values())


def _option_value(catalog: Catalog, product_id: int, options: dict[str, Json], given: Json) -> Json:
    name, label = given.get("option_display_name"), given.get("label")
    if not isinstance(name, str) or not isinstance(label, str) or not name or not label:
        raise invalid({"variants.option_values": "option_display_name and label are required"})
    option = options.get(name)
    if option is None:
        option = options[name] = {
            "id": catalog.new_id("part"),
            "product_id": product_id,
            "display_name": name,
            "type": "dropdown",
            "config": {},
            "sort_order": len(options),
            "option_values": [],
        }
    values: list[Json] = option["option_values"]
    value = next((each for each in values if each["label"] == label), None)
    if value is None:
        value_id = catalog.new_id("option_value")
        value = {"id": value_id, "label": label, "sort_order": len(values), "value_data": None, "is_default": False}
        values.append(value)
    return {"id": value["id"], "label": label, "option_id": option["id"], "option_display_name": name}
