-- get_orders/load: refunds of orders that the warehouse has by now; those of others come with the order, if it comes.
-- Reads    staging.refund, staging.refund_item, core.sales_order.   Writes  core.refund, core.refund_item.
-- Repeat   safe: a refund never changes.

insert into core.refund (channel, refund_id, order_id, created_at, amount, tax)
select
    :channel,
    s.refund_id,
    s.order_id,
    s.created_at,
    s.amount,
    s.tax
from staging.refund as s
inner join core.sales_order as o on o.channel = :channel and s.order_id = o.order_id
on conflict (channel, refund_id) do nothing;

insert into core.refund_item (channel, refund_id, item_no, item_type, item_id, quantity, amount)
select
    :channel,
    s.refund_id,
    s.item_no,
    s.item_type,
    s.item_id,
    s.quantity,
    s.amount
from staging.refund_item as s
inner join core.refund as r on r.channel = :channel and s.refund_id = r.refund_id
on conflict (channel, refund_id, item_no) do nothing;
