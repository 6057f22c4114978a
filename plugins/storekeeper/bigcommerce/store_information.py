"""What a store says of itself (``GET /v2/store``), and what a token may read."""

from __future__ import annotations

import msgspec

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.outcomes import AccessLost, Refused


class _Timezone(msgspec.Struct):
    name: str = ""


class StoreInformation(msgspec.Struct):
    """The store's profile; the fields are the API's own.

    :param decimal_places: of the default currency.
    """

    name: str
    domain: str = ""
    plan_name: str = ""
    currency: str = ""
    decimal_places: int = 2
    timezone: _Timezone = msgspec.field(default_factory=_Timezone)


def store_information(store: StoreClient) -> StoreInformation:
    """The store's profile: also the cheapest proof that hash and token belong together.

    :raises AccessLost: the store does not exist, or the token does not let us in.
    """
    try:
        return store.get("/v2/store").decode(StoreInformation)
    except Refused as error:
        if error.status != 404:
            raise
        raise AccessLost(
            f"there is no store with the hash {store.store_hash!r}: correct store_hash in the connection"
        ) from None


_READS = {
    "products (scope store_v2_products)": "/v3/catalog/products",
    "inventory (scope store_inventory)": "/v3/inventory/items",
}


def unreadable(store: StoreClient) -> list[str]:
    """What the operations need and the token may not read, one request each; *modify* shows only at the first write."""
    refused = []
    for what, path in _READS.items():
        try:
            store.get(path, {"limit": 1})
        except AccessLost:
            refused.append(what)
    return refused
