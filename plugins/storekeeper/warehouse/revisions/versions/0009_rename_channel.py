"""A channel gets another name."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0009_rename_channel")
