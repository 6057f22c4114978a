"""Where stock lies: the store's locations, and the units of each item at each of them.

The default location holds what the catalog's inventory level says less what other locations hold.
"""

from __future__ import annotations

from sandbox.exchange import Json

DEFAULT_LOCATION = 1
# A product tracked as a whole is an item of its own, kept under its negated product id.
Item = int


def _location(location_id: int, code: str, label: str, city: str) -> Json:
    day = {"open": False, "opening": "00:00", "closing": "00:00"}
    days = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    return {
        "id": location_id,
        "code": code,
        "label": label,
        "description": "",
        "managed_by_external_source": False,
        "type_id": "PHYSICAL",
        "enabled": True,
        "operating_hours": {name: dict(day) for name in days},
        "time_zone": "Etc/UTC",
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
        "address": {
            "address1": "1 Main Street",
            "address2": "",
            "city": city,
            "state": "Texas",
            "zip": "78701",
            "email": "stock@example.com",
            "phone": "555-0100",
            "geo_coordinates": {"latitude": 30.26, "longitude": -97.74},
            "country_code": "US",
        },
        "storefront_visibility": True,
        "special_hours": [],
    }


class Stock:
    """Locations, and the units outside the default one."""

    def __init__(self) -> None:
        self.locations: dict[int, Json] = {
            1: _location(1, "BC-LOCATION-1", "Default location", "Austin"),
            2: _location(2, "BC-LOCATION-2", "Second warehouse", "Dallas"),
        }
        self.elsewhere: dict[int, dict[Item, int]] = {2: {}}

    def at(self, location_id: int, item: Item, level: int) -> int:
        """Units of an item at a location, given its level over all."""
        if location_id != DEFAULT_LOCATION:
            return self.elsewhere.get(location_id, {}).get(item, 0)
        return level - sum(held.get(item, 0) for held in self.elsewhere.values())

    def level_after(self, location_id: int, item: Item, level: int, quantity: int) -> int:
        """Put so many units of an item at a location, and give its new level over all."""
        before = self.at(location_id, item, level)
        if location_id != DEFAULT_LOCATION:
            self.elsewhere.setdefault(location_id, {})[item] = quantity
        return level - before + quantity
