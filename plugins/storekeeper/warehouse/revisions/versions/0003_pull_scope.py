"""Pulls of what changed: what a run pulls, and up to which moment of the store's own clock."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0003_pull_scope")
