"""An order's parts, and how many of their units have left."""

from __future__ import annotations

import json

from storekeeper.transforms.get_orders import read_orders


def test_units_of_pickups_and_downloads_are_those_of_their_lines() -> None:
    units = [{"quantity": 2, "quantity_shipped": 1}, {"quantity": 3, "quantity_shipped": 3}, {}]
    picked_up, downloaded = ([{"id": first + place, **each} for place, each in enumerate(units)] for first in (1, 11))
    order = {
        "id": 7,
        "status_id": 11,
        "date_created": "Tue, 24 Nov 2026 09:30:00 +0000",
        "consignments": {"pickups": [{"id": 60, "line_items": picked_up}], "downloads": [{"line_items": downloaded}]},
    }
    rows = read_orders([(7, json.dumps(order))]).consignments.to_dict("records")
    assert [[*row.values()][7:9] for row in rows] == [[5, 4], [5, 4]]
