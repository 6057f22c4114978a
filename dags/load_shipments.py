"""Load Shipments: shipments and their lines come into the warehouse from a file, each shipment whole or not at all.

1. **extract** reads the file (CSV or Parquet, from wherever Airflow's object storage reads), a row a line of a
   shipment, and checks each row.
2. **load** merges in one transaction. What the file leaves as it is, Sync Orders does not look at again.

An empty file is refused; a shipment with a row that cannot be taken is left out and becomes one of `mart.problems`, the
rest is loaded; an older `updated_at` never wins; shipments that the file does not have are kept.
Trigger it with *Path* to load another file, or as a *Dry run* to see what it would do.
"""

from storekeeper.channels import load_channels
from storekeeper.operators.load_shipments import ExtractShipmentRowsOperator, LoadShipmentRowsOperator
from storekeeper.schedules import operation_dag

for channel in load_channels():
    with operation_dag("load_shipments", channel, doc=__doc__):
        (
            ExtractShipmentRowsOperator(task_id="extract", channel=channel)
            >> LoadShipmentRowsOperator(task_id="load", channel=channel)
        )
