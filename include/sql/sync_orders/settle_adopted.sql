-- sync_orders/load: what somebody made in the store by hand, under the very tracking number, is the warehouse's shipment.
-- Reads    staging.planned.   Writes  core.store_shipment.   Repeat  safe.

update core.store_shipment as s set
    shipment_key = p.shipment_key,
    adopted = true,
    status_due = true,
    pushed_at = clock_timestamp()
from staging.planned as p
where p.planned_no = :planned_no and s.store_shipment_no = p.store_shipment_no and s.shipment_key is null;
