"""What of an order is kept in ``raw``: all but what tells of its shopper. What is not named here is left out."""

from __future__ import annotations

from typing import Any

import msgspec

from storekeeper.transforms.order_payload import PRIVATE, Order

_KEPT = frozenset(
    {
        *(name for name in Order.__struct_fields__ if name not in PRIVATE and name != "consignments"),
        "base_handling_cost", "base_shipping_cost", "base_wrapping_cost", "credit_card_type",
        "currency_code", "currency_exchange_rate", "currency_id", "customer_locale", "default_currency_id",
        "ebay_order_id", "external_id", "external_merchant_id", "geoip_country_iso2", "handling_cost_ex_tax",
        "handling_cost_tax", "handling_cost_tax_class_id", "is_email_opt_in", "is_tax_inclusive_pricing",
        "refunded_amount", "shipping_address_count", "shipping_cost_ex_tax", "shipping_cost_tax",
        "shipping_cost_tax_class_id", "subtotal_tax", "tax_provider_id", "wrapping_cost_ex_tax", "wrapping_cost_tax",
        "wrapping_cost_tax_class_id",
    }
)  # fmt: skip
"""What of an order is kept in ``raw``. What is not named here is left out: a new field may hold anything."""

_KEPT_OF_CONSIGNMENT = frozenset(
    {
        "id", "pickup_method_id", "pickup_method_display_name", "location", "items_total", "items_shipped",
        "shipping_method", "base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax", "cost_tax_class_id",
        "base_handling_cost", "handling_cost_ex_tax", "handling_cost_inc_tax", "handling_cost_tax",
        "handling_cost_tax_class_id", "shipping_zone_id", "shipping_zone_name", "country_iso2",
    }
)  # fmt: skip
_LEFT_OUT_OF_ITEM = frozenset({"product_options", "wrapping_message", "configurable_fields"})

# Made once: a type that is no struct is taken apart anew by each call of msgspec.json.decode.
_RECORD = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RECORDS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_RECORDS_OR_NONE = msgspec.json.Decoder(list[dict[str, msgspec.Raw]] | None)
_RECORD_OR_LIST = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw])
_RECORD_OR_ANY_LIST = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[Any] | None)
_TO_JSON = msgspec.json.Encoder()


def strip(payload: str) -> str:
    """The order's JSON without all that tells of its shopper: names, addresses, contacts, messages, free text."""
    order = _RECORD.decode(payload)
    kept: dict[str, Any] = {name: value for name, value in order.items() if name in _KEPT}
    consignments = _RECORD_OR_LIST.decode(order["consignments"])
    if isinstance(consignments, dict):
        email = _RECORD_OR_ANY_LIST.decode(consignments.get("email", b"{}"))
        parts = {name: consignments[name] for name in ("shipping", "pickups", "downloads") if name in consignments}
        if isinstance(email, dict) and "gift_certificates" in email:
            parts["gift_certificates"] = email["gift_certificates"]
        kept["consignments"] = {name: _strip_consignments(part) for name, part in parts.items()}
    return _TO_JSON.encode(kept).decode()


def _strip_consignments(part: msgspec.Raw) -> list[dict[str, Any]]:
    stripped = []
    for consignment in _RECORDS_OR_NONE.decode(part) or []:
        kept: dict[str, Any] = {name: value for name, value in consignment.items() if name in _KEPT_OF_CONSIGNMENT}
        items = _RECORDS.decode(consignment.get("line_items", b"[]"))
        kept["line_items"] = [
            {name: value for name, value in item.items() if name not in _LEFT_OUT_OF_ITEM} for item in items
        ]
        stripped.append(kept)
    return stripped
