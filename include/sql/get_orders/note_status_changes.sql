-- get_orders/load: the status that an order shows now and did not show before; the first is that of its import.
-- Reads    staging, core.sales_order.   Writes  core.order_status_change.   Repeat  safe: keyed.

insert into core.order_status_change (channel, order_id, changed_at, status_id)
select
    :channel,
    s.order_id,
    s.modified_at,
    s.status_id
from staging.sales_order as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update')
left join core.sales_order as k on k.channel = :channel and s.order_id = k.order_id
where k.status_id is distinct from s.status_id
on conflict (channel, order_id, changed_at, status_id) do nothing;
