-- get_orders/extract: how far former runs of the channel have come, and whether they read the same store.
-- Reads    ops.run, ops.watermark, raw.sales_order.   Returns  one row; the store's own clock throughout.

select
    r.store_time as as_of,
    w.store_time as reached,
    w.behind,
    w.filters,
    w.complete_at,
    (
        select min(o.as_of) from raw.sales_order as o
        where o.channel = :channel and w.store_time is null
    ) as known_since,
    case
        when w.store_hash <> r.store_hash then w.store_hash
        else (
            select p.store_hash
            from ops.run as p
            where
                p.channel = :channel
                and p.operation = 'get_orders'
                and p.run_no <> r.run_no
                and p.step = 'loaded'
                and not p.dry_run
                and p.created > 0
                and p.store_hash <> r.store_hash
            order by p.run_no desc
            limit 1
        )
    end as other_store
from ops.run as r
left join ops.watermark as w on w.channel = :channel and w.operation = 'get_orders'
where r.run_no = :run_no;
