"""What a listing needs to become a product, and the intents of calls that create."""

from storekeeper.warehouse.migrations import run_sql_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the numbered file."""
    run_sql_file("0006_publishing")
