"""Load Listings: drafts of listings come into the warehouse from a file, each listing whole or not at all.

1. **extract** reads the file (CSV or Parquet, from wherever Airflow's object storage reads), a row a variant, and
   checks each row.
2. **load** merges in one transaction and, where the channel says so, queues what it made or changed for a publish.

An empty file, or one that has lost half of its SKUs, is refused; a listing with a row that cannot be taken is left out
and becomes one of `mart.problems`, the rest is loaded; an older `updated_at` never wins.
Trigger it with *Path* to load another file, or as a *Dry run* to see what it would do.
"""

from storekeeper.channels import load_channels
from storekeeper.operators.load_listings import ExtractListingRowsOperator, LoadListingRowsOperator
from storekeeper.schedules import operation_dag

for channel in load_channels():
    with operation_dag("load_listings", channel, doc=__doc__):
        (
            ExtractListingRowsOperator(task_id="extract", channel=channel)
            >> LoadListingRowsOperator(task_id="load", channel=channel)
        )
