"""Shipments of the store's orders, and the status of an order (V2): a call each, for no batch exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from storekeeper.bigcommerce.client import Check, StoreClient
from storekeeper.bigcommerce.orders import ORDERS, order_parts
from storekeeper.outcomes import NotNow

T = TypeVar("T")


class ShippedLine(msgspec.Struct):
    """Units of one of the order's lines."""

    order_product_id: int
    quantity: int


class StoreShipment(msgspec.Struct):
    """A shipment as the store shows it, without the addresses in it."""

    id: int
    order_address_id: int = 0
    tracking_number: str | None = None
    shipping_provider: str | None = None
    tracking_carrier: str | None = None
    tracking_link: str | None = None
    shipping_method: str | None = None
    date_created: str = ""
    items: list[ShippedLine] = []

    @property
    def lines(self) -> dict[int, int]:
        """Units by line."""
        units: dict[int, int] = {}
        for item in self.items:
            units[item.order_product_id] = units.get(item.order_product_id, 0) + item.quantity
        return units


class MovedOrder(msgspec.Struct):
    """An order as the store answers that it has moved it."""

    status_id: int
    custom_status: str | None = None
    date_modified: str = ""
    date_shipped: str = ""


class _OrderedLine(msgspec.Struct):
    id: int
    quantity_shipped: int = 0


def create_shipment(store: StoreClient, order_id: int, shipment: Mapping[str, Any], check: Check) -> StoreShipment:
    """Make a shipment; the store e-mails the shopper. The same call once more makes another one.

    :param shipment: ``order_address_id``, ``items`` and what is known of tracking.
    """
    answer = store.write("POST", f"{ORDERS}/{order_id:d}/shipments", shipment, check=check)
    return answer.decode(StoreShipment)


def change_shipment(
    store: StoreClient, order_id: int, shipment_id: int, fields: Mapping[str, Any], check: Check
) -> None:
    """Set fields of a shipment, its lines apart: they stay what they are."""
    store.write("PUT", f"{ORDERS}/{order_id:d}/shipments/{shipment_id:d}", fields, check=check)


def delete_shipment(store: StoreClient, order_id: int, shipment_id: int, check: Check) -> None:
    """Take a shipment back; the order keeps its status."""
    store.write("DELETE", f"{ORDERS}/{order_id:d}/shipments/{shipment_id:d}", None, check=check)


def set_status(store: StoreClient, order_id: int, status_id: int, check: Check) -> MovedOrder:
    """Move an order to another status."""
    return store.write("PUT", f"{ORDERS}/{order_id:d}", {"status_id": status_id}, check=check).decode(MovedOrder)


def shipments_of(store: StoreClient, order_id: int) -> list[StoreShipment]:
    """All shipments of an order, by ascending id.

    :raises Refused: 404, the store does not have the order.
    """
    return sorted(_parts(store, order_id, "shipments", list[StoreShipment]), key=lambda shipment: shipment.id)


def shipped_units(store: StoreClient, order_id: int) -> dict[int, int]:
    """Units that the store counts as shipped, by line of an order."""
    lines = _parts(store, order_id, "products", list[_OrderedLine])
    return {line.id: line.quantity_shipped for line in lines}


def _parts(store: StoreClient, order_id: int, part: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(order_parts(store, order_id, part), type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise NotNow(f"GET {ORDERS}/{{id}}/{part}: the answer has another shape than documented ({error})") from None
