"""Access tokens and the OAuth scopes they hold."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.exchange import Refusal

PRODUCTS_READ, PRODUCTS = "store_v2_products_read_only", "store_v2_products"
ORDERS_READ, ORDERS = "store_v2_orders_read_only", "store_v2_orders"
INVENTORY_READ, INVENTORY = "store_inventory_read_only", "store_inventory"
LOCATIONS_READ = "store_locations_read_only"
INFORMATION_READ = "store_v2_information_read_only"

DEFAULT_TOKENS = {
    "sandbox-token": [
        PRODUCTS,
        PRODUCTS_READ,
        ORDERS,
        ORDERS_READ,
        INVENTORY,
        INVENTORY_READ,
        INFORMATION_READ,
        LOCATIONS_READ,
    ],
    "sandbox-token-no-products": [INFORMATION_READ],
    "sandbox-token-no-orders": [PRODUCTS, PRODUCTS_READ, INVENTORY, INVENTORY_READ, INFORMATION_READ, LOCATIONS_READ],
}


class Tokens:
    """The tokens the store accepts."""

    def __init__(self) -> None:
        self.scopes: dict[str, list[str]] = {token: list(scopes) for token, scopes in DEFAULT_TOKENS.items()}

    def add(self, token: str, scopes: Iterable[str]) -> None:
        """Accept a token, or give a known one other scopes."""
        self.scopes[token] = list(scopes)

    def revoke(self, token: str) -> None:
        """Accept the token no longer."""
        self.scopes.pop(token, None)

    def admit(self, token: str, scope: str) -> None:
        """Let a request pass.

        :raises Refusal: 401 without a known token, 403 when it lacks the scope.
        """
        held = self.scopes.get(token)
        if held is None:
            raise Refusal(401, "X-Auth-Token header is required" if not token else "Unauthorized")
        if scope not in held and scope.removesuffix("_read_only") not in held:
            raise Refusal(403, "You don't have a required scope to access the endpoint", {})
