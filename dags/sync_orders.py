"""Sync Orders: each shipment of the warehouse reaches the store exactly once; orders become Shipped.

1. **extract** brings the orders that the warehouse knows up to the store's present: what is open, and what somebody has
   shipped there by hand. With nothing to send it calls nothing.
2. **transform** plans a call for each shipment and shipping address; what may not be sent (more than is open, an
   unknown line, a cancelled order) becomes a row of `mart.problems` before any call.
3. **load** takes the claim on the store and sends; then it reads the orders again and sets the status of those that did
   not follow: Partially Shipped while lines remain, then Shipped.

Airflow may kill any task and run it again: no shipment is sent twice. What is meant is committed before the call, and a
call whose answer was lost is looked up before another is made. Where nobody can say what became of it, a person answers
with *Settle*. Trigger it with *Only these orders*, or as a *Dry run* to see the payloads without a call that writes.
"""

from storekeeper.channels import load_channels
from storekeeper.operators.sync_orders import ExtractShipmentsOperator, PlanShipmentsOperator, SendShipmentsOperator
from storekeeper.schedules import operation_dag

for channel in load_channels():
    with operation_dag("sync_orders", channel, doc=__doc__):
        (
            ExtractShipmentsOperator(task_id="extract", channel=channel)
            >> PlanShipmentsOperator(task_id="transform", channel=channel)
            >> SendShipmentsOperator(task_id="load", channel=channel)
        )
