-- get_orders/load: open this run's problems, see again those that still hold, close the others.
-- Reads    staging.   Writes  ops.problem.   A problem closes when its order or refund was handled without it.

insert into ops.problem as p (channel, operation, entity, entity_key, reason, source, message, run_no)
select
    :channel,
    'get_orders',
    s.entity,
    s.entity_key,
    s.reason,
    s.source,
    concat_ws(' ', min(s.message), cast(:hints as jsonb) ->> s.reason),
    :run_no
from staging.order_problem as s
group by s.entity, s.entity_key, s.reason, s.source
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    message = excluded.message,
    run_no = excluded.run_no,
    last_seen = now();

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'get_orders'
    and p.open
    and p.run_no <> :run_no
    and p.source in (
        select 'order/' || s.order_id
        from staging.sales_order as s
        union all
        select 'order/' || s.order_id
        from staging.pulled_order as s
        where s.payload is null and s.unstorable is null
        union all
        select 'refund/' || s.refund_id
        from staging.refund as s
    )
    and not exists (
        select 1 from staging.order_problem as s
        where s.source = p.source and s.reason = p.reason
    );
