"""``/v3/catalog/trees``: the category tree and its categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.catalog.field_rules import CATEGORY_RULES, problems, stored
from sandbox.catalog.shelving import TREE_ID, category
from sandbox.exchange import Answer, Json, Refusal, Request, invalid, not_found, whole_number
from sandbox.filtering import LISTS, Filter, flag, folded, integer
from sandbox.listing import listed
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS, PRODUCTS_READ

TREE: Json = {"id": TREE_ID, "name": "Default catalog tree", "channels": [1]}
MOST_PER_STORE = 16_000
DEEPEST = 8
LIKE = frozenset({"like"})
TREE_FILTERS = {
    "id": Filter(lambda tree: tree["id"], integer, frozenset({"in"}), plain=False),
    "channel_id": Filter(
        lambda tree: tree["channels"],
        integer,
        frozenset({"in"}),
        plain=False,
        matches=lambda channels, channel: channel in channels,
    ),
}
FILTERS = {
    "category_id": Filter(lambda each: each["category_id"], integer, LISTS, plain=False),
    "category_uuid": Filter(lambda each: each["category_uuid"], folded, LISTS, plain=False),
    "tree_id": Filter(lambda each: each["tree_id"], integer, LISTS, plain=False),
    "parent_id": Filter(lambda each: each["parent_id"], integer, LISTS, plain=False),
    "name": Filter(lambda each: each["name"].lower(), folded, LIKE),
    "page_title": Filter(lambda each: each["page_title"].lower(), folded, LIKE),
    "keyword": Filter(lambda each: each["name"].lower(), folded, matches=lambda name, word: word in name),
    "is_visible": Filter(lambda each: each["is_visible"], flag),
}


def list_trees(store: Store, request: Request) -> Answer:
    """GET: the category trees; the store has one."""
    return _listed(request, [TREE], TREE_FILTERS)


def list_tree_categories(store: Store, request: Request) -> Answer:
    """GET: a page of categories of all trees."""
    return _listed(request, store.catalog.categories.values(), FILTERS, key="category_id")


def _listed(request: Request, records: Iterable[Json], filters: Mapping[str, Filter], key: str = "id") -> Answer:
    try:
        return listed(request, records, filters, key=key)
    except Refusal as refusal:
        return _refused(refusal)


def _refused(refusal: Refusal) -> Answer:
    """These operations put a refusal where others put the reasons."""
    return Answer.of({"errors": {"errors": {}} | refusal.body(), "meta": {}}, refusal.status)


def get_tree(store: Store, request: Request) -> Answer:
    """GET: one tree's categories, each with its children inside it."""
    if request.number("tree_id") != TREE_ID:
        raise not_found(request.path)
    depths = [_depth_asked(text) for _, text in request.query]
    deepest = min(depths, default=DEEPEST)
    children: dict[int, list[Json]] = {}
    for each in store.catalog.categories.values():
        children.setdefault(each["parent_id"], []).append(each)

    def branch(record: Json, depth: int, path: list[int]) -> Json:
        here = record["category_id"]
        return {
            "id": here,
            "parent_id": record["parent_id"],
            "depth": depth,
            "path": path,
            "name": record["name"],
            "is_visible": record["is_visible"],
            "url": record["url"]["path"],
            "children": [branch(each, depth + 1, [*path, here]) for each in children.get(here, ()) if depth < deepest],
        }

    return Answer.of({"data": [branch(each, 0, []) for each in children.get(0, ())], "meta": {}})


def _depth_asked(text: str) -> int:
    try:
        return whole_number(text)
    except ValueError as error:
        raise Refusal(422, "The filter values are not valid.", {"depth": str(error)}) from None


def create_categories(store: Store, request: Request) -> Answer:
    """POST: several categories; those that cannot be made are told, the others are made."""
    try:
        listed = request.json_objects(MOST_PER_STORE)
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        return _refused(refusal)
    made: list[Json] = []
    errors: dict[str, str] = {}
    for place, given in enumerate(listed):
        found = _category_problems(store, given)
        if found:
            errors |= {f"{place}.{name}": reason for name, reason in found.items()}
            continue
        category_id = store.catalog.new_id("category")
        record = category(category_id, given["name"], given.get("parent_id", 0))
        record |= stored(given, CATEGORY_RULES, frozenset({"tree_id"}))
        store.catalog.categories[category_id] = record
        store.note(request, "category.created", category_id, given)
        made.append(record)
    meta = {"total": len(listed), "success": len(made), "failed": len(listed) - len(made)}
    if not errors:
        return Answer.of({"data": made, "meta": meta}, 201)
    if not made:
        return Answer.of({"errors": invalid(errors).body(), "meta": meta}, 422)
    return Answer.of({"data": made, "errors": invalid(errors).body(), "meta": meta}, 207)


def _category_problems(store: Store, given: Json) -> dict[str, str]:
    found = problems(given, CATEGORY_RULES, ("name",))
    if found:
        return found
    parent_id = given.get("parent_id", 0)
    if parent_id and parent_id not in store.catalog.categories:
        return {"parent_id": f"unknown category: {parent_id}"}
    if given.get("tree_id", TREE_ID if parent_id else None) != TREE_ID:
        return {"tree_id": "tree_id or parent_id is required, and must exist"}
    siblings = (each for each in store.catalog.categories.values() if each["parent_id"] == parent_id)
    if any(each["name"].lower() == given["name"].lower() for each in siblings):
        return {"name": "must be unique among the category's siblings"}
    if _depth(store, parent_id) >= DEEPEST:
        return {"parent_id": f"categories lie at most {DEEPEST} levels deep"}
    if len(store.catalog.categories) >= MOST_PER_STORE:
        return {"name": f"a store has at most {MOST_PER_STORE} categories"}
    return {}


def _depth(store: Store, category_id: int) -> int:
    """How many levels there are from the top down to the category."""
    depth = 0
    while category_id:
        depth, category_id = depth + 1, store.catalog.categories[category_id]["parent_id"]
    return depth


ROUTES = [
    Route("GET", "/v3/catalog/trees", PRODUCTS_READ, list_trees),
    Route("GET", "/v3/catalog/trees/categories", PRODUCTS_READ, list_tree_categories),
    Route("GET", "/v3/catalog/trees/{tree_id}/categories", PRODUCTS_READ, get_tree, frozenset({"depth"})),
    Route("POST", "/v3/catalog/trees/categories", PRODUCTS, create_categories, NONE),
]
