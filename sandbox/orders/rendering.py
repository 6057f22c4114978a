"""Orders as JSON bytes: written once, kept, and joined for the pages that ask for them."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.exchange import Json
from sandbox.orders.consignments import each_consignment

HOST = "https://api.bigcommerce.com"
# Members with a resource of their own; the older ones are spelled as the service spells them in links.
LINKED = {"products": "products", "shipping_addresses": "shippingaddresses", "coupons": "coupons"}
INCLUDES = frozenset({"consignments", "consignments.line_items", "fees"})


def link(store_hash: str, resource: str) -> Json:
    """Where to get what belongs to an order.

    :param resource: the path from the version on.
    """
    return {"url": f"{HOST}/stores/{store_hash}/v2{resource}", "resource": resource}


def with_links(consignments: Any, order_id: int, store_hash: str) -> Any:
    """Consignments whose lines are links to them."""
    if not isinstance(consignments, dict):
        return consignments
    copied = msgspec.json.decode(msgspec.json.encode(consignments))
    for each in each_consignment(copied):
        lines = each.get("line_items")
        if isinstance(lines, list):
            ids = [line.get("id") if isinstance(line, dict) else None for line in lines]
            each["line_items"] = [link(store_hash, f"/orders/{order_id}/products/{line_id}") for line_id in ids]
    return copied


class Rendered:
    """One order's JSON: its own fields without the closing brace, and the parts a request may include."""

    __slots__ = ("bare_consignments", "consignments", "fees", "own", "size")

    def __init__(self, order: Json, label: str, store_hash: str) -> None:
        encode = msgspec.json.encode
        shown: Json = {"id": order["id"], "status": label, "custom_status": label}
        for name, resource in LINKED.items():
            shown[name] = link(store_hash, f"/orders/{order['id']}/{resource}")
        shown |= order
        consignments, fees = shown.pop("consignments", None), shown.pop("fees", None)
        self.own = encode(shown)[:-1]
        self.consignments = encode(consignments)
        self.fees = encode(fees)
        # Seldom asked for, so written when it is.
        self.bare_consignments: bytes | None = None
        self.size = len(self.own) + len(self.consignments) + len(self.fees)

    def whole(self, include: frozenset[str], order_id: int, store_hash: str) -> bytes:
        """The order's own fields with the parts asked for, links in place of the others."""
        if "consignments.line_items" in include:
            consignments = self.consignments
        elif "consignments" in include:
            if self.bare_consignments is None:
                kept = msgspec.json.decode(self.consignments)
                self.bare_consignments = msgspec.json.encode(with_links(kept, order_id, store_hash))
            consignments = self.bare_consignments
        else:
            consignments = msgspec.json.encode(link(store_hash, f"/orders/{order_id}/consignments"))
        fees = self.fees
        if "fees" not in include:
            fees = msgspec.json.encode(link(store_hash, f"/orders/{order_id}/fees"))
        return b"".join((self.own, b',"consignments":', consignments, b',"fees":', fees, b"}"))
