"""Change Listing Status: pause, hide, delist or publish the listings that you name, or take that back.

Paste master SKUs, choose an action, and try with *Dry run* first: the log of **change** shows each listing that
it would touch, what becomes of it, and when. Then run it again without.

It sends nothing to the store. *Pause* and *Unpause* count at once; *Hide*, *Unhide* and *Delist* are done by the next
`sync_listings`, *Publish* and *Overwrite* by the next `publish_listings`; until then *Cancel* takes them back. A SKU
that is not known, or a listing of which only some variants are named, stops the run with nothing written. `ops.run`
keeps what was asked for, Airflow's audit log who did.
"""

from storekeeper.channels import load_channels
from storekeeper.operators.change_listing_status import ChangeListingStatusOperator
from storekeeper.schedules import operation_dag

for channel in load_channels():
    with operation_dag("change_listing_status", channel, doc=__doc__):
        ChangeListingStatusOperator(task_id="change", channel=channel)
