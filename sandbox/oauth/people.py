"""Whom the store knows: its owner, and whoever else a test names by id."""

from __future__ import annotations

from sandbox.exchange import Json

OWNER_ID = 24_654
OWNER_EMAIL = "jane.doe@example.com"


def email_of(user_id: int) -> str:
    """The e-mail address of a user."""
    return OWNER_EMAIL if user_id == OWNER_ID else f"user-{user_id}@example.com"


def owner_with_username() -> Json:
    """The owner as the token call tells of people."""
    return {"id": OWNER_ID, "username": OWNER_EMAIL, "email": OWNER_EMAIL}
