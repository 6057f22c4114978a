-- get_orders/extract: what is still to be asked of each order that is known, or may be imported.
-- Reads    staging.pulled_order, staging.pulled_detail, core.sales_order.

select
    s.order_id,
    p.part
from staging.pulled_order as s
cross join unnest(cast(:parts as text[])) as p (part)
where
    s.payload is not null
    and (
        s.status_id = any(cast(:statuses as integer[]))
        or exists (
            select 1 from core.sales_order as o
            where o.channel = :channel and o.order_id = s.order_id
        )
    )
    and not exists (
        select 1 from staging.pulled_detail as d
        where d.order_id = s.order_id and d.part = p.part
    )
order by s.order_id, p.part;
