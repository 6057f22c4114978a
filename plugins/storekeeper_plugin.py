"""What Airflow's UI shows of Storekeeper; nothing else happens here.

Every process of Airflow's loads this file, so what makes pages is imported when somebody opens one.
"""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin


async def pages(scope: Any, receive: Any, send: Any) -> None:
    """The pages that connect a store, as an ASGI application."""
    from storekeeper.web.connect import app
    from storekeeper.web.secrets_in_logs import hide_query

    await app(hide_query(scope), receive, send)


class StorekeeperPlugin(AirflowPlugin):
    """The pages that connect a store, and their place in the navigation."""

    name = "storekeeper"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [{"app": pages, "url_prefix": "/storekeeper", "name": "Storekeeper"}]
    # without a route of its own it opens in a tab of its own: BigCommerce's consent page lets nobody frame it
    external_views: ClassVar[list[dict[str, Any]]] = [{"name": "Stores", "href": "/storekeeper/", "destination": "nav"}]
