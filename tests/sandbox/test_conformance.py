"""The checker holds exchanges to the published specification: it speaks when it should, and only then."""

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
import pytest
import yaml

from sandbox.conformance import Specification
from sandbox.known_differences import KNOWN_DIFFERENCES, may_be_unset

FOLDER = os.environ.get("BIGCOMMERCE_OPENAPI_DIR", "")

JSON = {"Content-Type": "application/json; charset=utf-8"}
PRODUCTS, VARIANTS, ORDERS = "/v3/catalog/products", "/v3/catalog/variants", "/v2/orders"
META = {"pagination": {"total": 1, "count": 1, "per_page": 50, "current_page": 1, "total_pages": 1, "links": {}}}
VARIANT: dict[str, Any] = {"id": 7, "product_id": 12, "sku": "MUG-7", "price": 9.5, "option_values": []}
SHIPMENT = {"order_address_id": 4, "items": [{"order_product_id": 9, "quantity": 1}]}


SMALL = """
servers: [{url: 'https://api.example.com/'}]
paths:
  /stores/{store_hash}/v3/mugs:
    delete:
      parameters: [{name: 'id:in', in: query, required: true, schema: {type: integer}}]
      responses: {'204': {description: gone}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/mug'}}}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/mug'}}}}}
components:
  schemas:
    mug:
      type: object
      required: [id, volume]
      properties:
        id: {type: integer, readOnly: true}
        volume: {type: number, minimum: 0, exclusiveMinimum: true}
        glaze: {type: object, nullable: true, properties: {colour: {type: string, x-nullable: true}}}
        maker: {oneOf: [{properties: {name: {type: string}}}, {properties: {town: {type: string}}}]}
        lid: {$ref: '#/components/schemas/mug'}
"""


class Counter:
    """Calls a function and counts how often."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self.calls = function, 0

    def __call__(self, *positional: Any, **named: Any) -> Any:
        self.calls += 1
        return self._function(*positional, **named)


@pytest.fixture(scope="module")
def spec() -> Specification:
    if not FOLDER:
        pytest.skip("BIGCOMMERCE_OPENAPI_DIR does not name the folder of OpenAPI files")
    return Specification(Path(FOLDER))


@pytest.fixture
def small(tmp_path: Path) -> Specification:
    (tmp_path / "mugs.yml").write_text(SMALL)
    return Specification(tmp_path)


def exchange(
    spec: Specification,
    method: str,
    path: str,
    *query: tuple[str, str],
    sent: Any = None,
    status: int = 200,
    body: Any = None,
) -> list[str]:
    """Check one exchange whose bodies are given as values."""
    request_body = b"" if sent is None else json.dumps(sent).encode()
    response_body = b"" if body is None else json.dumps(body, default=lambda moment: moment.isoformat()).encode()
    return spec.check(method, path, list(query), request_body, status, JSON, response_body)


def published(file: str, *steps: str) -> Any:
    """What stands in a published file at the end of the steps."""
    found = yaml.load((Path(FOLDER) / file).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for step in steps:
        found = found[step]
    return copy.deepcopy(found)


def published_answer(file: str, path: str, method: str = "get") -> Any:
    """The published example of an operation's answer 200."""
    answer = published(file, "paths", path, method, "responses", "200")
    if "$ref" in answer:
        answer = published(file, *answer["$ref"].removeprefix("#/").split("/"))
    content = answer["content"]["application/json"]
    return content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]


@pytest.fixture(scope="module")
def product(spec: Specification) -> dict[str, Any]:
    """The published example product; it stands in the file without the ``data`` around it, and with an id of 0."""
    example: dict[str, Any] = published_answer("products_catalog.v3.yml", "/catalog/products", "post")
    return {**example, "id": 12}


def page(*records: Any) -> dict[str, Any]:
    return {"data": list(records), "meta": META}


@pytest.mark.parametrize(
    ("file", "key", "path"),
    [
        ("product-variants_catalog.v3.yml", "/catalog/products/{product_id}/variants", f"{PRODUCTS}/12/variants"),
        ("brands_catalog.v3.yml", "/catalog/brands", "/v3/catalog/brands"),
        ("brands_catalog.v3.yml", "/catalog/brands/{brand_id}", "/v3/catalog/brands/3"),
        ("category-trees_catalog.v3.yml", "/catalog/trees/categories", "/v3/catalog/trees/categories"),
        ("store_information.v2.yml", "/store", "/v2/store"),
        ("store_information.v2.yml", "/time", "/v2/time"),
        ("orders.v2.oas2.yml", "/order_statuses", "/v2/order_statuses"),
    ],
)
def test_published_answers_pass(spec: Specification, product: Any, file: str, key: str, path: str) -> None:
    assert exchange(spec, "GET", PRODUCTS, body=page(product)) == []
    assert exchange(spec, "GET", path, body=published_answer(file, key)) == []


@pytest.mark.parametrize("name", [12, None, ["Mug"]])
def test_a_product_name_that_is_no_text_is_reported(spec: Specification, product: dict[str, Any], name: Any) -> None:
    violations = exchange(spec, "GET", PRODUCTS, body=page(product, product | {"name": name}))
    assert violations == ["GET /v3/catalog/products: response 200 body at /data/1/name: must be string"]


def test_a_null_variant_price_passes_and_a_null_variant_id_does_not(spec: Specification) -> None:
    assert exchange(spec, "GET", VARIANTS, body=page(VARIANT | {"price": None})) == []
    (violation,) = exchange(spec, "GET", VARIANTS, body=page(VARIANT | {"id": None}))
    assert violation == "GET /v3/catalog/variants: response 200 body at /data/0/id: must be integer"


def test_the_variants_of_a_product_are_held_to_their_schema(spec: Specification, product: dict[str, Any]) -> None:
    variants = [VARIANT, VARIANT | {"sku": 5}, VARIANT | {"colour": "red"}]
    told = exchange(spec, "GET", PRODUCTS, body=page(product, product | {"variants": variants}))
    assert [violation.split(" at /data/1/variants/")[1] for violation in told] == ["1/sku: must be string"]
    told = exchange(spec, "GET", PRODUCTS, body=page(product | {"variants": variants[2:], "colour": "red"}))
    assert [violation.split(" body at /data/")[1].split(":")[0] for violation in told] == ["0", "0/variants/0"]


def test_paging_figures_are_never_null(spec: Specification) -> None:
    meta = {"pagination": META["pagination"] | {"total": None}}
    violations = exchange(spec, "GET", VARIANTS, body={"data": [VARIANT], "meta": meta})
    assert violations == ["GET /v3/catalog/variants: response 200 body at /meta/pagination/total: must be integer"]


def test_a_property_that_is_not_listed_is_told_once(spec: Specification, product: dict[str, Any]) -> None:
    (violation,) = exchange(spec, "GET", PRODUCTS, body=page(product | {"images": [{"colour": "red"}]}))
    assert violation.endswith("body at /data/0/images/0: property colour is not in the specification")


def test_the_same_fault_in_every_record_is_told_once(spec: Specification, product: dict[str, Any]) -> None:
    (violation,) = exchange(spec, "GET", PRODUCTS, body=page(*[product | {"price": "dear"}] * 250))
    assert violation.endswith("body at /data/0/price: must be number (250 times)")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (PRODUCTS, "limit=abc&limit=251&id:in=1,two&include=variants,colours&is_visible=yes&colour=red"),
        (VARIANTS, "id:greater=5&sku:in=a,b"),
        (ORDERS, "sort=colour:asc&status_id=2,11"),
        ("/v3/inventory/items", "variant_id:in=1,two&page=last"),
    ],
)
def test_a_query_parameter_that_is_not_as_declared_is_reported(spec: Specification, path: str, query: str) -> None:
    for name, value in parse_qsl(query):
        (violation,) = exchange(spec, "GET", path, (name, value), status=503)
        assert violation.startswith(f"GET {path}: query parameter {name}: ")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (PRODUCTS, "id:greater=5&id:in=1,2&include=variants,custom_fields,images&is_visible=true&is_visible=1"),
        (ORDERS, "sort=date_created:desc&include=consignments,consignments.line_items,fees&limit=250"),
        ("/v3/inventory/items", "variant_id:in=1,2&sku:in=a,b"),
        (f"{PRODUCTS}/channel-assignments", "product_id:in=1,2"),  # and is not the product of that name
    ],
)
def test_a_query_parameter_as_declared_passes(spec: Specification, path: str, query: str) -> None:
    assert exchange(spec, "GET", path, *parse_qsl(query), status=503) == []


def test_an_operation_that_is_not_published_is_reported(spec: Specification) -> None:
    told = [exchange(spec, "GET", path, status=503) for path in ("/v3/catalog/parrots", f"{PRODUCTS}/mug")]
    assert told[0] == ["GET /v3/catalog/parrots: path is not in the specification"]
    assert told[1] == ["GET /v3/catalog/products/{product_id}: path parameter product_id: does not fit its schema"]
    assert exchange(spec, "PATCH", PRODUCTS) == ["PATCH /v3/catalog/products: method is not in the specification"]


def test_an_undeclared_status_is_reported_unless_it_is_known(spec: Specification) -> None:
    def told(path: str, status: int) -> str:
        return "".join(exchange(spec, "GET", path, status=status)).removeprefix(f"GET {path}: response: ")

    assert told(PRODUCTS, 418) == "status 418 is not declared"
    assert told(PRODUCTS, 204) == "status 204 is not declared"
    assert [told(ORDERS, 204), *(told(PRODUCTS, status) for status in (401, 403, 429, 503))] == [""] * 5


def test_an_answer_is_json_where_json_is_declared_and_204_is_empty(spec: Specification) -> None:
    def answer(status: int, media_type: str, body: bytes) -> list[str]:
        found = spec.check("GET", ORDERS, [], b"", status, {"content-type": media_type}, body)
        return [violation.removeprefix("GET /v2/orders: ") for violation in found]

    assert answer(200, "application/json", b"[]") == []
    assert answer(200, "application/json", b"[") == ["response 200 body: not JSON"]
    assert answer(200, "text/html", b"[]") == ["response 200: content type is not application/json"]
    assert answer(200, "application/json", b"") == ["response 200: carries no body"]
    assert answer(204, "application/json", b"[]") == ["response 204: carries a body"]


def test_a_request_body_is_held_to_its_schema(spec: Specification) -> None:
    def send(body: Any) -> list[str]:
        found = exchange(spec, "POST", f"{ORDERS}/101/shipments", sent=body, status=429)
        return [violation.removeprefix("POST /v2/orders/{order_id}/shipments: ") for violation in found]

    assert send(SHIPMENT) == []
    assert send(SHIPMENT | {"order_address_id": "four"}) == ["request body at /order_address_id: must be integer"]
    assert send(SHIPMENT | {"tracking_number": "9" * 51}) == ["request body at /tracking_number: breaks maxLength 50"]
    assert exchange(spec, "PUT", VARIANTS, sent=[{"id": 7, "price": 9.5}], status=429) == []
    mug = {"name": "Mug", "type": "physical", "weight": 1, "price": 9.5, "variants": [{"sku": "MUG-7"}]}
    assert exchange(spec, "POST", PRODUCTS, sent=mug, status=429) == []
    assert exchange(spec, "PUT", VARIANTS, sent=[{"id": 7, "price": "dear"}], status=429) != []


def test_a_violation_holds_no_value_of_a_body(spec: Specification, product: dict[str, Any]) -> None:
    secret = "jane.doe@example.com"
    wrong = product | dict.fromkeys(("price", "type", "date_modified", "categories", "images"), secret)
    told = exchange(spec, "GET", PRODUCTS, ("limit", secret), body=page(wrong))
    told += exchange(spec, "PUT", VARIANTS, sent=[{"id": secret, "price": secret}], status=429)
    assert len(told) == 8
    assert secret not in " ".join(told)


def test_every_known_difference_has_its_reason_and_a_published_path(spec: Specification) -> None:
    assert [known for known in KNOWN_DIFFERENCES if len(known.why.split()) < 5] == []
    everywhere = [known.what for known in KNOWN_DIFFERENCES if known.path == "*"]
    assert sorted(everywhere) == ["401", "403", "429", "500", "502", "503", "504"]
    for known in KNOWN_DIFFERENCES:
        if not known.path.endswith("*"):
            path = known.path.replace("{", "").replace("}", "")
            assert "path is not in" not in " ".join(exchange(spec, "GET", path, status=503)), known


def test_a_client_need_not_send_what_is_read_only(small: Specification) -> None:
    def asked(**mug: Any) -> list[str]:
        found = exchange(small, "POST", "/v3/mugs", sent=mug, status=429)
        return [violation.removeprefix("POST /v3/mugs: request body at ") for violation in found]

    assert asked(volume=1, glaze=None, lid={"volume": 2, "glaze": {"colour": None}}) == []
    assert asked(volume=0) == ["/volume: breaks exclusiveMinimum 0"]
    assert asked(volume=1, glaze={"colour": 3}) == ["/glaze/colour: must be string"]
    assert asked(id=1) == ["/: required property volume is missing"]
    assert asked(volume=None) == ["/volume: must be number"]


def test_an_answer_must_hold_what_is_read_only_but_may_leave_numbers_unset(small: Specification) -> None:
    def answered(**mug: Any) -> list[str]:
        found = exchange(small, "POST", "/v3/mugs", sent={"volume": 1}, body=mug)
        return [violation.removeprefix("POST /v3/mugs: response 200 body at ") for violation in found]

    assert answered(id=1, volume=None, maker={"name": "Ann", "town": "Ulm"}) == []
    assert answered(volume=1) == ["/: required property id is missing"]
    assert answered(id=1, volume=1, lid={"id": 2, "volume": 1, "rim": 1}) == [
        "/lid: property rim is not in the specification"
    ]


def test_what_an_operation_demands_or_does_not_take_is_reported(small: Specification) -> None:
    told = exchange(small, "POST", "/v3/mugs", status=429) + exchange(small, "DELETE", "/v3/mugs", sent=[1], status=204)
    assert told == [
        "POST /v3/mugs: request body: required, not given",
        "DELETE /v3/mugs: query parameter id:in: required, not given",
        "DELETE /v3/mugs: request body: none is declared",
    ]


def test_numbers_dates_and_ids_may_be_unset_and_nothing_else() -> None:
    assert all(may_be_unset(name, "string", None) for name in ("cart_id", "date_shipped"))
    assert may_be_unset("price", "number", None)
    assert may_be_unset("released", "string", "date-time")
    assert not any(may_be_unset(name, "integer", None) for name in ("id", ""))
    assert not may_be_unset("name", "string", None)
    assert not may_be_unset("is_visible", "boolean", None)


def test_a_file_is_parsed_and_a_schema_compiled_once_and_only_when_needed(
    product: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, compiled = Counter(yaml.load), Counter(jsonschema_rs.Draft202012Validator)
    monkeypatch.setattr("sandbox.conformance.yaml.load", parsed)
    monkeypatch.setattr("sandbox.conformance.jsonschema_rs.Draft202012Validator", compiled)
    spec = Specification(Path(FOLDER))
    assert (parsed.calls, compiled.calls) == (0, 0)

    body = json.dumps(page(*[product | {"variants": [VARIANT] * 4}] * 250), default=str).encode()
    spec.check("GET", PRODUCTS, [], b"", 200, JSON, body)
    first = (parsed.calls, compiled.calls)
    assert first[0] == 1
    assert first[1] > 0
    spec.check("GET", PRODUCTS, [], b"", 200, JSON, body)
    assert (parsed.calls, compiled.calls) == first
