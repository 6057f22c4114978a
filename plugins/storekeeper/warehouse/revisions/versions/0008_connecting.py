"""Connecting a store in the browser."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0008_connecting")
