"""Products as JSON bytes: written once, kept, and joined for the pages that ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from sandbox.catalog.blank import BLANK_PARTS
from sandbox.exchange import Json

# Members of a product that the API gives only when the request includes them.
STORED_PARTS = tuple(BLANK_PARTS)
INCLUDABLE = frozenset({*STORED_PARTS, "primary_image", "parent_relations", "reviews"})


class Rendered:
    """One product's JSON: its own fields, each part, and each variant by id."""

    __slots__ = ("own", "parts", "size", "variants")

    def __init__(self, product: Json) -> None:
        encode = msgspec.json.encode
        own = {name: value for name, value in product.items() if name not in STORED_PARTS}
        self.own = encode(own)
        variants = product.get("variants")
        usable = isinstance(variants, list) and all(isinstance(each, dict) and "id" in each for each in variants)
        self.variants: dict[int, bytes] = {each["id"]: encode(each) for each in variants} if usable and variants else {}
        self.parts: dict[str, bytes] = {}
        for name in STORED_PARTS:
            value = b"[" + b",".join(self.variants.values()) + b"]" if name == "variants" and usable else None
            self.parts[name] = b',"%s":%s' % (name.encode(), value or encode(product.get(name)))
        thumbnail = primary_image(product)
        self.parts["primary_image"] = b',"primary_image":' + encode(thumbnail) if thumbnail else b""
        self.parts["parent_relations"] = b',"parent_relations":[]'
        # The specification lets a request include reviews, and has no member for them in the answer.
        self.parts["reviews"] = b""
        self.size = 2 * len(self.parts["variants"]) + len(self.own) + sum(map(len, self.parts.values()))

    def whole(self, include: Sequence[str]) -> bytes:
        """The product's own fields and the parts asked for."""
        if not include:
            return self.own
        return b"".join((self.own[:-1], *(self.parts[name] for name in include), b"}"))


def primary_image(product: Json) -> Json | None:
    """The thumbnail image; a product without one does not get the member, which the specification has not as null."""
    images = product.get("images")
    for each in images if isinstance(images, list) else ():
        if each.get("is_thumbnail"):
            return {name: value for name, value in each.items() if name != "image_url"}
    return None


def narrowed(record: bytes, only: frozenset[str], without: frozenset[str], keep: frozenset[str]) -> bytes:
    """A record's JSON with some of its fields.

    :param only: names of ``include_fields``, empty for all.
    :param without: names of ``exclude_fields``.
    :param keep: fields that stay whatever the two say: the id and the included parts.
    """
    fields: dict[str, Any] = msgspec.json.decode(record)
    wanted = {
        name: value
        for name, value in fields.items()
        if name in keep or ((not only or name in only) and name not in without)
    }
    return msgspec.json.encode(wanted)
