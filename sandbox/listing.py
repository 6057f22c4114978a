"""Small collections (brands, categories, locations), filtered and sorted record by record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from sandbox.exchange import Answer, Json, Refusal, Request
from sandbox.filtering import PAGE_PARAMETERS, Filter, conditions
from sandbox.paging import collection, fields_of, page_of


def listed(
    request: Request,
    records: Iterable[Json],
    filters: Mapping[str, Filter],
    *,
    sorts: tuple[str, ...] = (),
    key: str = "id",
) -> Answer:
    """A page of the records that pass the request's filters.

    :param sorts: fields the collection may be sorted by; without them ``sort`` is refused as an unknown filter.
    :param key: name of the records' id.
    """
    also = PAGE_PARAMETERS - {"include"} - (frozenset() if sorts else {"sort", "direction"})
    asked = conditions(request.query, filters, also)
    chosen = [each for each in records if all(condition.holds(each) for condition in asked)]
    order = dict(request.query)
    sort = order.get("sort")
    if sort is not None:
        if sort not in sorts:
            raise Refusal(422, "The filter values are not valid.", {"sort": f"must be one of {', '.join(sorts)}"})
        chosen.sort(key=lambda each: each[sort].lower() if isinstance(each[sort], str) else each[sort])
    if order.get("direction") == "desc":
        chosen.reverse()
    page, fields = page_of(request), fields_of(request, key)
    return collection(
        [fields.of(msgspec.json.encode(each)) for each in chosen[page.start : page.stop]], page, len(chosen)
    )
