"""Listings: what the store sent, and the system of record."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0002_listings")
