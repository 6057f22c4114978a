"""Of an order's own JSON, what tells of its shopper goes, and the rest stays."""

from __future__ import annotations

import json

import pytest

from storekeeper.transforms.order_stripping import strip

KEPT = [
    "base_handling_cost",
    "base_shipping_cost",
    "base_wrapping_cost",
    "credit_card_type",
    "currency_code",
    "currency_exchange_rate",
    "currency_id",
    "customer_locale",
    "default_currency_id",
    "ebay_order_id",
    "external_id",
    "external_merchant_id",
    "geoip_country_iso2",
    "handling_cost_ex_tax",
    "handling_cost_tax",
    "handling_cost_tax_class_id",
    "is_email_opt_in",
    "is_tax_inclusive_pricing",
    "refunded_amount",
    "shipping_address_count",
    "shipping_cost_ex_tax",
    "shipping_cost_tax",
    "shipping_cost_tax_class_id",
    "subtotal_tax",
    "tax_provider_id",
    "wrapping_cost_ex_tax",
    "wrapping_cost_tax",
    "wrapping_cost_tax_class_id",
    "id",
    "status_id",
    "date_created",
    "total_inc_tax",
    "payment_method",
    "fees",
]
PRIVATE = [
    "customer_id",
    "ip_address",
    "ip_address_v6",
    "customer_message",
    "staff_notes",
    "billing_address",
    "a_new_field",
]


@pytest.mark.parametrize("name", KEPT)
def test_what_tells_of_no_shopper_stays(name: str) -> None:
    assert json.loads(strip(json.dumps({"consignments": [], name: "x"}))) == {name: "x"}


@pytest.mark.parametrize("name", PRIVATE)
def test_what_may_tell_of_one_goes(name: str) -> None:
    assert json.loads(strip(json.dumps({"consignments": [], name: "x"}))) == {}
