-- sync_orders/load: what a call is about to change: until its outcome is recorded, nobody knows what the store has.
-- Writes   core.store_shipment.   Repeat  safe.

update core.store_shipment as p set in_doubt = true
where p.store_shipment_no = :store_shipment_no;
