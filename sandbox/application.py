"""The ASGI application: rate limit, faults, token, handler and headers, in the order a request meets them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from sandbox.admin import Admin
from sandbox.connection import Receive, Scope, Send, drop, kill_client, read_body
from sandbox.delivery import deliver, deliver_cut, deliver_dripping, deliver_miscounted, faulty_answer, replaced
from sandbox.exchange import Answer, Refusal, Request, not_found
from sandbox.faults import Rule
from sandbox.filtering import unknown_filters
from sandbox.oauth.login import LOGIN_PATHS, login_router
from sandbox.routes import store_router
from sandbox.routing import Route
from sandbox.store import Store
from sandbox.v2 import unsupported_filter

if TYPE_CHECKING:
    from sandbox.conformance import Specification

LOG = logging.getLogger("sandbox")


class Application:
    """Serves one store and its admin routes.

    :param store: the store.
    :param state_file: where ``POST /_sandbox/save`` writes the state.
    :param openapi: folder of BigCommerce's specifications, to check every exchange against.
    """

    def __init__(self, store: Store, state_file: Path | None = None, openapi: Path | None = None) -> None:
        self.store = store
        self._admin = Admin(store, state_file)
        self._router = store_router()
        self._login = login_router()
        self._specification: Specification | None = None
        if openapi is not None:
            from sandbox.conformance import Specification

            self._specification = Specification(openapi)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await read_body(receive)
        raw_path: str = scope["path"]
        query = scope["query_string"].decode("latin-1")
        request = Request(
            id=f"sandbox-{self.store.next_serial():010d}",
            method=scope["method"],
            path=raw_path,
            query=parse_qsl(query, keep_blank_values=True) if query else [],
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
        )
        if raw_path.startswith("/_sandbox/"):
            await self._admin.answer(request, send)
        else:
            await self._serve(request, scope, receive, send)

    async def _serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        store = self.store
        route, rule, answer = self._admit(request)
        if rule is not None and rule.waits_first:
            restorations = store.restorations
            await store.faults.wait(rule)
            if store.restorations != restorations:
                await drop(scope, receive)
                return
        if rule is not None and rule.parameters:
            request.query = [(name, value) for name, value in request.query if name not in rule.parameters]
        for change in rule.changes if rule is not None else ():
            self._admin.change(change)
        if answer is None and (rule is None or rule.lets_effect):
            answer = self._handle(route, request)
        if store.configuration.latency_ms:
            await asyncio.sleep(store.configuration.latency_ms / 1000)
        headers = self._headers(request, rule)
        if rule is not None:
            given = faulty_answer(rule) if rule.replaces_answer or answer is None else answer
            await self._deliver_fault(rule, given, request, headers, (scope, receive, send))
            return
        assert answer is not None, "a request without a fault is always handled"
        store.count(request, str(answer.status))
        self._check(request, answer, headers)
        await deliver(send, answer, headers)

    def _admit(self, request: Request) -> tuple[Route | None, Rule | None, Answer | None]:
        """Find the request's route and its fault, or the refusal it gets before either matters."""
        store = self.store
        prefix, client = f"/stores/{store.hash}", request.headers.get("user-agent", "")
        request.at_login = request.path.startswith(LOGIN_PATHS)
        if request.path.startswith(prefix + "/"):
            request.path = request.path[len(prefix) :]
        elif not request.at_login:
            store.rate_limit.take(client)
            return None, None, not_found(request.path).answer()
        route, refusal = None, None
        try:
            route = (self._login if request.at_login else self._router).match(request)
        except Refusal as unknown:
            refusal = unknown.answer()
        if not request.at_login and not store.rate_limit.take(client, request.path, request.query):
            return route, None, Refusal(429, "Too Many Requests").answer()
        rule = store.faults.strike(request.method, request.template, request.path)
        return route, rule, refusal if rule is None else None

    def _handle(self, route: Route | None, request: Request) -> Answer:
        store = self.store
        try:
            if route is None:
                raise not_found(request.path)
            if route.scope:
                store.tokens.admit(request.headers.get("x-auth-token", ""), route.scope)
            _refuse_unknown(route, request)
            return route.handler(store, request)
        except Refusal as refusal:
            return refusal.answer()
        except Exception:
            LOG.exception("%s %s failed", request.method, request.path)
            return Refusal(500, "Internal Server Error").answer()

    def _headers(self, request: Request, rule: Rule | None) -> dict[str, str]:
        headers = {"Date": self.store.clock.http_date(), "X-Request-ID": request.id}
        if not request.at_login and (rule is None or not rule.without_rate_headers):
            headers |= self.store.rate_limit.headers()
        return headers

    async def _deliver_fault(
        self, rule: Rule, answer: Answer, request: Request, headers: dict[str, str], wire: tuple[Scope, Receive, Send]
    ) -> None:
        scope, receive, send = wire
        cut = rule.kind in ("reset", "lost_answer", "truncate", "kill")
        self.store.count(request, rule.kind if cut else str(answer.status))
        if rule.kind == "kill":
            kill_client(scope)
        if rule.kind in ("reset", "lost_answer", "kill"):
            await drop(scope, receive)
        elif rule.kind == "truncate":
            await deliver_cut(scope, receive, send, answer, headers, chunked=rule.chunked)
        elif rule.kind == "slow" and rule.drip:
            await deliver_dripping(send, answer, headers, rule.seconds)
        elif rule.kind == "length":
            await deliver_miscounted(scope, receive, answer, headers, rule)
        else:
            if rule.kind in ("slow", "hold") and rule.strikes_after:
                await self.store.faults.wait(rule)
            await deliver(send, replaced(answer, rule.replacements), headers)

    def _check(self, request: Request, answer: Answer, headers: dict[str, str]) -> None:
        if self._specification is None or request.at_login or request.path.startswith("/stores/"):
            return
        found = self._specification.check(
            request.method,
            request.path,
            request.query,
            request.body,
            answer.status,
            {"Content-Type": answer.content_type} | headers | answer.headers,
            answer.body,
        )
        for violation in found:
            self.store.violations.append({"method": request.method, "path": request.path, "violation": violation})


def _refuse_unknown(route: Route, request: Request) -> None:
    if route.parameters is None:
        return
    unknown = [name for name, _ in request.query if name not in route.parameters]
    if unknown and route.template.startswith("/v2/"):
        raise unsupported_filter(unknown[0])
    if unknown:
        raise unknown_filters(unknown)
