-- get_orders/extract: orders or refunds that former runs could not read and this one has not asked for yet.
-- Reads    ops.problem, staging.

select k.record_id
from (
    select distinct split_part(p.source, '/', 2)::bigint as record_id
    from ops.problem as p
    where
        p.channel = :channel
        and p.operation = 'get_orders'
        and p.open
        and split_part(p.source, '/', 1) = :entity
) as k
where
    not exists (
        select 1 from staging.pulled_order as s
        where :entity = 'order' and s.order_id = k.record_id
    )
order by k.record_id;
