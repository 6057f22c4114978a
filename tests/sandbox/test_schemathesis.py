"""The store held to BigCommerce's OpenAPI files with requests that nobody wrote, as declared and not as declared.

The specification decides, through ``sandbox.conformance`` and its known differences.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import hypothesis
import pytest
import requests
from hypothesis import HealthCheck, Phase
from schemathesis import Case
from schemathesis.generation import GenerationMode

from sandbox.conformance import Specification
from sandbox.known_differences import Kind, is_known
from sandbox.process import FULL_TOKEN, SandboxProcess
from tests.effort import EFFORT, SEED
from tests.sandbox.openapi_cases import OpenApiCases, implemented

OPENAPI = os.environ.get("BIGCOMMERCE_OPENAPI_DIR")
EXAMPLES = 3 * EFFORT
"""How many requests are drawn for each operation, as declared and not as declared."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
UNDESCRIBED = "/v2/orders/{order_id}/shippingaddresses"
"""An old spelling of ``shipping_addresses``, which the files do not describe."""
OPERATIONS = [(method, template) for method, template in implemented() if not template.startswith(UNDESCRIBED)]

pytestmark = pytest.mark.skipif(not OPENAPI, reason="BIGCOMMERCE_OPENAPI_DIR does not name the folder of OpenAPI files")


@pytest.fixture(scope="module")
def store() -> Iterator[SandboxProcess]:
    with SandboxProcess(products=30, orders=30, quota=0) as process:
        yield process


@pytest.fixture(scope="module")
def cases(store: SandboxProcess) -> OpenApiCases:
    return OpenApiCases(Path(OPENAPI or ""), store)


@pytest.fixture(scope="module")
def specification() -> Specification:
    return Specification(Path(OPENAPI or ""))


class ExchangeChecker:
    """Sends requests and gives what is wrong with the exchanges; ``refused`` are the ids of those answered 4xx."""

    def __init__(self, specification: Specification, store: SandboxProcess, template: str) -> None:
        self._specification, self._store, self._template = specification, store, template
        self._session = requests.Session()
        self.refused: set[str] = set()

    def faults_of(self, case: Case) -> list[str]:
        """Send the request. A dropped connection raises; all other faults are returned."""
        response = case.call(session=self._session, headers={"X-Auth-Token": FULL_TOKEN}, timeout=10)
        status, request = response.status_code, response.request
        if status >= 400:
            self.refused.add(response.headers["x-request-id"][0])
        if status >= 500:
            return [f"{request.method} {self._template}: status {status}"]
        parts = urlsplit(request.url or "")
        path = unquote(parts.path).removeprefix(f"/stores/{self._store.store_hash}")
        if status == 405 or path.count("/") != self._template.count("/") or "//" in path or path.endswith("/"):
            return []  # a value with a slash, or none, makes another path of it
        body = request.body or b""
        violations = self._specification.check(
            request.method or "",
            path,
            parse_qsl(parts.query, keep_blank_values=True),
            body if isinstance(body, bytes) else body.encode(),
            status,
            {name: values[0] for name, values in response.headers.items()},
            response.content,
        )
        # What a request has wrong is a fault of the store's only where the store took it.
        faults = [violation for violation in violations if ": response" in violation or status < 300]
        return [fault for fault in faults if not self._is_passed_over(request.method or "", fault)]

    def _is_passed_over(self, method: str, violation: str) -> bool:
        _, _, rest = violation.partition(": query parameter ")
        name = rest.removesuffix(": does not fit its schema")
        return name != rest and is_known(Kind.PASSED_OVER, method, self._template, name)


@pytest.mark.parametrize(("method", "template"), OPERATIONS)
def test_every_answer_is_as_published(
    store: SandboxProcess, cases: OpenApiCases, specification: Specification, method: str, template: str
) -> None:
    store.reset()
    checker = ExchangeChecker(specification, store, template)
    for mode in MODES:
        strategy = cases.strategy(method, template, mode)
        if strategy is None:
            continue

        @hypothesis.seed(SEED)
        @hypothesis.settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(case=strategy)
        def answered_as_published(case: Case) -> None:
            assert checker.faults_of(case) == [], case.as_curl_command()

        answered_as_published()
    changed = [effect for effect in store.effects() if effect["request_id"] in checker.refused]
    assert changed == [], "a refused request changed the store"
