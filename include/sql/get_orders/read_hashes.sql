-- get_orders/extract: what core reflects of the orders of one page.   Reads  raw.sales_order.

select
    r.order_id,
    r.content_hash,
    r.reflected
from raw.sales_order as r
where r.channel = :channel and r.order_id between :lowest and :highest;
