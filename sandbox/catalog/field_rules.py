"""What a written value must be like, as the specification has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from sandbox.catalog.facts import epoch
from sandbox.exchange import Json

BILLION = 1_000_000_000
INTEGER_MOST = 2_147_483_647
TEXT_MOST = 65_535


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value of a JSON body is a whole number of 64 bits; to Python ``true`` is one, too, and any length."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


@dataclass(frozen=True, slots=True)
class FieldRule:
    """The rule of one field.

    :param least: smallest number, or fewest characters.
    :param most: largest number, or most characters or entries.
    :param nullable: whether null unsets the field.
    :param fields: rules of an object's own fields; what else it holds is passed over.
    :param items: the rule of each entry of a list.
    """

    kind: Literal["text", "number", "integer", "flag", "list", "object", "date"]
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    nullable: bool = False
    fields: Mapping[str, FieldRule] | None = None
    items: FieldRule | None = None

    def problem(self, value: object) -> str | None:
        """What is wrong with the value, if anything."""
        if value is None:
            return None if self.nullable else "must not be null"
        match self.kind:
            case "text" if isinstance(value, str):
                return self._measure(len(value), "characters")
            case "number" if is_whole(value) or isinstance(value, float):
                return self._measure(value, "")
            case "integer" if is_whole(value):
                return self._measure(value, "")
            case "flag" if isinstance(value, bool):
                return None
            case "list" if isinstance(value, list):
                return self._measure(len(value), "entries") or self._entry_problem(value)
            case "object" if isinstance(value, dict):
                inner = problems(value, self.fields or {})
                return next((f"{name}: {reason}" for name, reason in inner.items()), None)
            case "date" if isinstance(value, str):
                return None if not value or epoch(value) else "must be an ISO 8601 date"
            case "text" if self.choices and value in self.choices:
                return None
        return f"must be of type {self.kind}"

    def kept(self, value: Any) -> Any:
        """What is stored of a value without problems: an object keeps the fields that the rule knows."""
        if self.fields is None or not isinstance(value, dict):
            return value
        return {name: rule.kept(value[name]) for name, rule in self.fields.items() if name in value}

    def _entry_problem(self, entries: list[Any]) -> str | None:
        found = (self.items.problem(each) for each in entries) if self.items else ()
        return next((f"each entry {reason}" for reason in found if reason), None)

    def _measure(self, size: float, unit: str) -> str | None:
        if self.least is not None and size < self.least:
            return f"must be at least {self.least:g} {unit}".rstrip()
        if self.most is not None and size > self.most:
            return f"must be at most {self.most:.0f} {unit}".rstrip()
        return None


def problems(given: Json, rules: Mapping[str, FieldRule], required: tuple[str, ...] = ()) -> dict[str, str]:
    """What is wrong with the given fields, by field; fields without a rule are not looked at."""
    found = {name: "is required" for name in required if name not in given}
    for name, value in given.items():
        rule = rules.get(name)
        if rule is None:
            continue
        problem = rule.problem(value)
        if problem is None and rule.choices and value not in rule.choices:
            problem = f"must be one of {', '.join(rule.choices)}"
        if problem is not None:
            found[name] = problem
    return found


def stored(given: Json, rules: Mapping[str, FieldRule], without: frozenset[str] = frozenset()) -> Json:
    """The fields of a body without problems that have a rule, as they are stored."""
    return {name: rules[name].kept(value) for name, value in given.items() if name in rules and name not in without}


_FLAG = FieldRule("flag")
_MONEY = FieldRule("number", 0)
_SIZE = FieldRule("number", 0, 9_999_999_999)
_COUNT = FieldRule("integer", 0, BILLION)
_LEVEL = FieldRule("integer", 0, INTEGER_MOST)
_SHORT = FieldRule("text", 0, 255)
_CODE = FieldRule("text", 0, 14)
_LONG = FieldRule("text", 0, TEXT_MOST)
_ORDER = FieldRule("integer", -INTEGER_MOST - 1, INTEGER_MOST)
_WORDS = FieldRule("list", items=FieldRule("text"))
_IDS = FieldRule("list", items=FieldRule("integer"))
_TEXT = FieldRule("text")
_OWN_MONEY = FieldRule("number", 0, nullable=True)
_OWN_LEVEL = FieldRule("integer", 0, INTEGER_MOST, nullable=True)

PRODUCT_RULES: Mapping[str, FieldRule] = {
    "name": FieldRule("text", 1, 250),
    "type": FieldRule("text", choices=("physical", "digital")),
    "sku": _SHORT,
    "description": FieldRule("text"),
    "weight": _SIZE,
    "width": _SIZE,
    "depth": _SIZE,
    "height": _SIZE,
    "price": _MONEY,
    "cost_price": _MONEY,
    "retail_price": _MONEY,
    "sale_price": _MONEY,
    "map_price": FieldRule("number"),
    "tax_class_id": FieldRule("integer", 0, 255),
    "product_tax_code": _SHORT,
    "categories": FieldRule("list", 0, 1000),
    "brand_id": _COUNT,
    "brand_name": _SHORT,
    "inventory_level": _LEVEL,
    "inventory_warning_level": _LEVEL,
    "inventory_tracking": FieldRule("text", choices=("none", "product", "variant")),
    "fixed_cost_shipping_price": _MONEY,
    "is_free_shipping": _FLAG,
    "is_visible": _FLAG,
    "is_featured": _FLAG,
    "related_products": _IDS,
    "warranty": _LONG,
    "bin_picking_number": _SHORT,
    "layout_file": FieldRule("text", 0, 500),
    "upc": _CODE,
    "gtin": _CODE,
    "mpn": FieldRule("text"),
    "search_keywords": _LONG,
    "availability": FieldRule("text", choices=("available", "disabled", "preorder")),
    "availability_description": _SHORT,
    "gift_wrapping_options_type": FieldRule("text", choices=("any", "none", "list")),
    "gift_wrapping_options_list": _IDS,
    "sort_order": _ORDER,
    "condition": FieldRule("text", choices=("New", "Used", "Refurbished")),
    "is_condition_shown": _FLAG,
    "order_quantity_minimum": _COUNT,
    "order_quantity_maximum": _COUNT,
    "page_title": _SHORT,
    "meta_keywords": _WORDS,
    "meta_description": _LONG,
    "view_count": _COUNT,
    "preorder_release_date": FieldRule("date", nullable=True),
    "preorder_message": _SHORT,
    "is_preorder_only": _FLAG,
    "is_price_hidden": _FLAG,
    "price_hidden_label": FieldRule("text", 0, 200),
    "custom_url": FieldRule("object"),
    "open_graph_type": FieldRule(
        "text", choices=("product", "album", "book", "drink", "food", "game", "movie", "song", "tv_show")
    ),
    "open_graph_title": FieldRule("text"),
    "open_graph_description": FieldRule("text"),
    "open_graph_use_meta_description": _FLAG,
    "open_graph_use_product_name": _FLAG,
    "open_graph_use_image": _FLAG,
    "date_last_imported": FieldRule("date", nullable=True),
    "reviews_rating_sum": FieldRule("integer"),
    "reviews_count": FieldRule("integer"),
    "total_sold": FieldRule("integer"),
    "custom_fields": FieldRule("list", 0, 200),
    "images": FieldRule("list"),
    "videos": FieldRule("list"),
    "bulk_pricing_rules": FieldRule("list"),
    "variants": FieldRule("list", 0, 600),
}

VARIANT_RULES: Mapping[str, FieldRule] = {
    "sku": _SHORT,
    "price": _OWN_MONEY,
    "cost_price": _OWN_MONEY,
    "sale_price": _OWN_MONEY,
    "retail_price": _OWN_MONEY,
    "map_price": FieldRule("number", nullable=True),
    "weight": _OWN_MONEY,
    "width": _OWN_MONEY,
    "height": _OWN_MONEY,
    "depth": _OWN_MONEY,
    "fixed_cost_shipping_price": _OWN_MONEY,
    "is_free_shipping": _FLAG,
    "purchasing_disabled": _FLAG,
    "purchasing_disabled_message": _SHORT,
    "image_url": FieldRule("text"),
    "upc": FieldRule("text", 0, 14, nullable=True),
    "gtin": FieldRule("text", 0, 14, nullable=True),
    "mpn": FieldRule("text", nullable=True),
    "inventory_level": _OWN_LEVEL,
    "inventory_warning_level": _OWN_LEVEL,
    "bin_picking_number": FieldRule("text", 0, 255, nullable=True),
}

LABEL = FieldRule("text", 1, 255)
"""An option's name or the label of one of its values."""
CONFIG_RULES: Mapping[str, FieldRule] = {
    **dict.fromkeys(("default_value", "checkbox_label"), _TEXT),
    **dict.fromkeys(("date_earliest_value", "date_latest_value"), FieldRule("date")),
    **dict.fromkeys(("checked_by_default", "date_limited", "text_characters_limited", "text_lines_limited"), _FLAG),
    **dict.fromkeys(("number_limited", "number_integers_only"), _FLAG),
    **dict.fromkeys(("product_list_adjusts_inventory", "product_list_adjusts_pricing"), _FLAG),
    **dict.fromkeys(("file_types_supported", "file_types_other"), _WORDS),
    **dict.fromkeys(("file_max_size", "text_min_length", "text_max_length", "text_max_lines"), FieldRule("integer")),
    **dict.fromkeys(("number_lowest_value", "number_highest_value"), FieldRule("number")),
    "date_limit_mode": FieldRule("text", choices=("earliest", "range", "latest")),
    "file_types_mode": FieldRule("text", choices=("specific", "all")),
    "number_limit_mode": FieldRule("text", choices=("lowest", "highest", "range")),
    "product_list_shipping_calc": FieldRule("text", choices=("none", "weight", "package")),
}
OPTION_RULES: Mapping[str, FieldRule] = {
    "display_name": LABEL,
    "type": FieldRule(
        "text",
        choices=("radio_buttons", "rectangles", "dropdown", "product_list", "product_list_with_images", "swatch"),
    ),
    "config": FieldRule("object", fields=CONFIG_RULES),
    "sort_order": _ORDER,
    "option_values": FieldRule("list", 1),
}
VALUE_RULES: Mapping[str, FieldRule] = {
    "label": LABEL,
    "sort_order": _ORDER,
    "value_data": FieldRule("object", nullable=True),
    "is_default": _FLAG,
}
CUSTOM_FIELD_RULES: Mapping[str, FieldRule] = {"name": FieldRule("text", 1, 250), "value": FieldRule("text", 1, 250)}
IMAGE_RULES: Mapping[str, FieldRule] = {
    "image_url": _SHORT,
    "is_thumbnail": _FLAG,
    "sort_order": _ORDER,
    "description": FieldRule("text"),
}
URL_RULES: Mapping[str, FieldRule] = {"url": FieldRule("text", 1, 255), "is_customized": _FLAG}
BRAND_RULES: Mapping[str, FieldRule] = {
    "name": FieldRule("text", 1, 255),
    "page_title": _SHORT,
    "meta_keywords": _WORDS,
    "meta_description": _LONG,
    "search_keywords": _SHORT,
    "image_url": FieldRule("text"),
    "custom_url": FieldRule("object", fields=URL_RULES),
}
CATEGORY_RULES: Mapping[str, FieldRule] = {
    "name": FieldRule("text", 1, 50),
    "parent_id": FieldRule("integer", 0),
    "tree_id": FieldRule("integer", 1),
    "description": FieldRule("text"),
    "sort_order": _ORDER,
    "page_title": FieldRule("text"),
    "meta_keywords": _WORDS,
    "meta_description": _LONG,
    "layout_file": FieldRule("text", 0, 50),
    "image_url": FieldRule("text"),
    "is_visible": _FLAG,
    "search_keywords": _SHORT,
    "url": FieldRule("object", fields={"path": FieldRule("text", 1, 255), "is_customized": _FLAG}),
}
