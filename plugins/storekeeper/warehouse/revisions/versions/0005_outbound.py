"""The claim on a store, what was sent to it, and more fields that a sync may send."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0005_outbound")
