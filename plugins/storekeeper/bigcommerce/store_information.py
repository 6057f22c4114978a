"""What a store says of itself (``GET /v2/store``), and what a token may read."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.outcomes import AccessLost, Refused


class _Timezone(msgspec.Struct):
    name: str = ""


class StoreInformation(msgspec.Struct):
    """The store's profile; the fields are the API's own.

    :param decimal_places: of the default currency.
    :param clock: the store's own clock when it answered, to the second; None where the answer bore no date.
    """

    name: str
    domain: str = ""
    plan_name: str = ""
    currency: str = ""
    decimal_places: int = 2
    timezone: _Timezone = msgspec.field(default_factory=_Timezone)
    clock: datetime | None = None


def store_information(store: StoreClient) -> StoreInformation:
    """The store's profile: also the cheapest proof that hash and token belong together.

    :raises AccessLost: the store does not exist, or the token does not let us in.
    """
    try:
        answer = store.get("/v2/store")
    except Refused as error:
        if error.status != 404:
            raise
        raise AccessLost(
            f"there is no store with the hash {store.store_hash!r}: correct store_hash in the connection"
        ) from None
    return msgspec.structs.replace(answer.decode(StoreInformation), clock=_date(answer.headers.get("Date")))


def _date(header: str | None) -> datetime | None:
    try:
        said = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    return said if said is not None and said.tzinfo is not None else None


_READS = {
    "products (scope store_v2_products)": "/v3/catalog/products",
    "inventory (scope store_inventory)": "/v3/inventory/items",
    "orders (scope store_v2_orders)": "/v2/orders",
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
