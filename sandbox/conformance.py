"""Hold each request and response to BigCommerce's published OpenAPI files.

What the files are known to leave out or get wrong stands in ``known_differences``; all else is a violation.
A violation names method, path, place and rule, never a value: bodies hold names, addresses and tokens.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import yaml

from sandbox.known_differences import Kind, is_known, may_be_unset, take_unlisted

Schema = dict[str, Any]
Broken = tuple[str, str]  # pointer and rule

BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
KEPT = ("type", "enum", "pattern", "uniqueItems", *BOUNDS)  # means the same in OpenAPI 3.0 and in JSON Schema
COMBINATIONS = frozenset({"allOf", "oneOf", "anyOf"})
NO_CONTENT = 204
MOST_VIOLATIONS = 20  # a page of 250 products that is wrong is wrong in the same few ways


class SchemaConverter:
    """Turn OpenAPI 3.0 schemas of one document into JSON Schema.

    :param document: the parsed file, to follow references in.
    :param answers: of what the service answers, unset values may be null; of what a client sends (False), not.
    :param closed: refuse properties that the schema does not list.
    """

    def __init__(self, document: Schema, *, answers: bool, closed: bool) -> None:
        self._document, self._answers, self._closed = document, answers, closed
        self._definitions: Schema = {}
        self._names: dict[tuple[str, bool], str] = {}

    def standalone(self, schema: Schema) -> Schema:
        """:return: the schema with every definition it refers to."""
        return {"allOf": [self._place(schema, "", self._answers)], "$defs": self._definitions}

    def _place(self, schema: Schema, name: str, unset: bool) -> Schema:
        """Convert what stands for a value (root, property, list item), not for a part of an allOf or oneOf."""
        unset = unset and name != "meta"  # paging figures are always set
        converted = self._convert(schema, unset)
        target = resolve(self._document, schema)
        if unset and may_be_unset(name, target.get("type"), target.get("format")):
            converted = {"anyOf": [converted, {"type": "null"}]}
        return {**converted, "unevaluatedProperties": False} if self._closed and self._lists(target) else converted

    def _convert(self, schema: Schema, unset: bool) -> Schema:
        converted = {"$ref": self._definition(schema["$ref"], unset)} if "$ref" in schema else self._own(schema, unset)
        nullable = schema.get("nullable") is True or schema.get("x-nullable") is True
        return {"anyOf": [converted, {"type": "null"}]} if nullable else converted

    def _own(self, schema: Schema, unset: bool) -> Schema:
        converted: Schema = {keyword: schema[keyword] for keyword in KEPT if keyword in schema}
        if schema.get("format") == "date-time":  # the one that is meant: fields of format ``date`` carry a time too
            converted["format"] = "date-time"
        for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if schema.get(exclusive) is True and bound in converted:
                converted[exclusive] = converted.pop(bound)
        properties: Schema = schema.get("properties") or {}
        converted["properties"] = {name: self._place(part, name, unset) for name, part in properties.items()}
        if isinstance(schema.get("required"), list):  # ``required: true`` on a property says nothing
            absent = "writeOnly" if self._answers else "readOnly"
            left_out = {name for name, part in properties.items() if resolve(self._document, part).get(absent)}
            converted["required"] = [name for name in schema["required"] if name not in left_out]
        for keyword in ("items", "additionalProperties"):
            if (part := schema.get(keyword)) is not None:
                converted[keyword] = self._place(part, "", unset) if isinstance(part, dict) else part
        for combination in COMBINATIONS.intersection(schema):
            # Alternatives require little and overlap: what fits one often fits two, so oneOf is read as anyOf.
            converted[combination.replace("oneOf", "anyOf")] = [
                self._convert(part, unset) for part in schema[combination]
            ]
        return converted

    def _definition(self, reference: str, unset: bool) -> str:
        key = (reference, unset)
        if key not in self._names:
            name = self._names[key] = f"d{len(self._names)}"  # named before it is converted: schemas may be recursive
            self._definitions[name] = self._convert(resolve(self._document, {"$ref": reference}), unset)
        return f"#/$defs/{self._names[key]}"

    def _lists(self, schema: Schema) -> bool:
        """Whether the schema lists properties at all; a bare ``type: object`` leaves them open."""
        parts = [part for combination in COMBINATIONS.intersection(schema) for part in schema[combination]]
        return bool(schema.get("properties")) or any(self._lists(resolve(self._document, part)) for part in parts)


class Operation:
    """One method of one path, with its checks; each schema is compiled when first needed."""

    def __init__(self, document: Schema, item: Schema, method: str, template: str) -> None:
        self._document, self._method, self._template = document, method, template
        self._declared: Schema = item[method.lower()]
        every = [resolve(document, one) for one in [*item.get("parameters", []), *self._declared.get("parameters", [])]]
        self._parameters = {(one["in"], one["name"]): one for one in every}
        self._validators: dict[tuple[int, bool, bool], jsonschema_rs.Validator] = {}

    def check_parameters(self, path_values: Mapping[str, str], query: list[tuple[str, str]]) -> Iterator[str]:
        """What is wrong with the path's values and the query's parameters."""
        for name, value in path_values.items():
            if not self._fits(self._parameters.get(("path", name), {}).get("schema", {}), value):
                yield f"path parameter {name}: does not fit its schema"
        for name, value in query:
            parameter = self._parameters.get(("query", name))
            if parameter is None:
                yield f"query parameter {name}: not declared"
            elif not self._query_value_fits(parameter, name, value):
                yield f"query parameter {name}: does not fit its schema"
        required = {name for (place, name), one in self._parameters.items() if place == "query" and one.get("required")}
        for name in sorted(required - {name for name, _ in query}):
            yield f"query parameter {name}: required, not given"

    def _query_value_fits(self, parameter: Schema, name: str, value: str) -> bool:
        schema = resolve(self._document, parameter.get("schema", {}))
        listed = is_known(Kind.COMMA_LIST, self._method, self._template, name)
        if schema.get("type") == "array":
            schema = schema.get("items", {})
            listed = not parameter.get("explode", True)  # an exploded list repeats the parameter, a value each time
        if is_known(Kind.SORT_DIRECTION, self._method, self._template, name):
            value = re.sub(r":(asc|desc)$", "", value)
        values = value.split(",") if listed else [value]
        return (listed and not value) or all(self._fits(schema, each) for each in values)

    def _fits(self, schema: Schema, text: str) -> bool:
        typed = _typed(resolve(self._document, schema).get("type"), text)
        return typed is not None and self._validator(schema).is_valid(typed)

    def check_request_body(self, body: bytes) -> Iterator[str]:
        """What is wrong with what was sent."""
        declared = resolve(self._document, self._declared.get("requestBody", {}))
        content: Schema = declared.get("content", {})
        if not body and declared.get("required"):
            yield "request body: required, not given"
        elif body and not content:
            yield "request body: none is declared"
        elif body and "application/json" in content and (len(content) == 1 or body.lstrip()[:1] in (b"{", b"[")):
            yield from self._check_json("request body", content["application/json"].get("schema", {}), body, False)

    def check_response(self, status: int, content_type: str, body: bytes) -> Iterator[str]:
        """What is wrong with what was answered."""
        declared = self._declared.get("responses", {}).get(str(status))
        if declared is None and not is_known(Kind.STATUS, self._method, self._template, str(status)):
            yield f"response: status {status} is not declared"
        content: Schema = {} if status == NO_CONTENT else resolve(self._document, declared or {}).get("content", {})
        media_type = content_type.partition(";")[0].strip().lower()
        if status == NO_CONTENT and body:
            yield f"response {status}: carries a body"
        elif content and not body:
            yield f"response {status}: carries no body"
        elif content and media_type not in content:
            yield f"response {status}: content type is not {' or '.join(sorted(content))}"
        elif body and media_type.endswith("json"):
            schema = content.get(media_type, {}).get("schema", {})
            yield from self._check_json(f"response {status} body", schema, body, True)

    def _check_json(self, place: str, schema: Schema, body: bytes, answers: bool) -> Iterator[str]:
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield f"{place}: not JSON"
            return
        unlisted = take_unlisted(self._method, self._template, value) if answers else []
        held = [(schema, "", value), *unlisted]
        broken = [each for its_schema, at, part in held for each in self._broken(its_schema, at, part, answers)]
        gathered: dict[Broken, list[str]] = {}  # the same rule in every item of a list is told once
        for pointer, rule in broken:
            gathered.setdefault((re.sub(r"/\d+(?=/|$)", "/*", pointer), rule), []).append(pointer or "/")
        kind = Kind.RULE if answers else Kind.REQUEST_RULE
        told = [key for key in gathered if not is_known(kind, self._method, self._template, " ".join(key))]
        for key in told[:MOST_VIOLATIONS]:
            times = f" ({len(gathered[key])} times)" if len(gathered[key]) > 1 else ""
            yield f"{place} at {gathered[key][0]}: {key[1]}{times}"

    def _broken(self, schema: Schema, at: str, value: Any, answers: bool) -> list[Broken]:
        closed = self._validator(schema, answers=True, closed=True) if answers else None
        if closed and closed.is_valid(value):  # stricter than the open form: a page that passes is walked once
            return []
        broken = list(_told(self._validator(schema, answers=answers).iter_errors(value), at))
        return broken or (_innermost(list(_told(closed.iter_errors(value), at))) if closed else [])

    def _validator(self, schema: Schema, *, answers: bool = False, closed: bool = False) -> jsonschema_rs.Validator:
        key = (id(schema), answers, closed)
        if key not in self._validators:
            converted = SchemaConverter(self._document, answers=answers, closed=closed).standalone(schema)
            self._validators[key] = jsonschema_rs.Draft202012Validator(converted, validate_formats=True, offline=True)
        return self._validators[key]


class SpecificationFile:
    """One published file: which paths it holds is read from its text; it is parsed when one of them is asked for."""

    def __init__(self, file: Path) -> None:
        self._file = file
        text = file.read_text(encoding="utf-8")
        server = re.search(r"url:\s*['\"]?https?://[^/\s]+(/[^\s'\"]*)", text)
        keys = re.findall(r"^  ['\"]?(/[^\s'\":]*)['\"]?:\s*$", text, re.MULTILINE)
        # Files may write a path from the host, the store or the version on; here all count from the store on.
        base = server[1].rstrip("/") if server else ""
        self.templates = {re.sub(r"^/stores/\{\w+\}", "", base + key): key for key in keys}

    @cached_property
    def document(self) -> Schema:
        """The file, parsed when first needed."""
        return dict(yaml.load(self._file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


class Specification:
    """BigCommerce's published REST specification.

    :param folder: where the OpenAPI files (``*.yml``) lie; there must be one at least.
    """

    def __init__(self, folder: Path) -> None:
        files = [SpecificationFile(file) for file in sorted(folder.glob("*.yml"))]
        if not files:
            raise FileNotFoundError(f"no OpenAPI files (*.yml) in {folder}")
        self._files = {template: file for file in files for template in file.templates}
        # Literal steps win over parameters: /catalog/products/metafields is not the product "metafields".
        self._patterns = {name: _pattern(name) for name in sorted(self._files, key=lambda name: name.count("{"))}
        self._operations: dict[tuple[str, str], Operation] = {}

    def check(
        self, method: str, path: str, query: list[tuple[str, str]], request_body: bytes,
        status: int, headers: Mapping[str, str], response_body: bytes,
    ) -> list[str]:  # fmt: skip
        """Check one exchange.

        :param path: what follows ``/stores/{hash}``, such as ``/v3/catalog/products``.
        :param headers: those of the response.
        :return: one sentence per violation; none when the exchange is as published.
        """
        found = ((template, pattern.fullmatch(path)) for template, pattern in self._patterns.items())
        template, match = next((one for one in found if one[1]), ("", None))
        if match is None:
            return [f"{method} {path}: path is not in the specification"]
        file = self._files[template]
        item = file.document["paths"][file.templates[template]]
        if method.lower() not in item:
            return [f"{method} {template}: method is not in the specification"]
        if (method, template) not in self._operations:
            self._operations[method, template] = Operation(file.document, item, method, template)
        operation = self._operations[method, template]
        content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        violations = [
            *operation.check_parameters(match.groupdict(), query),
            *operation.check_request_body(request_body),
            *operation.check_response(status, content_type, response_body),
        ]
        return [f"{method} {template}: {each}" for each in violations]


def resolve(document: Schema, part: Schema) -> Schema:
    """:return: the part itself, or what it refers to."""
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        part = found
    return part


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _typed(declared: str | None, text: str) -> float | bool | str | None:
    """:return: the text as the declared type, or None when it is not of that type."""
    if declared in ("integer", "number"):
        figures = re.fullmatch(r"-?\d{1,18}" if declared == "integer" else r"-?\d+(\.\d*)?([eE][+-]?\d+)?", text)
        return float(text) if figures else None
    return {"true": True, "1": True, "false": False, "0": False}.get(text) if declared == "boolean" else text


def _told(errors: Iterable[jsonschema_rs.ValidationError], at: str) -> Iterator[Broken]:
    """Pointer and rule of each error; where no alternative holds, the errors of the one that gets farthest."""
    for error in errors:
        kind: Any = error.kind
        pointer = at + "".join(f"/{step}" for step in error.instance_path)
        alternatives = [one for one in getattr(kind, "context", []) if one]
        if alternatives:
            yield from _told(max(alternatives, key=lambda one: max(len(each.instance_path) for each in one)), at)
        elif hasattr(kind, "unexpected"):
            yield from ((pointer, f"property {name} is not in the specification") for name in kind.unexpected)
        elif hasattr(kind, "property"):
            yield pointer, f"required property {kind.property} is missing"
        elif hasattr(kind, "types"):
            yield pointer, f"must be {' or '.join(kind.types)}"
        else:
            limit = getattr(kind, "limit", getattr(kind, "format", ""))
            yield pointer, f"breaks {error.schema_path[-1]} {limit}".strip()


def _innermost(broken: list[Broken]) -> list[Broken]:
    """An undeclared property fails every object around its own too; only the innermost says something."""
    around = {pointer[:at] for pointer, _ in broken for at, letter in enumerate(pointer) if letter == "/"}
    return [(pointer, rule) for pointer, rule in broken if pointer not in around]
