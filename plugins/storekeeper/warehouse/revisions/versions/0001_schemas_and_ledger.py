"""The schemas, and the ledger of what runs and what went wrong."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0001_schemas_and_ledger")
