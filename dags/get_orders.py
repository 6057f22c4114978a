"""Get Orders: every order that matters comes into the warehouse once, and follows the store from then on.

1. **extract** asks for what changed since the last run, 250 orders a request with their lines, addresses and fees, and
   for new refunds.
2. **transform** makes typed rows of it, shoppers' data apart from the rest.
3. **load** judges each order (new, known, left out and why) and merges in one transaction.

A **backfill** takes every order created within each run's data interval, however old, in one of `backfill_statuses`.
Airflow may run any interval again at any time: an order is never doubled, and an older version never wins.
Trigger it with *Only these orders* and *Dry run* to learn why an order is not there.
"""

from storekeeper.channels import load_channels
from storekeeper.operators.get_orders import ExtractOrdersOperator, LoadOrdersOperator, TransformOrdersOperator
from storekeeper.schedules import operation_dag

for channel in load_channels():
    with operation_dag("get_orders", channel, doc=__doc__):
        (
            ExtractOrdersOperator(task_id="extract", channel=channel)
            >> TransformOrdersOperator(task_id="transform", channel=channel)
            >> LoadOrdersOperator(task_id="load", channel=channel)
        )
