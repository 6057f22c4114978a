-- sync_orders/extract: how far Get Orders has come, on the store's own clock: what changed since is asked for.
-- Reads    ops.run, ops.watermark, raw.sales_order.
-- Answers  reached, null where no order was ever imported; begun: when this run first asked the store, null: it did not;
--          how many seconds ago that was; and the warehouse's clock.

select
    clock_timestamp() as now,
    r.store_time as begun,
    extract(epoch from clock_timestamp() - r.pulled_from)::double precision as age_seconds,
    least(
        coalesce(w.store_time, (
            select min(o.as_of) from raw.sales_order as o
            where o.channel = :channel
        )),
        w.behind
    ) as reached
from ops.run as r
left join ops.watermark as w on w.channel = :channel and w.operation = 'get_orders'
where r.run_no = :run_no;
