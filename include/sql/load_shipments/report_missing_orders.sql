-- load_shipments/load: shipments none of whose lines says of which order they are.
-- Reads    staging.   Writes  staging.feed_problem, a row for the first line; a bad line may well have said it.

insert into staging.feed_problem (line, entity, entity_key, reason, source, message, group_key)
select
    min(r.line),
    'shipment',
    r.shipment_key,
    'missing_order_id',
    'feed/shipment/' || r.shipment_key,
    'line ' || min(r.line) || ': has no order_id, nor has any other line of the same shipment.',
    r.shipment_key
from staging.shipment_row as r
where
    not exists (
        select 1 from staging.feed_problem as p
        where p.group_key = r.shipment_key
    )
group by r.shipment_key
having count(r.order_id) = 0;
