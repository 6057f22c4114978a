"""What Airflow learns of Storekeeper from its installed distribution: the ``bigcommerce`` connection type."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata, as Airflow's providers manager reads it."""
    return {
        "package-name": "storekeeper",
        "name": "Storekeeper",
        "description": "Keeps BigCommerce stores and a Postgres warehouse in step.",
        "connection-types": [
            {
                "connection-type": "bigcommerce",
                "hook-class-name": "storekeeper.hooks.bigcommerce.BigCommerceHook",
                "hook-name": "BigCommerce",
                "ui-field-behaviour": {
                    "hidden-fields": ["port", "schema"],
                    "relabeling": {"login": "Client ID", "password": "Access token", "host": "API base URL"},
                    "placeholders": {"host": "empty: BigCommerce's own", "password": "X-Auth-Token"},
                },
                "conn-fields": {
                    "store_hash": {
                        "label": "Store hash",
                        "description": "The part of the API path after /stores/.",
                        "schema": {"type": "string"},
                    },
                    "client_secret": {
                        "label": "Client secret",
                        "schema": {"type": ["string", "null"], "format": "password"},
                    },
                },
            }
        ],
    }
