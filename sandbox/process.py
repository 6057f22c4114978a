"""Starts a sandbox store as a process of its own, for tests and benchmarks, and speaks to its admin routes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import requests

from sandbox.exchange import Json
from sandbox.rate_limit import Asking

ROOT = Path(__file__).resolve().parent.parent
FULL_TOKEN = "sandbox-token"
RESOURCES = ("product", "brand", "category", "location", "order", "shipment", "refund", "order_status")
MATCH_MEMBERS = ("method", "route", "nth", "every", "any_request_nth")


class SandboxProcess:
    """A running store; a context manager that stops it in the end.

    :param options: options of ``python -m sandbox serve`` by name: ``products=50``, ``clean=True``, ``window_ms=500``.
    :param start_timeout: seconds the store has until it listens.
    """

    def __init__(self, *, start_timeout: float = 60, **options: object) -> None:
        self._options = options
        self._start_timeout = start_timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._session = requests.Session()
        self.port = 0

    def __enter__(self) -> Self:
        """Start the store."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the store."""
        self.stop()

    def start(self) -> Self:
        """Start the store, and come back when it listens.

        :raises RuntimeError: it ended or did not listen in time.
        """
        with tempfile.TemporaryDirectory() as folder:
            port_file = Path(folder) / "port"
            command = [sys.executable, "-m", "sandbox", "serve", "--quiet", "--port-file", str(port_file)]
            for name, value in self._options.items():
                option = f"--{name.replace('_', '-')}"
                if value is True:
                    command.append(option)
                elif value is not None and value is not False:
                    command += [option, str(value)]
            self._process = subprocess.Popen(command, cwd=ROOT)
            deadline = time.monotonic() + self._start_timeout
            while not port_file.exists():
                if self._process.poll() is not None:
                    raise RuntimeError(f"the sandbox ended with status {self._process.returncode}: {command}")
                if time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"the sandbox did not listen within {self._start_timeout} s: {command}")
                time.sleep(0.01)
            self.port = int(port_file.read_text())
        return self

    def stop(self, timeout: float = 20) -> int:
        """Stop the store (it saves its state if it was given a file), and give its exit status."""
        self._session.close()
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    @property
    def pid(self) -> int:
        """The store's process id."""
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def root(self) -> str:
        """The server's address, without a store."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The store's base address, to which ``/v3/...`` and ``/v2/...`` are added."""
        return f"{self.root}/stores/{self.store_hash}"

    @property
    def store_hash(self) -> str:
        """The store's hash."""
        return str(self._options.get("store_hash", "sandbox"))

    def request(
        self, method: str, path: str, *, token: str | None = FULL_TOKEN, timeout: float = 10, **options: Any
    ) -> requests.Response:
        """Make a request of the store as a client would.

        :param path: below the store, e.g. ``/v3/catalog/products?limit=1``.
        :param token: ``None`` for none.
        """
        headers = {"Accept": "application/json"} | ({"X-Auth-Token": token} if token is not None else {})
        options.setdefault("allow_redirects", False)
        return self._session.request(method, self.url + path, headers=headers, timeout=timeout, **options)

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.request("GET", path, **options)
        answer.raise_for_status()
        return answer.json()

    def admin(self, path: str, json: object = None, method: str | None = None) -> Any:
        """Call an admin route: POST with a body given, GET without, unless a method is named.

        :param path: below ``/_sandbox/``.
        """
        method = method or ("GET" if json is None else "POST")
        answer = self._session.request(method, f"{self.root}/_sandbox/{path}", json=json, timeout=60)
        if answer.status_code >= 400:
            raise ValueError(f"{method} /_sandbox/{path}: {answer.status_code} {answer.text}")
        return answer.json()

    def requests_by_route(self) -> dict[str, dict[str, int]]:
        """How many requests each ``METHOD template`` had, by status or by the fault that cut them."""
        routes: dict[str, dict[str, int]] = self.admin("requests")["routes"]
        return routes

    def request_count(self) -> int:
        """How many requests the store had in all."""
        return int(self.admin("requests")["total"])

    def quota_log(self) -> list[Asking]:
        """The latest requests in the order the quota met them."""
        return msgspec.convert(self.admin("quota"), list[Asking])

    def forget_requests(self) -> None:
        """Count requests from zero, and forget who asked."""
        self.admin("requests", method="DELETE")

    def fault(self, kind: str, **rule: Any) -> None:
        """Put a fault in force; what is no member of a rule itself says which requests it strikes.

        ``fault("status", status=503, route="/v3/catalog/products", nth=2)``
        """
        matching = {name: rule.pop(name) for name in MATCH_MEMBERS if name in rule}
        self.admin("faults", {"kind": kind, "match": rule.pop("match", {}) | matching} | rule)

    def wait_until_held(self, seconds: float = 60) -> None:
        """Come back when a request waits where a ``hold`` keeps it.

        :raises TimeoutError: none comes.
        """
        self._wait_for_faults("held", seconds)

    def wait_until_struck(self, seconds: float = 60) -> None:
        """Come back when a fault in force has struck a request.

        :raises TimeoutError: none has.
        """
        self._wait_for_faults("struck", seconds)

    def _wait_for_faults(self, count: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not any(rule[count] for rule in self.admin("faults")):
            if time.monotonic() > until:
                raise TimeoutError(f"no request was {count} within {seconds} s")
            time.sleep(0.005)

    def release(self) -> None:
        """Let all held requests go on."""
        self.admin("faults/release", method="POST")

    def clear_faults(self) -> None:
        """Put all faults out of force; what was held goes on."""
        self.admin("faults", method="DELETE")

    def effects(self) -> list[Json]:
        """Every change of the store's state with the request that made it."""
        log: list[Json] = self.admin("effects")
        return log

    def snapshot(self) -> None:
        """Keep the present state for ``reset``."""
        self.admin("snapshot", method="POST")

    def reset(self) -> None:
        """Back to the snapshot, or to the state the store began with."""
        self.admin("reset", method="POST")

    def save(self) -> None:
        """Write the state to the file of ``--state``."""
        self.admin("save", method="POST")

    def configure(self, **changes: object) -> Json:
        """Change quota, window_ms, latency_ms, clock_offset_seconds, plan, currency, ..."""
        configuration: Json = self.admin("config", changes)
        return configuration

    def add_token(self, token: str, scopes: list[str]) -> None:
        """Accept a token with these scopes."""
        self.admin("tokens", {"token": token, "scopes": scopes})

    def revoke_token(self, token: str) -> None:
        """Accept a token no longer."""
        self.admin(f"tokens/{token}", method="DELETE")

    def register_app(self, **fields: object) -> Json:
        """Register an app, or a known one anew.

        ``register_app(client_id="app", client_secret="...", redirect_uri="http://...", scopes=["store_v2_products"])``
        """
        app: Json = self.admin("apps", fields)
        return app

    def sign(self, client_id: str, kind: str, **wanted: object) -> Json:
        """A signed payload for the app: ``signed_payload_jwt``, ``claims``, ``url``; ``call=True`` calls the app.

        ``sign("app", "load", user_id=7, claims={"iss": "other"}, without=["exp"], header={"alg": "none"})``
        """
        payload: Json = self.admin(f"apps/{client_id}/signed", {"kind": kind} | wanted)
        return payload

    def dump(self) -> dict[str, list[Json]]:
        """Everything by resource: ``product`` (with sub-resources), ``brand``, ``category``, ``location``;
        ``order`` (with consignments, lines and fees), ``shipment``, ``refund``, ``order_status``.
        """
        answer = self._session.get(f"{self.root}/_sandbox/dump", timeout=600)
        answer.raise_for_status()
        resources: dict[str, list[Json]] = {name: [] for name in RESOURCES}
        for line in answer.content.splitlines():
            entry = msgspec.json.decode(line)
            resources[entry["resource"]].append(entry["record"])
        return resources

    def products(self) -> list[Json]:
        """Every product of the store with its sub-resources, by ascending id."""
        return self.dump()["product"]

    def insert_product(self, **fields: object) -> Json:
        """Put a product in, unchecked; what is left out gets the API's own value."""
        product: Json = self.admin("products", fields)
        return product

    def patch_product(self, product_id: int, **fields: object) -> Json:
        """Set any of a product's fields to anything."""
        product: Json = self.admin(f"products/{product_id}", fields)
        return product

    def patch_variant(self, product_id: int, variant_id: int, **fields: object) -> Json:
        """Set any of a variant's fields to anything."""
        variant: Json = self.admin(f"products/{product_id}/variants/{variant_id}", fields)
        return variant

    def delete_product(self, product_id: int) -> None:
        """Take a product out behind the API's back."""
        self.admin(f"products/{product_id}", method="DELETE")

    def orders(self) -> list[Json]:
        """Every order of the store with consignments, lines and fees, by ascending id."""
        return self.dump()["order"]

    def refunds(self) -> list[Json]:
        """Every refund of the store, by ascending id."""
        return self.dump()["refund"]

    def place_order(self, **fields: object) -> Json:
        """Place an order; what is left out is plain.

        ``place_order(status_id=9, lines=[{"sku": "A", "quantity": 2}, {"consignment": "pickup"}])``
        """
        order: Json = self.admin("orders", fields)
        return order

    def patch_order(self, order_id: int, **fields: object) -> Json:
        """Set any of an order's fields to anything; ``touch=False`` leaves ``date_modified`` as it is."""
        order: Json = self.admin(f"orders/{order_id}", fields)
        return order

    def patch_line(self, order_id: int, line_id: int, **fields: object) -> Json:
        """Set any of a line's fields to anything; ``touch=False`` leaves the order's ``date_modified`` as it is."""
        line: Json = self.admin(f"orders/{order_id}/lines/{line_id}", fields)
        return line

    def delete_order(self, order_id: int) -> None:
        """Take an order out for good; its refunds stay."""
        self.admin(f"orders/{order_id}", method="DELETE")

    def refund_order(self, order_id: int, **fields: object) -> Json:
        """Give back ``items``, or all that was not given back yet; the answer is the refund."""
        refund: Json = self.admin(f"orders/{order_id}/refunds", fields)
        return refund

    def ship_order(self, order_id: int, **fields: object) -> Json:
        """Ship ``items`` by hand, or all that has not left yet for the address; the answer is the shipment."""
        shipment: Json = self.admin(f"orders/{order_id}/shipments", fields)
        return shipment

    def rename_status(self, status_id: int, label: str) -> Json:
        """Give an order status another label."""
        status: Json = self.admin(f"order_statuses/{status_id}", {"custom_label": label})
        return status

    def violations(self) -> list[Json]:
        """Exchanges that broke the specification, when the store was started with ``openapi=``."""
        found: list[Json] = self.admin("violations")
        return found
