-- sync_orders/load: a refusal changes nothing in the store: what was sent is not in doubt.   Writes  core.store_shipment.

update core.store_shipment as p set in_doubt = false
where p.store_shipment_no = :store_shipment_no;
