"""Shipments, and what the store has of them."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0007_shipments")
