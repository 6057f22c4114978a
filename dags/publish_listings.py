"""Publish Listings: what somebody has queued becomes products of the store, or writes over those that are there.

1. **extract** pins the listings that are queued to *publish* or *overwrite*, as they are now.
2. **transform** makes products of them; what the store would refuse becomes a row of `mart.problems` before any call.
3. **load** takes the claim on the store and sends: one call a new product, with variants, images and custom fields
   inline; what differs of existing products, ten a call; then stock and prices, as a sync does.

Airflow may kill any task and run it again: no product is made twice. What is meant is committed before the call, and a
call whose answer was lost is looked up by SKU and name before another is made. `mart.push_history` has each payload.
Trigger it with *Only these master SKUs*, or as a *Dry run* to see the payloads without a call that writes.
"""

from storekeeper.channels import load_channels
from storekeeper.operators.publish_listings import ExtractDraftsOperator, LoadProductsOperator, TransformDraftsOperator
from storekeeper.schedules import operation_dag

for channel in load_channels():
    with operation_dag("publish_listings", channel, doc=__doc__):
        (
            ExtractDraftsOperator(task_id="extract", channel=channel)
            >> TransformDraftsOperator(task_id="transform", channel=channel)
            >> LoadProductsOperator(task_id="load", channel=channel)
        )
