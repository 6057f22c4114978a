"""What the API server's log must not hold: tokens are masked, and queries with codes and signatures left out."""

from __future__ import annotations

from typing import Any

from airflow._shared.secrets_masker import mask_secret

__all__ = ["hide_query", "mask_secret"]


def hide_query(scope: Any) -> dict[str, Any]:
    """A request's scope for our pages; what the log sees of it afterwards has no query.

    Codes, states and signatures come in the query: each lets somebody in who reads the log.
    """
    ours = dict(scope)
    if "query_string" in scope:
        scope["query_string"] = b"hidden" if scope["query_string"] else b""
    return ours
