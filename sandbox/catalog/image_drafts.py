"""A product's images as a write would leave them: one of them is always the thumbnail."""

from __future__ import annotations

from urllib.parse import urlsplit

from sandbox.catalog.catalog import Catalog
from sandbox.catalog.details import image
from sandbox.catalog.field_rules import IMAGE_RULES, problems
from sandbox.exchange import Json, invalid

MOST_PER_PRODUCT = 1000
PLAIN = ("description", "sort_order")


def put_inline(catalog: Catalog, product: Json, listed: list[Json], now: str) -> None:
    """Change the images that an entry names by id, and add one for each entry without.

    :param product: a product copy; it is changed.
    :raises Refusal: 422 for bad values, an unknown id, or one image too many.
    """
    if not all(isinstance(each, dict) for each in listed):
        raise invalid({"images": "must be objects"})
    # What the same call places itself is not moved by what it places next to it.
    placed = frozenset(each["id"] for each in listed if isinstance(each.get("id"), int) and "sort_order" in each)
    for each in listed:
        if each.get("id") is None:
            add(catalog, product, each, now)
            continue
        present = next((one for one in product["images"] if one["id"] == each["id"]), None)
        if present is None:
            raise invalid({"images.id": f"unknown image: {each['id']}"})
        update(product, present, each, now, placed)


def add(catalog: Catalog, product: Json, given: Json, now: str) -> Json:
    """Give a product copy one more image.

    :raises Refusal: 422 for bad values or one image too many.
    """
    _check(given)
    if not given.get("image_url"):
        raise invalid({"image_url": "image_url must be present if uploading by url"})
    if len(product["images"]) >= MOST_PER_PRODUCT:
        raise invalid({"images": f"a product has at most {MOST_PER_PRODUCT} images"})
    made = image(catalog.new_id("part"), product["id"], _file(given), len(product["images"]), now)
    made |= {name: given[name] for name in PLAIN if name in given} | {"is_thumbnail": False}
    product["images"] = [*product["images"], made]
    _set_thumbnail(product, made if given.get("is_thumbnail") else None)
    return made


def update(product: Json, present: Json, given: Json, now: str, placed: frozenset[int] = frozenset()) -> None:
    """Change an image of a product copy; one that moves back pushes those from its new place on further back.

    :param placed: ids of images that are not pushed.
    :raises Refusal: 422 for bad values.
    """
    _check(given)
    if given.get("sort_order", present["sort_order"]) > present["sort_order"]:
        for each in product["images"]:
            if each is not present and each["id"] not in placed and each["sort_order"] >= given["sort_order"]:
                each["sort_order"] += 1
    if given.get("image_url"):
        present |= image(present["id"], product["id"], _file(given), 0, now) | {
            name: present[name] for name in (*PLAIN, "is_thumbnail")
        }
    present |= {name: given[name] for name in PLAIN if name in given} | {"date_modified": now}
    if given.get("is_thumbnail") is False:
        present["is_thumbnail"] = False
    _set_thumbnail(product, present if given.get("is_thumbnail") else None)


def remove(product: Json, gone: Json) -> None:
    """Take an image out of a product copy."""
    product["images"] = [each for each in product["images"] if each is not gone]
    _set_thumbnail(product, None)


def _set_thumbnail(product: Json, wanted: Json | None) -> None:
    """Make one image the thumbnail: the wanted one, the one that is, or the first one in order."""
    images: list[Json] = product["images"]
    present = [each for each in images if each["is_thumbnail"]]
    first = sorted(images, key=lambda each: (each["sort_order"], each["id"]))[:1]
    chosen = [wanted] if wanted is not None else (present or first)
    for each in images:
        each["is_thumbnail"] = each is chosen[0]


def _check(given: Json) -> None:
    found = problems(given, IMAGE_RULES)
    if given.get("image_url") and "image_url" not in found and not _is_web_address(given["image_url"]):
        found["image_url"] = "must be an http or https address"
    if found:
        raise invalid(found)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _file(given: Json) -> str:
    return urlsplit(given["image_url"]).path.rsplit("/", 1)[-1] or "image"
