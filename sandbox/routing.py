"""Which handler answers which method and path, and the scope a token needs for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.exchange import Answer, Refusal, Request, not_found

if TYPE_CHECKING:
    from sandbox.store import Store

FIELDS = frozenset({"include_fields", "exclude_fields"})
"""Parameters of one record."""
PAGES = FIELDS | {"page", "limit"}
"""Parameters of a list that cannot be filtered."""
NONE: frozenset[str] = frozenset()

Handler = Callable[["Store", Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API.

    :param template: path below ``/stores/{store_hash}``, e.g. ``/v3/catalog/products/{product_id}``; of login and
        admin routes the whole path.
    :param scope: OAuth scope the token must hold; a modify scope includes its read-only one. Empty: no token
        is asked for.
    :param parameters: the query's parameters, where the handler leaves it to the application to refuse others;
        ``None`` where it does so itself.
    """

    method: str
    template: str
    scope: str
    handler: Handler
    parameters: frozenset[str] | None = None


class Router:
    """Finds the route of a request: literal paths first, then templates of the same length."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._literal: dict[str, dict[str, Route]] = {}
        self._templates: dict[int, list[tuple[list[str], dict[str, Route]]]] = {}
        self.routes = tuple(routes)
        for route in self.routes:
            self._methods(route.template)[route.method] = route

    def _methods(self, template: str) -> dict[str, Route]:
        if "{" not in template:
            return self._literal.setdefault(template, {})
        parts = template.split("/")
        same_length = self._templates.setdefault(len(parts), [])
        for known, methods in same_length:
            if known == parts:
                return methods
        same_length.append((parts, {}))
        return same_length[-1][1]

    def match(self, request: Request) -> Route:
        """The route of the request; its template and path parameters are noted on the request.

        :raises Refusal: 404 for an unknown path, 405 for a known path with another method.
        """
        methods = self._literal.get(request.path)
        if methods is None:
            methods = self._match_template(request)
        route = methods.get(request.method)
        if route is None:
            request.template = next(iter(methods.values())).template
            refusal = Refusal(405, "Method Not Allowed", extra={"detail": f"allowed: {', '.join(sorted(methods))}"})
            raise refusal
        request.template = route.template
        return route

    def _match_template(self, request: Request) -> dict[str, Route]:
        given = request.path.split("/")
        for parts, methods in self._templates.get(len(given), ()):
            params = {}
            for part, value in zip(parts, given, strict=True):
                if part.startswith("{"):
                    params[part[1:-1]] = value
                elif part != value:
                    break
            else:
                request.params = params
                return methods
        raise not_found(request.path)
