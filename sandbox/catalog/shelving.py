"""The made-up brands and the made-up tree of categories."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from uuid import UUID

from sandbox.catalog import words
from sandbox.catalog.plan import Plan
from sandbox.catalog.sketches import FIRST_BRAND_ID, brand_count, category_ids
from sandbox.exchange import Json

TREE_ID = 1


def brands(plan: Plan) -> Iterator[Json]:
    """The brands, by ascending id."""
    rng = Random(plan.seed + 1)
    for number in range(brand_count(plan)):
        name = f"{rng.choice(words.BRAND_STARTS)}{rng.choice(words.BRAND_ENDS)}"
        yield brand(FIRST_BRAND_ID + number, f"{name} {number + 1}")


def brand(brand_id: int, name: str) -> Json:
    """A brand as the API answers it, with the values the API gives by itself."""
    return {
        "id": brand_id,
        "name": name,
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "search_keywords": "",
        "image_url": "",
        "custom_url": {"url": f"/brands/{brand_id}/", "is_customized": False},
    }


def categories() -> Iterator[Json]:
    """The categories of three levels, by ascending id."""
    ids = iter(category_ids())
    shelves = []
    for place, name in enumerate(words.SHELVES):
        shelves.append(category(next(ids), name, 0, place))
    sections = []
    for shelf in shelves:
        for place, name in enumerate(words.SECTIONS):
            sections.append(category(next(ids), name, shelf["category_id"], place))
    yield from shelves
    yield from sections
    for section in sections:
        for place, name in enumerate(words.CORNERS):
            yield category(next(ids), name, section["category_id"], place)


def category(category_id: int, name: str, parent_id: int, place: int = 0) -> Json:
    """A category as the category-trees API answers it."""
    return {
        "category_id": category_id,
        "category_uuid": str(UUID(int=0x5A4D_0000_0000_4000_8000_0000_0000_0000 + category_id)),
        "parent_id": parent_id,
        "tree_id": TREE_ID,
        "name": name,
        "description": "",
        "views": 0,
        "sort_order": place,
        "page_title": "",
        "search_keywords": "",
        "meta_keywords": [],
        "meta_description": "",
        "layout_file": "category.html",
        "is_visible": True,
        "default_product_sort": "use_store_settings",
        "image_url": "",
        "url": {"path": f"/category-{category_id}/", "is_customized": False},
    }
