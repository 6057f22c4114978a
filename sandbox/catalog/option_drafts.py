"""A product's options and their values as a write would leave them."""

from __future__ import annotations

from sandbox.catalog.catalog import Catalog
from sandbox.catalog.field_rules import OPTION_RULES, VALUE_RULES, problems, stored
from sandbox.exchange import Json, Refusal, invalid

MOST_VALUES = 250
PLAIN = ("config", "sort_order")
VALUE_REQUIRED = ("label", "sort_order")


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


def add(catalog: Catalog, product: Json, given: Json) -> Json:
    """Give a product copy one more option; no variant has a value of it yet.

    :raises Refusal: 422 for missing or bad values, 409 for a name that another option has.
    """
    _refuse(problems(given, OPTION_RULES, ("display_name", "type", "option_values")))
    _check_name(product, given, None)
    made = new_option(catalog, product["id"], given["display_name"], given["type"], len(product["options"]))
    made |= stored({name: given[name] for name in PLAIN if name in given}, OPTION_RULES)
    for each in given["option_values"]:
        add_value(catalog, made, each, "option_values.")
    product["options"] = [*product["options"], made]
    return made


def update(catalog: Catalog, product: Json, option: Json, given: Json) -> None:
    """Change an option of a product copy, and the values that it names by id; those without id are new.

    :raises Refusal: like ``add``, and 422 for the id of no value of the option.
    """
    _refuse(problems(given, OPTION_RULES))
    _check_name(product, given, option)
    option |= stored({name: given[name] for name in ("display_name", "type", *PLAIN) if name in given}, OPTION_RULES)
    for each in given.get("option_values") or ():
        if not isinstance(each, dict) or each.get("id") is None:
            add_value(catalog, option, each, "option_values.")
            continue
        value = next((one for one in option["option_values"] if one["id"] == each["id"]), None)
        if value is None:
            raise invalid({"option_values.id": f"unknown value: {each['id']}"})
        update_value(product, option, value, each, "option_values.")
    _rename_in_variants(product, option)


def add_value(catalog: Catalog, option: Json, given: object, prefix: str = "") -> Json:
    """Give an option one more value.

    :param prefix: what the names of refused fields begin with.
    :raises Refusal: 422 for missing or bad values, a label that is there, or one value too many.
    """
    checked = _value(option, given, None, prefix)
    if len(option["option_values"]) >= MOST_VALUES:
        raise invalid({f"{prefix}label": f"an option has at most {MOST_VALUES} values"})
    made = new_value(catalog, checked["label"], checked["sort_order"]) | checked
    option["option_values"] = [*option["option_values"], made]
    return made


def update_value(product: Json, option: Json, value: Json, given: object, prefix: str = "") -> None:
    """Change a value of an option, also where variants of the product copy name it.

    :raises Refusal: like ``add_value``.
    """
    value |= _value(option, given, value, prefix)
    _rename_in_variants(product, option)


def variants_with(product: Json, option_id: int, value_id: int | None = None) -> set[int]:
    """Ids of the variants that have a value of an option, or that one value."""
    return {
        variant["id"]
        for variant in product["variants"]
        for each in variant["option_values"]
        if each["option_id"] == option_id and value_id in (None, each["id"])
    }


def _value(option: Json, given: object, present: Json | None, prefix: str) -> Json:
    if not isinstance(given, dict):
        raise invalid({prefix.rstrip(".") or ".": "must be objects"})
    _refuse({f"{prefix}{name}": reason for name, reason in problems(given, VALUE_RULES, VALUE_REQUIRED).items()})
    if any(each is not present and each["label"] == given["label"] for each in option["option_values"]):
        raise invalid({f"{prefix}label": f"the option has a value {given['label']!r} already"})
    return {name: given[name] for name in VALUE_RULES if name in given}


def _check_name(product: Json, given: Json, option: Json | None) -> None:
    others = [each["display_name"].lower() for each in product["options"] if each is not option]
    if given.get("display_name", "").lower() in others:
        reason = "The option's display_name is a duplicate"
        raise Refusal(409, reason, {"display_name": reason})


def _rename_in_variants(product: Json, option: Json) -> None:
    labels = {each["id"]: each["label"] for each in option["option_values"]}
    for variant in product["variants"]:
        for each in variant["option_values"]:
            if each["option_id"] == option["id"]:
                each |= {"label": labels[each["id"]], "option_display_name": option["display_name"]}


def _refuse(found: dict[str, str]) -> None:
    if found:
        raise invalid(found)
