-- sync_orders/load: the store has moved an order to the status that was set.
-- Writes   core.sales_order, order_status_change, store_shipment.   Repeat  safe.

update core.sales_order as o set
    status_id = :status_id,
    custom_status = coalesce(:custom_status, o.custom_status),
    modified_at = coalesce(:modified_at, o.modified_at),
    shipped_at = coalesce(:shipped_at, o.shipped_at),
    fetched_at = clock_timestamp()
where o.channel = :channel and o.order_id = :order_id;

insert into core.order_status_change (channel, order_id, changed_at, status_id)
select
    o.channel,
    o.order_id,
    o.modified_at,
    o.status_id
from core.sales_order as o
where o.channel = :channel and o.order_id = :order_id
on conflict do nothing;

update core.store_shipment as p set status_due = false
where p.channel = :channel and p.order_id = :order_id and p.status_due;
