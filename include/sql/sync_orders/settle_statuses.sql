-- sync_orders/load: the status of these orders follows what was shipped.   Writes  core.store_shipment.   Repeat  safe.

update core.store_shipment as p set status_due = false
where p.channel = :channel and p.status_due and p.order_id = any(cast(:order_ids as bigint[]));
