"""What a shopper chose of a line is kept with it; what they typed is kept apart."""

from __future__ import annotations

import json
from typing import Any

from storekeeper.transforms.get_orders import read_orders


def read(*options: dict[str, Any], **fields: Any) -> Any:
    item = {"id": 12, "quantity": 1, "product_options": list(options), **fields}
    order = {
        "id": 7,
        "status_id": 11,
        "date_created": "Tue, 24 Nov 2026 09:30:00 +0000",
        "consignments": {"shipping": [{"id": 50, "line_items": [item]}]},
    }
    found = read_orders([(7, json.dumps(order))])
    assert found.problems == []
    return found


def test_the_value_of_a_chosen_option_stays_with_the_line() -> None:
    found = read({"display_name": "Size", "type": "Multiple choice", "display_value": "S"}, {"type": "Swatch"})
    assert json.loads(found.items["options"][0]) == [
        {"name": "Size", "type": "Multiple choice", "value": "S"},
        {"name": "", "type": "Swatch", "value": None},
    ]
    assert len(found.texts) == 0


def test_of_what_a_shopper_typed_only_the_name_stays_with_the_line() -> None:
    typed = {"display_name": "Engraving", "type": "Text field", "display_value": "For Ada"}
    found = read(typed, {**typed, "type": "New type"}, wrapping_message="Hello")
    assert json.loads(found.items["options"][0]) == [
        {"name": "Engraving", "type": "Text field", "value": None},
        {"name": "Engraving", "type": "New type", "value": None},
    ]
    assert found.texts.values.tolist() == [
        [7, 12, 1, "Engraving", "For Ada"],
        [7, 12, 2, "Engraving", "For Ada"],
        [7, 12, 3, "wrapping_message", "Hello"],
    ]


def test_a_line_without_options_has_none() -> None:
    assert read().items["options"][0] == "[]"
