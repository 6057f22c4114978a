"""Import Listings: the store's whole catalog comes into the warehouse, each product once, all of it or nothing.

1. **extract** pulls every product with its variants, images and custom fields, 250 a request, and stages what is new.
2. **transform** makes typed rows of it and chooses each variant's master SKU.
3. **load** matches, creates, links and overwrites in one transaction, and says what it did.

A record that cannot be handled becomes a row of `mart.problems`; the rest is loaded. Airflow may kill any task and run
it again: the result is that of an undisturbed run.
Trigger it with *Only these master SKUs* to look at a few, or as a *Dry run* to see what it would do.
"""

from storekeeper.channels import load_channels
from storekeeper.operators.import_listings import (
    ExtractListingsOperator,
    LoadListingsOperator,
    TransformListingsOperator,
)
from storekeeper.schedules import operation_dag

for channel in load_channels():
    with operation_dag("import_listings", channel, doc=__doc__):
        (
            ExtractListingsOperator(task_id="extract", channel=channel)
            >> TransformListingsOperator(task_id="transform", channel=channel)
            >> LoadListingsOperator(task_id="load", channel=channel)
        )
