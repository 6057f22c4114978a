"""Records too new for the store's lookups to know, as in a service whose search index follows its writes."""

from __future__ import annotations

from datetime import datetime, timedelta


class Newcomers:
    """When each product and variant was created, since the state was last put back."""

    def __init__(self) -> None:
        self._created: dict[str, dict[int, datetime]] = {"product": {}, "variant": {}}

    def note(self, kind: str, record_id: int, now: datetime) -> None:
        """Note that a ``product`` or ``variant`` was created."""
        self._created[kind][record_id] = now

    def unknown(self, kind: str, now: datetime, delay: float) -> frozenset[int]:
        """Ids of the records created within the last ``delay`` seconds."""
        since = now - timedelta(seconds=delay)
        return frozenset(each for each, created in self._created[kind].items() if created > since)

    def forget(self) -> None:
        """Know every record."""
        for created in self._created.values():
            created.clear()
