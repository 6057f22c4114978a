"""Sync Listings: changed prices and quantities reach the store; listings are hidden, shown again and delisted.

1. **extract** compares what the warehouse wants with what the store last confirmed, and asks the guards: one bad feed
   must not empty a store.
2. **approve** waits for a person in the Airflow UI, where the change is large and the channel says `large_change: ask`.
3. **load** takes the claim on the store, compares anew and sends the difference, up to 50 prices or 2,000 quantities a
   call.

What the store refuses becomes a row of `mart.problems`, the rest goes on; `mart.sync_status` says of each SKU why it is
not sent, `mart.push_history` what was. Whatever breaks, the next run sends what is missing, and nothing twice.
Trigger it with *Only these master SKUs*, or as a *Dry run* to see in `mart.push_history` what it would send.
"""

from storekeeper.channels import load_channels
from storekeeper.operators.sync_listings import (
    ApproveLargeChangeOperator,
    ExtractChangesOperator,
    LoadChangesOperator,
)
from storekeeper.schedules import operation_dag

for channel in load_channels():
    with operation_dag("sync_listings", channel, doc=__doc__):
        (
            ExtractChangesOperator(task_id="extract", channel=channel)
            >> ApproveLargeChangeOperator(task_id="approve", channel=channel)
            >> LoadChangesOperator(task_id="load", channel=channel)
        )
