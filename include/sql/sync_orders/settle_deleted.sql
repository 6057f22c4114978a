-- sync_orders/load: the store has a shipment no more.   Writes  core.store_shipment, core.shipment.   Repeat  safe.
-- Where it was not ours to delete, the shipment is looked at again: a person has to know.

update core.store_shipment as p set
    deleted_at = now(),
    deleted_by_us = :by_us,
    in_doubt = false,
    status_due = :by_us,
    pushed_at = clock_timestamp()
where p.store_shipment_no = :store_shipment_no;
