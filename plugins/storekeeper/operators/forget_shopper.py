"""The one task of Forget Shopper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.log import mask_secret

from storekeeper.channels import load_channels
from storekeeper.hooks.warehouse import open_warehouse
from storekeeper.operations.forget_shopper import forget, read_shopper

if TYPE_CHECKING:
    from airflow.sdk import Context


class ForgetShopperOperator(BaseOperator):
    """Erase a shopper's personal data in one transaction, and remember not to take them in again.

    Writes only the warehouse; a second attempt finds nothing left to erase. XCom: how many orders and rows.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Erase; whoever reads the log does not learn whom."""
        params = context["params"]
        for name in ("email", "customer_id"):
            if params.get(name):
                mask_secret(str(params[name]))
        shopper = read_shopper(params, {channel.channel for channel in load_channels()})
        with open_warehouse() as warehouse:
            return forget(warehouse, context["run_id"], shopper, dry_run=bool(params.get("dry_run")))
