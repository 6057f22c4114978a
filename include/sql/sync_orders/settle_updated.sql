-- sync_orders/load: the store has confirmed how a shipment is followed.
-- Reads    staging.planned.   Writes  core.store_shipment.   Repeat  safe.

update core.store_shipment as s set
    tracking_number = coalesce(p.payload ->> 'tracking_number', s.tracking_number),
    shipping_provider = coalesce(p.payload ->> 'shipping_provider', s.shipping_provider),
    tracking_carrier = coalesce(p.payload ->> 'tracking_carrier', s.tracking_carrier),
    tracking_link = coalesce(p.payload ->> 'tracking_link', s.tracking_link),
    shipping_method = coalesce(p.payload ->> 'shipping_method', s.shipping_method),
    in_doubt = false,
    pushed_at = clock_timestamp()
from staging.planned as p
where p.planned_no = :planned_no and s.store_shipment_no = p.store_shipment_no;
