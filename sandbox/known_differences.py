"""Where the real service, or a published example, differs from the published specification.

One reviewed list. Each entry is narrow: it names the operations, the place and the one rule it lifts, and says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an entry lifts."""

    STATUS = "status"  # the operation may answer with this status although it does not declare it
    COMMA_LIST = "comma list"  # the parameter takes a list of what is declared for one value
    SORT_DIRECTION = "sort direction"  # ``:asc`` or ``:desc`` may follow the declared value
    RULE = "rule"  # the rule does not hold at this place of the answer
    REQUEST_RULE = "request rule"  # the rule does not hold at this place of the request
    PASSED_OVER = "passed over"  # a value of the parameter that is not as declared is passed over, not refused
    PROPERTY = "property"  # the answer may hold this property although the schema does not list it


@dataclass(frozen=True)
class Difference:
    """One thing in which the specification is known to be silent or wrong.

    :param method: HTTP method; ``*`` for every one.
    :param path: path template with its version, such as ``/v2/orders``; a ``*`` at the end stands for any ending.
    :param what: the status; the parameter's name, or its ending (``:in``); the pointer of the property; pointer and
        rule. List positions are written ``*``.
    :param why: how it is known.
    :param schema: what the value of the property is held to instead, in terms of the same file.
    """

    kind: Kind
    method: str
    path: str
    what: str
    why: str
    schema: dict[str, Any] = field(default_factory=dict)

    def covers(self, kind: Kind, method: str, path: str, what: str) -> bool:
        """Whether this difference is about that place."""
        same_path = path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path
        same_what = what.endswith(self.what) if self.what.startswith(":") else what == self.what
        return kind is self.kind and self.method in ("*", method) and same_path and same_what


GATEWAY = "The gateway before every operation answers so; the files declare it here and there, the status page for all."
REFUSED = "V2 refuses a body with 400; of the writes to an order the file declares it for shipping_addresses only."
VARIANTS = {"type": "array", "items": {"$ref": "#/components/schemas/productVariant_Full"}}
INCLUDED = "The include parameter lists variants, the product of an answer does not; the product to create does."
SERVER_SETS = "The schema is that of a stored variant: its ids are given by the store, they cannot be sent."
SAME_RECORD = "The variants of one product are listed with it; this is the list of the same records."
ONE_403 = "One gateway answers 403 for all routes; the products' file requires the property, the brands' leaves it out."
EXAMPLE = "The operation's published example carries the property, its schema does not list it."
ORDER_404 = "The order does not exist; the file declares this for GET /orders/{order_id}, its parts answer alike."
EMPTY = "V2 answers an empty list with no body; of an order's lists the file declares this for its shipments only."
STATUS_404 = "The status does not exist; V2 answers as for an order, the file declares 200 alone."
REFUND_404 = "The refund or its order does not exist; the file declares 200 alone."
BAD_QUERY = "V3 refuses an unknown or bad parameter with 422; the files declare it for few operations."
NOT_JSON = "A body that is no JSON is refused before the operation sees it; the files declare 400 for few of them."
NO_RECORD = "The path names no record, as where it holds no number; the files declare 404 for a part of the operations."
ONE_ERROR = "The catalog's error body holds it in all other operations; the schema of these answers leaves it out."
NARROWED = "A record narrowed by include_fields or exclude_fields lacks the other fields, required or not."
LIMIT = "A limit beyond the maximum counts as the maximum; the files declare the maximum for a part of the lists."
FIELD_NAMES = "The files list the names of fields; none says that the name of no field is refused."
NAMED_BY_ID = "The operation says that option values are named by id and option_id; its schema asks for names, too."
CLASH = "The operation declares no refusal; a SKU or combination that is taken conflicts as with a product's own SKU."
FEES: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/orderFees_Resp"}}
LISTED_REFUND = "The list of refunds declares it for the same record; the schema of a single one leaves it out."

KNOWN_DIFFERENCES = (
    *(
        Difference(Kind.STATUS, "*", "*", status, GATEWAY)
        for status in ("401", "403", "429", "500", "502", "503", "504")
    ),
    Difference(Kind.STATUS, "GET", "/v2/orders", "204", "No order matches: V2 answers an empty list with no body."),
    *(
        Difference(Kind.STATUS, "GET", f"/v2/orders/{{order_id}}/{part}", "204", EMPTY)
        for part in ("coupons", "messages", "products", "shipping_addresses", "taxes")
    ),
    Difference(Kind.STATUS, "GET", "/v3/*", "422", BAD_QUERY),
    Difference(Kind.STATUS, "DELETE", "/v3/catalog/products*", "422", BAD_QUERY),
    *(Difference(Kind.STATUS, method, "/v3/*", "400", NOT_JSON) for method in ("POST", "PUT")),
    *(
        Difference(Kind.STATUS, method, "/v3/catalog/products/{product_id}*", "404", NO_RECORD)
        for method in ("GET", "DELETE")
    ),
    *(Difference(Kind.PASSED_OVER, "GET", path, "limit", LIMIT) for path in ("/v2/*", "/v3/*")),
    *(
        Difference(Kind.PASSED_OVER, "*", "/v3/catalog/*", name, FIELD_NAMES)
        for name in ("include_fields", "exclude_fields")
    ),
    *(
        Difference(
            Kind.RULE,
            "*",
            "/v3/catalog/products/{product_id}/custom-fields*",
            f" property {name} is not in the specification",
            ONE_ERROR,
        )
        for name in ("instance", "errors")
    ),
    *(
        Difference(Kind.PROPERTY, "POST", "/v3/catalog/trees/categories", f"/{name}", NOT_JSON)
        for name in ("status", "title", "type")
    ),
    *(
        Difference(Kind.RULE, "GET", path, f"{pointer} required property {name} is missing", NARROWED)
        for path, pointer in (
            ("/v3/catalog/products/{product_id}/options/{option_id}/values", "/data/*"),
            ("/v3/catalog/products/{product_id}/options/{option_id}/values/{value_id}", "/data"),
        )
        for name in ("label", "sort_order")
    ),
    Difference(Kind.RULE, "GET", "/v3/catalog/brands", "/data/* required property name is missing", NARROWED),
    Difference(Kind.RULE, "GET", "/v3/catalog/brands/{brand_id}", "/data required property name is missing", NARROWED),
    Difference(Kind.STATUS, "GET", "/v2/orders*", "400", "V2 refuses a filter with 400; the file declares no refusal."),
    Difference(Kind.STATUS, "*", "/v2/orders/{order_id}*", "404", ORDER_404),
    Difference(Kind.STATUS, "GET", "/v2/order_statuses/{status_id}", "404", STATUS_404),
    Difference(Kind.STATUS, "GET", "/v3/orders/{order_id}/payment_actions/refunds", "404", REFUND_404),
    Difference(Kind.STATUS, "GET", "/v3/orders/payment_actions/refunds/{refund_id}", "404", REFUND_404),
    Difference(Kind.STATUS, "PUT", "/v2/orders/{order_id}", "400", REFUSED),
    Difference(Kind.STATUS, "*", "/v2/orders/{order_id}/shipments*", "400", REFUSED),
    Difference(Kind.STATUS, "POST", "/v3/catalog/products/{product_id}/variants", "409", CLASH),
    *(
        Difference(Kind.STATUS, method, path, "422", "The operation declares no refusal of bad values.")
        for method, path in (
            ("POST", "/v3/catalog/products/{product_id}/variants"),
            ("PUT", "/v3/catalog/products/{product_id}/variants/{variant_id}"),
            ("DELETE", "/v3/catalog/products/{product_id}/variants/{variant_id}"),
        )
    ),
    Difference(Kind.STATUS, "PUT", "/v3/catalog/products/{product_id}/variants/{variant_id}", "409", CLASH),
    *(
        Difference(
            Kind.STATUS,
            method,
            f"/v3/catalog/products/{{product_id}}/options{rest}",
            "404",
            "The product or option does not exist; the file declares this for reading alone.",
        )
        for method, rest in (
            ("POST", ""),
            ("PUT", "/{option_id}"),
            ("GET", "/{option_id}/values"),
            ("POST", "/{option_id}/values"),
        )
    ),
    Difference(
        Kind.COMMA_LIST, "*", "/v3/inventory/*", ":in", "Declared as one value; the description says comma-separated."
    ),
    Difference(Kind.SORT_DIRECTION, "GET", "/v2/orders", "sort", "The direction stands in the description only."),
    *(
        Difference(Kind.PROPERTY, "*", path, pointer, EXAMPLE)
        for path, pointer in (
            ("/v2/orders", "/*/credit_card_type"),
            ("/v2/orders", "/*/custom_status"),
            ("/v2/orders", "/credit_card_type"),
            ("/v2/orders", "/custom_status"),
            ("/v2/orders/{order_id}", "/credit_card_type"),
            ("/v2/orders/{order_id}", "/custom_status"),
            ("/v2/order_statuses", "/*/order"),
            ("/v2/order_statuses/{status_id}", "/order"),
            ("/v3/catalog/products/{product_id}/variants", "/data/*/map_price"),
            ("/v3/catalog/products/{product_id}/variants", "/data/map_price"),
            ("/v3/catalog/products/{product_id}/variants/{variant_id}", "/data/map_price"),
            ("/v3/catalog/products", "/data/*/images/*/image_file"),
            ("/v3/catalog/products", "/data/images/*/image_file"),
            ("/v3/catalog/products/{product_id}", "/data/images/*/image_file"),
            ("/v3/catalog/products/{product_id}/images", "/data/*/image_file"),
            ("/v3/catalog/products/{product_id}/images/{image_id}", "/data/image_file"),
        )
    ),
    Difference(
        Kind.PROPERTY,
        "PUT",
        "/v3/catalog/products/{product_id}",
        "/data/channels",
        "The include parameter lists channels, the product of an answer does not.",
        {"type": "array", "items": {"type": "integer"}},
    ),
    Difference(Kind.PROPERTY, "GET", "/v2/orders/{order_id}/fees", "/fees", EXAMPLE, FEES),
    *(
        Difference(Kind.PROPERTY, "GET", "/v3/orders/payment_actions/refunds/{refund_id}", pointer, LISTED_REFUND)
        for pointer in ("/data/items/*/adjustments", "/data/payments/*/transaction_id")
    ),
    Difference(
        Kind.RULE,
        "GET",
        "/v3/orders/payment_actions/refunds/{refund_id}",
        "/data/items/*/requested_amount must be string",
        "The list of refunds declares a number for the same record.",
    ),
    Difference(Kind.PROPERTY, "PUT", "/v3/catalog/products", "/errors", f"The answer 413: {EXAMPLE}"),
    Difference(Kind.PROPERTY, "*", "/v3/catalog/brands*", "/errors", ONE_403),
    *(
        Difference(Kind.PROPERTY, "GET", "/v3/catalog/variants", f"/data/*/{name}", SAME_RECORD)
        for name in ("map_price", "calculated_weight", "image_url", "mpn", "gtin")
    ),
    # What stands within comes before what it stands in: a property is taken out of the answer with all it holds.
    Difference(Kind.PROPERTY, "*", "/v3/catalog/products", "/data/*/variants/*/map_price", SAME_RECORD),
    Difference(Kind.PROPERTY, "*", "/v3/catalog/products", "/data/variants/*/map_price", SAME_RECORD),
    Difference(Kind.PROPERTY, "*", "/v3/catalog/products/{product_id}", "/data/variants/*/map_price", SAME_RECORD),
    Difference(Kind.PROPERTY, "*", "/v3/catalog/products", "/data/*/variants", INCLUDED, VARIANTS),
    Difference(Kind.PROPERTY, "*", "/v3/catalog/products", "/data/variants", INCLUDED, VARIANTS),
    Difference(Kind.PROPERTY, "*", "/v3/catalog/products/{product_id}", "/data/variants", INCLUDED, VARIANTS),
    *(
        Difference(
            Kind.REQUEST_RULE,
            "POST",
            "/v3/catalog/products",
            f"/variants/* required property {name} is missing",
            SERVER_SETS,
        )
        for name in ("id", "product_id")
    ),
    *(
        Difference(
            Kind.REQUEST_RULE,
            "POST",
            "/v3/catalog/products/{product_id}/variants",
            f"/option_values/* required property {name} is missing",
            NAMED_BY_ID,
        )
        for name in ("option_display_name", "label")
    ),
    *(
        Difference(
            Kind.REQUEST_RULE,
            "POST",
            "/v3/catalog/trees/categories",
            f"/* required property {name} is missing",
            "The operation says that it requires one of tree_id and parent_id; its schema asks for both.",
        )
        for name in ("tree_id", "parent_id")
    ),
    Difference(
        Kind.RULE,
        "POST",
        "/v3/catalog/products/{product_id}/options",
        "/data/option_values/*/value_data must be object",
        "A value without data has null; the file says so wherever else it describes the same record.",
    ),
    Difference(
        Kind.RULE,
        "GET",
        "/v3/catalog/products/{product_id}/bulk-pricing-rules",
        "/data must be object",
        "It is a list with paging; schema and example show one rule where every other list shows an array.",
    ),
    Difference(
        Kind.RULE,
        "GET",
        "/v3/catalog/trees/{tree_id}/categories",
        "/data/*/children/* must be object",
        "The published example writes a list within the list of children.",
    ),
)


def is_known(kind: Kind, method: str, path: str, what: str) -> bool:
    """:return: the list holds this difference."""
    return any(known.covers(kind, method, path, what) for known in KNOWN_DIFFERENCES)


def take_unlisted(method: str, path: str, answer: Any) -> list[tuple[dict[str, Any], str, Any]]:
    """Take the properties out of an answer that are known to be there without being listed.

    :return: schema to hold it to, pointer and value of each.
    """
    taken: list[tuple[dict[str, Any], str, Any]] = []
    for known in KNOWN_DIFFERENCES:
        if known.covers(Kind.PROPERTY, method, path, known.what):
            *steps, name = known.what.split("/")[1:]
            for pointer, record in _at(answer, steps, ""):
                if isinstance(record, dict) and name in record:
                    taken.append((known.schema, f"{pointer}/{name}", record.pop(name)))
    return taken


def _at(value: Any, steps: list[str], pointer: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield pointer, value
    elif steps[0] == "*" and isinstance(value, list):
        for position, each in enumerate(value):
            yield from _at(each, steps[1:], f"{pointer}/{position}")
    elif isinstance(value, dict) and steps[0] in value:
        yield from _at(value[steps[0]], steps[1:], f"{pointer}/{steps[0]}")


def may_be_unset(name: str, declared: str | None, form: str | None) -> bool:
    """The one difference that is a rule: the service answers null for numbers, dates and ids that are not set.

    The files mark few of them. A record's own ``id`` is always set, and text has an empty string for "not set".

    :param name: the property; empty for what is none.
    :param declared: its ``type``.
    :param form: its ``format``.
    """
    if name in ("", "id"):
        return False
    dated = name.startswith("date_") or (form or "").startswith("date")
    return declared in ("integer", "number") or (declared == "string" and (dated or name.endswith("_id")))
