-- sync_orders/load: shipments that may have been made, by calls whose answer nobody has recorded.   Reads  ops.push.

select
    p.push_no,
    p.entity_key as shipment_key,
    p.detail
from ops.push as p
where
    p.channel = :channel
    and p.operation = 'sync_orders'
    and p.action = 'create'
    and p.state in ('pending', 'sending', 'unknown')
order by p.push_no;
