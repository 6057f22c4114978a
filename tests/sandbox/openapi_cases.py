"""Requests that nobody wrote: schemathesis makes them from the OpenAPI files, for the routes of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import Case
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from sandbox.conformance import SpecificationFile, resolve
from sandbox.exchange import Json
from sandbox.process import SandboxProcess
from sandbox.routes import store_router

# What ``id`` of a body names where the path does not say it.
BODY_IDS = {"/v3/catalog/products": "product_id", "/v3/catalog/variants": "variant_id"}
PROSE = ("description", "example", "examples")

Ids = dict[str, list[int]]


def implemented() -> list[tuple[str, str]]:
    """Method and template of every route of the sandbox's store."""
    return sorted((route.method, route.template) for route in store_router().routes)


class OpenApiCases:
    """Strategies of requests for each operation that the sandbox implements.

    :param folder: where the OpenAPI files lie; one is read when an operation of it is first asked for.
    """

    def __init__(self, folder: Path, store: SandboxProcess) -> None:
        self._files = [SpecificationFile(file) for file in sorted(folder.glob("*.yml"))]
        self._operations: dict[tuple[str, str], APIOperation[Any, Any, Any]] = {}
        self._store = store
        self._ids = _ids_of(store)

    def strategy(self, method: str, template: str, mode: GenerationMode) -> SearchStrategy[Case] | None:
        """Requests of the operation as declared (positive) or not (negative), three in four about existing records.

        :return: none where the operation takes nothing that could be other than declared.
        :raises LookupError: no file describes the operation.
        """
        operation = self._operation(method, template)
        takes_nothing = not (operation.path_parameters or operation.query or operation.body)
        if mode is GenerationMode.NEGATIVE and takes_nothing:
            return None
        return _with_known_ids(operation.as_strategy(generation_mode=mode), self._ids, template)

    def _operation(self, method: str, template: str) -> APIOperation[Any, Any, Any]:
        if (method, template) not in self._operations:
            file = next((each for each in self._files if template in each.templates), None)
            if file is None:
                raise LookupError(f"no file describes {template}")
            self._load(file)
        return self._operations[method, template]

    def _load(self, file: SpecificationFile) -> None:
        routes = implemented()
        paths: Json = {}
        for template, key in file.templates.items():
            item: Json = file.document["paths"][key]
            methods = [method.lower() for method, path in routes if path == template and method.lower() in item]
            holders = {method: item[method] | _without_headers(file.document, item[method]) for method in methods}
            if methods:
                paths[template] = _without_headers(file.document, item) | holders
        # The paths count from the store on, so the servers and their {store_hash} are left out.
        document = {name: file.document[name] for name in ("openapi", "info", "components") if name in file.document}
        schema = schemathesis.openapi.from_dict(_plain(document | {"paths": paths}))
        schema.config.update(base_url=self._store.url)
        for result in schema.get_all_operations():
            operation = result.ok()
            self._operations[operation.method.upper(), operation.path] = operation


def _ids_of(store: SandboxProcess) -> Ids:
    """Ids of records by the parameter that names them."""
    products = sorted(store.products(), key=lambda each: len(each["options"]), reverse=True)[:3]
    orders, shipments = store.orders(), store.dump()["shipment"]
    shipped = [each["order_id"] for each in shipments[:2]]
    ids = {
        "product_id": [each["id"] for each in products],
        "variant_id": [each["variants"][0]["id"] for each in products],
        "option_id": [option["id"] for each in products for option in each["options"]],
        "value_id": [one["id"] for each in products for option in each["options"] for one in option["option_values"]],
        "image_id": [image["id"] for each in products for image in each["images"]],
        "custom_field_id": [one["id"] for each in products for one in each["custom_fields"]],
        "order_id": [*shipped, *(each["id"] for each in orders[:3])],
        "shipment_id": [each["id"] for each in shipments[:2]],
        "brand_id": [1],
        "category_id": [18],
        "channel_id": [1],
        "location_id": [1],
        "order_address_id": [1],
        "order_product_id": [1],
        "status_id": [2, 11],
        "tree_id": [1],
    }
    return {name: known for name, known in ids.items() if known}


def _with_known_ids(cases: SearchStrategy[Case], ids: Ids, template: str) -> SearchStrategy[Case]:
    body_ids = ids | ({"id": ids[BODY_IDS[template]]} if template in BODY_IDS else {})

    @st.composite
    def known(draw: st.DrawFn) -> Case:
        case = draw(cases)
        if draw(st.integers(0, 3)):
            for name in case.path_parameters or {}:
                if name in ids:
                    case.path_parameters[name] = draw(st.sampled_from(ids[name]))
            _set_known(case.body, body_ids, draw)
        return case

    return known()


def _set_known(part: Any, ids: Ids, draw: st.DrawFn) -> None:
    """Put existing ids where a body has some number for one."""
    for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _set_known(value, ids, draw)
    for name in ids.keys() & part.keys() if isinstance(part, dict) else ():
        if isinstance(part[name], int) and not isinstance(part[name], bool):
            part[name] = draw(st.sampled_from(ids[name]))


def _without_headers(document: Json, holder: Json) -> Json:
    """The holder's parameters without the headers: all operations ask for the same, and every client sends them."""
    parameters: Iterator[Json] = iter(holder.get("parameters", []))
    return {"parameters": [each for each in parameters if resolve(document, each).get("in") != "header"]}


def _plain(part: Any) -> Any:
    """The part in terms that schemathesis knows, without prose and examples."""
    if isinstance(part, list):
        return [_plain(each) for each in part]
    if not isinstance(part, dict):
        return part
    plain = {name: _plain(value) for name, value in part.items() if name not in PROSE or isinstance(value, dict)}
    if part.get("x-nullable") is True:
        plain["nullable"] = True
    if isinstance(part.get("required"), bool) and "in" not in part and "content" not in part:
        del plain["required"]  # ``required: true`` on a property says nothing
    return plain
