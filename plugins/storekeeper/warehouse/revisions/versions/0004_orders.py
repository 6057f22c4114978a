"""Orders with lines, refunds and shoppers' data in tables of their own; the roles that may read them."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0004_orders")
