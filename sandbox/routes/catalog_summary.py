"""``/v3/catalog/summary``: the catalog in a few figures."""

from __future__ import annotations

from collections import Counter

from sandbox.exchange import Answer, Request
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS_READ


def get_summary(store: Store, request: Request) -> Answer:
    """GET: counts, values and prices over the whole catalog."""
    all_facts = store.catalog.indexes.facts.values()
    prices = [facts.calculated_price for facts in all_facts] or [0.0]
    used = Counter(category for facts in all_facts for category in facts.categories)
    primary, _ = used.most_common(1)[0] if used else (0, 0)
    data = {
        "inventory_count": sum(facts.level for facts in all_facts),
        "inventory_value": round(sum(facts.level * facts.calculated_price for facts in all_facts), 2),
        "variant_count": len(store.catalog.indexes.variant_ids),
        "highest_variant_price": max(prices),
        "average_variant_price": round(sum(prices) / len(prices), 4),
        # The specification has this one as a string.
        "lowest_variant_price": str(min(prices)),
        "oldest_variant_date": store.clock.iso(),
        "newest_variant_date": store.clock.iso(),
        "primary_category_id": primary,
        "primary_category_name": store.catalog.categories.get(primary, {}).get("name", ""),
    }
    return Answer.of({"data": data, "meta": {}})


ROUTES = [Route("GET", "/v3/catalog/summary", PRODUCTS_READ, get_summary, NONE)]
