"""The variants of a product as a write would leave them: checked, completed and not yet stored."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.catalog.blank import new_variant
from sandbox.catalog.catalog import Catalog
from sandbox.catalog.field_rules import LABEL, VARIANT_RULES, is_whole, problems
from sandbox.catalog.identifiers import check_new_sku, check_sku, conflict
from sandbox.catalog.option_drafts import MOST_VALUES, new_option, new_value
from sandbox.exchange import Json, Refusal, invalid

MOST_PER_PRODUCT = 600
IDENTIFIERS = ("sku", "upc", "mpn", "gtin")


def add_base_variant(catalog: Catalog, product: Json) -> None:
    """Make a product without variants a simple one, which is its own only variant."""
    variant = new_variant(catalog.new_id("variant"), product["id"])
    variant |= {name: product[name] for name in IDENTIFIERS}
    product["variants"], product["base_variant_id"] = [variant], variant["id"]


def add_inline(catalog: Catalog, product: Json, listed: list[Json]) -> None:
    """Give a new product its variants; its options come from the names and labels that they give.

    :raises Refusal: 422 for bad values or a combination that is there twice, 409 for a SKU that is taken.
    """
    options: dict[str, Json] = {}
    taken = {product["sku"].lower()} - {""}
    for each in listed:
        if not isinstance(each, dict):
            raise invalid({"variants": "must be objects"})
        _refuse(problems(each, VARIANT_RULES), "variants.")
        if each.get("sku"):
            check_new_sku(catalog, each["sku"])
            if each["sku"].lower() in taken:
                raise conflict("sku")
            taken.add(each["sku"].lower())
        given = each.get("option_values")
        if not isinstance(given, list) or not given:
            raise invalid({"variants.option_values": "is required"})
        values = [_named(catalog, product["id"], options, value) for value in given]
        product["variants"].append(_made(catalog, product, each, values))
    product["options"] = list(options.values())
    wanted = sorted(option["id"] for option in options.values())
    chosen = [_choice(variant) for variant in product["variants"]]
    if any(sorted(option_id for option_id, _ in each) != wanted for each in chosen):
        raise invalid({"variants.option_values": "each variant needs one value of each option"})
    if len(set(chosen)) < len(chosen):
        raise invalid({"variants": "each combination of option values must be unique"})
    if any(len(option["option_values"]) > MOST_VALUES for option in options.values()):
        raise invalid({"variants.option_values": f"an option has at most {MOST_VALUES} values"})


def add(catalog: Catalog, product: Json, given: Json) -> Json:
    """Give a stored product one more variant; the base variant of a product that was simple goes.

    :param product: a copy of the stored product; it is changed.
    :raises Refusal: 422 for missing or bad values or one variant too many, 409 for a SKU or combination that is taken.
    """
    _refuse(problems(given, VARIANT_RULES, ("sku", "option_values")), "")
    if not given["sku"]:
        raise invalid({"sku": "must be at least 1 characters"})
    values = _chosen(product, given["option_values"])
    present = [] if product["base_variant_id"] is not None else product["variants"]
    if len(present) >= MOST_PER_PRODUCT:
        raise invalid({"variants": f"a product has at most {MOST_PER_PRODUCT} variants"})
    check_new_sku(catalog, given["sku"])
    made = _made(catalog, product, given, values)
    if any(_choice(each) == _choice(made) for each in present):
        reason = "A variant with the same option values exists"
        raise Refusal(409, reason, {"option_values": reason})
    product["variants"], product["base_variant_id"] = [*present, made], None
    return made


def update(catalog: Catalog, product: Json, variant: Json, given: Json) -> None:
    """Change a variant of a product copy as a PUT does.

    :raises Refusal: 422 for bad values, 409 for a SKU that is taken.
    """
    _refuse(problems(given, VARIANT_RULES), "")
    if given.get("sku"):
        check_sku(catalog, given["sku"], product, variant["id"])
    variant |= {name: value for name, value in given.items() if name in VARIANT_RULES}
    if product["base_variant_id"] == variant["id"] and given.get("sku"):
        product["sku"] = given["sku"]


def remove(catalog: Catalog, product: Json, gone: set[int]) -> None:
    """Take variants out of a product copy; one that has none left is a simple product again."""
    product["variants"] = [each for each in product["variants"] if each["id"] not in gone]
    if not product["variants"]:
        add_base_variant(catalog, product)


def _made(catalog: Catalog, product: Json, given: Json, values: list[Json]) -> Json:
    variant = new_variant(catalog.new_id("variant"), product["id"])
    variant |= {name: value for name, value in given.items() if name in VARIANT_RULES}
    return variant | {"sku_id": variant["id"] + 1_000, "option_values": values}


def _choice(variant: Json) -> tuple[tuple[int, int], ...]:
    """A variant's combination, in whatever order its values stand."""
    return tuple(sorted((value["option_id"], value["id"]) for value in variant["option_values"]))


def _chosen(product: Json, given: object) -> list[Json]:
    """The values a new variant names by id and option id; one of each option."""
    options = {option["id"]: option for option in product["options"]}
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        raise invalid({"option_values": "must name a value of each option"})
    values: dict[int, Json] = {}
    for each in given:
        option_id = each.get("option_id")
        option: Json | None = options.get(option_id) if is_whole(option_id) else None
        if option is None:
            raise invalid({"option_values": f"unknown option: {option_id}"})
        value = next((one for one in option["option_values"] if one["id"] == each.get("id")), None)
        if value is None:
            raise invalid({"option_values": f"unknown value of option {option['id']}: {each.get('id')}"})
        values[option["id"]] = _chosen_value(option, value)
    if len(values) < len(given) or values.keys() != options.keys():
        raise invalid({"option_values": "must name one value of each option"})
    return [values[option_id] for option_id in options]


def _named(catalog: Catalog, product_id: int, options: dict[str, Json], given: object) -> Json:
    """The value a variant of a new product gives by option name and label; both are made where they are new."""
    name, label = (given.get("option_display_name"), given.get("label")) if isinstance(given, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(label, str):
        raise invalid({"variants.option_values": "option_display_name and label are required"})
    if LABEL.problem(name) or LABEL.problem(label):
        raise invalid({"variants.option_values": "option_display_name and label have 1 to 255 characters"})
    option = options.get(name)
    if option is None:
        option = options[name] = new_option(catalog, product_id, name, "dropdown", len(options))
    values: list[Json] = option["option_values"]
    value = next((each for each in values if each["label"] == label), None)
    if value is None:
        value = new_value(catalog, label, len(values))
        values.append(value)
    return _chosen_value(option, value)


def _chosen_value(option: Json, value: Json) -> Json:
    return {
        "id": value["id"],
        "label": value["label"],
        "option_id": option["id"],
        "option_display_name": option["display_name"],
    }


def _refuse(found: Mapping[str, str], prefix: str) -> None:
    if found:
        raise invalid({f"{prefix}{name}": reason for name, reason in found.items()})
