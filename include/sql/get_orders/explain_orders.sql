-- get_orders/load: what becomes of each order that a person asked for.   Reads  staging, core, as merged by now.

select
    a.order_id,
    p.order_id is not null as staged,
    v.verdict,
    coalesce(s.status_id, k.status_id) as status_id,
    coalesce(t.name, s.custom_status, k.custom_status) as status,
    coalesce(s.created_at, k.created_at) as created_at,
    (
        select min(m.message) from staging.order_problem as m
        where m.source = 'order/' || a.order_id
    ) as problem
from unnest(cast(:order_ids as bigint[])) as a (order_id)
left join staging.pulled_order as p on a.order_id = p.order_id
left join staging.sales_order as s on a.order_id = s.order_id
left join staging.verdict as v on a.order_id = v.order_id
left join core.sales_order as k on k.channel = :channel and a.order_id = k.order_id
left join core.order_status as t on coalesce(s.status_id, k.status_id) = t.status_id
order by a.order_id;
