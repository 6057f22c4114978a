"""A product's custom fields as a write would leave them."""

from __future__ import annotations

from sandbox.catalog.catalog import Catalog
from sandbox.catalog.field_rules import CUSTOM_FIELD_RULES, is_whole, problems
from sandbox.exchange import Json, invalid

MOST_PER_PRODUCT = 200


def put_inline(catalog: Catalog, present: list[Json], listed: list[Json]) -> list[Json]:
    """The fields with those changed that an entry names by id, and one more for each entry without.

    :raises Refusal: 422 for missing or bad values, an unknown id, a pair that is there twice, or one field too many.
    """
    fields = {each["id"]: each for each in present}
    for each in listed:
        if not isinstance(each, dict):
            raise invalid({"custom_fields": "must be objects"})
        found = problems(each, CUSTOM_FIELD_RULES, ("name", "value"))
        if found:
            raise invalid({f"custom_fields.{name}": reason for name, reason in found.items()})
        field_id = each.get("id")
        if field_id is None:
            field_id = catalog.new_id("part")
        elif not is_whole(field_id) or field_id not in fields:
            raise invalid({"custom_fields.id": f"unknown custom field: {field_id}"})
        fields[field_id] = {"id": field_id, "name": each["name"], "value": each["value"]}
    return checked(list(fields.values()))


def checked(fields: list[Json]) -> list[Json]:
    """The custom fields of one product, if it may have them.

    :raises Refusal: 422.
    """
    if len({(each["name"], each["value"]) for each in fields}) < len(fields):
        raise invalid({"custom_fields": "each pair of name and value must be unique"})
    if len(fields) > MOST_PER_PRODUCT:
        raise invalid({"custom_fields": f"a product has at most {MOST_PER_PRODUCT} custom fields"})
    return fields
