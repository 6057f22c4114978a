"""``/v3/inventory/locations``: where stock lies."""

from __future__ import annotations

from sandbox.exchange import Answer, Request
from sandbox.filtering import Filter, flag, folded, integer
from sandbox.listing import listed
from sandbox.routing import Route
from sandbox.stock import DEFAULT_LOCATION
from sandbox.store import Store
from sandbox.tokens import LOCATIONS_READ

IN = frozenset({"in"})
FILTERS = {
    "location_id": Filter(lambda each: each["id"], integer, IN, plain=False),
    "location_code": Filter(lambda each: each["code"].lower(), folded, IN, plain=False),
    "is_default": Filter(lambda each: each["id"] == DEFAULT_LOCATION, flag),
    "type_id": Filter(lambda each: each["type_id"].lower(), folded, IN, plain=False),
    "managed_by_external_source": Filter(lambda each: each["managed_by_external_source"], flag),
    "is_active": Filter(lambda each: each["enabled"], flag),
    "storefront_visibility": Filter(lambda each: each["storefront_visibility"], flag),
}


def list_locations(store: Store, request: Request) -> Answer:
    """GET: a page of locations."""
    return listed(request, store.stock.locations.values(), FILTERS)


ROUTES = [Route("GET", "/v3/inventory/locations", LOCATIONS_READ, list_locations)]
