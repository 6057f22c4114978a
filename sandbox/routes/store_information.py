"""``/v2/store`` and ``/v2/time``: who the store is, and its clock."""

from __future__ import annotations

from sandbox.exchange import Answer, Request
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import INFORMATION_READ


def get_store(store: Store, request: Request) -> Answer:
    """GET: the store's profile."""
    known = store.configuration
    domain = f"store-{store.hash}.mybigcommerce.com"
    return Answer.of(
        {
            "id": store.hash,
            "account_uuid": "8d4d492f-17a1-4d95-b396-e1c5720815a5",
            "domain": domain,
            "secure_url": f"https://{domain}",
            "control_panel_base_url": f"https://{domain}",
            "status": "live",
            "name": known.name,
            "first_name": "Jane",
            "last_name": "Doe",
            "address": "1 Main Street\nAustin, Texas 78701\nUnited States",
            "country": "United States",
            "country_code": "US",
            "infrastructure_region": "us-central1",
            "phone": "555-0100",
            "admin_email": "jane.doe@example.com",
            "order_email": "orders@example.com",
            "favicon_url": "",
            "timezone": {
                "name": known.timezone,
                "raw_offset": -21600,
                "dst_offset": -18000,
                "dst_correction": True,
                "date_format": {"display": "M jS Y", "export": "M jS Y", "extended_display": "M jS Y @ g:i A"},
            },
            "language": "en",
            "currency": known.currency,
            "currency_symbol": known.currency_symbol,
            "decimal_separator": ".",
            "thousands_separator": ",",
            "decimal_places": known.decimal_places,
            "currency_symbol_location": "left",
            "weight_units": known.weight_units,
            "dimension_units": "Centimeters",
            "dimension_decimal_places": 2,
            "dimension_decimal_token": ".",
            "dimension_thousands_token": ",",
            "plan_name": known.plan,
            "plan_level": known.plan,
            "plan_is_trial": False,
            "industry": "Technology",
            "logo": {"url": ""},
            "is_price_entered_with_tax": known.is_price_entered_with_tax,
            "store_id": 1_001_234_567,
            "default_channel_id": 1,
            "default_site_id": 1000,
            "active_comparison_modules": [],
            "features": {
                "stencil_enabled": True,
                "sitewidehttps_enabled": True,
                "facebook_catalog_id": "",
                "checkout_type": "optimized",
                "wishlists_enabled": True,
                "graphql_storefront_api_enabled": True,
                "shopper_consent_tracking_enabled": False,
                "multi_storefront_enabled": True,
                "storefront_limits": {"active": 1, "total_including_inactive": 3},
            },
        }
    )


def get_time(store: Store, request: Request) -> Answer:
    """GET: the store's clock, in seconds since 1970."""
    return Answer.of({"time": int(store.clock.now().timestamp())})


ROUTES = [
    Route("GET", "/v2/store", INFORMATION_READ, get_store, NONE),
    Route("GET", "/v2/time", INFORMATION_READ, get_time, NONE),
]
