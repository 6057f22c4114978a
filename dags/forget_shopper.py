"""Forget Shopper: a shopper's personal data leave the warehouse, and do not come back.

Give an e-mail address, or a store's customer id with its channel. Names, addresses, messages and free text of their
orders are erased in all channels or in one; the orders keep their figures. Later runs and backfills do not bring them
back. `ops.erasure` keeps that it was done, not for whom.
Airflow itself keeps what you type here, with the run and in its audit log: docs/get_orders.md says how to remove both.
"""

from storekeeper.operators.forget_shopper import ForgetShopperOperator
from storekeeper.schedules import shared_dag

with shared_dag("forget_shopper", ("email", "customer_id", "channel", "dry_run"), doc=__doc__):
    ForgetShopperOperator(task_id="forget")
