"""Load Inventory: a file's stock and prices come into the warehouse, for all channels, all of it or nothing.

1. **extract** reads the file (CSV or Parquet, from wherever Airflow's object storage reads) and checks each row.
2. **load** merges in one transaction; where something was written, channels with `schedule: on_inventory` sync at once.

An empty file, or one that has lost half of its SKUs, is refused; a row that cannot be taken becomes one of
`mart.problems`, the rest is loaded; an older `updated_at` never wins.
Trigger it with *Path* to load another file, or as a *Dry run* to see what it would do.
"""

from storekeeper.channels import load_inventory_feeds
from storekeeper.operators.load_inventory import ExtractInventoryOperator, LoadInventoryOperator
from storekeeper.schedules import INVENTORY, feed_dag

for feed in load_inventory_feeds():
    with feed_dag("load_inventory", feed, doc=__doc__):
        (
            ExtractInventoryOperator(task_id="extract", feed=feed)
            >> LoadInventoryOperator(task_id="load", feed=feed, announces=INVENTORY)
        )
