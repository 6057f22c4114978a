-- load_inventory/load: open this run's problems, see again those that still hold, close the others.
-- Reads    staging.item_problem.   Writes  ops.problem.   A problem closes when a later file no longer has it.

insert into ops.problem as p (channel, operation, entity, entity_key, reason, source, message, run_no)
select
    :channel,
    'load_inventory',
    'inventory_item',
    s.entity_key,
    s.reason,
    'feed/inventory',
    concat_ws(' ', (array_agg(s.message order by s.line))[1], cast(:hints as jsonb) ->> s.reason),
    :run_no
from staging.item_problem as s
group by s.entity_key, s.reason
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    message = excluded.message,
    run_no = excluded.run_no,
    last_seen = now();

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'load_inventory'
    and p.open
    and not exists (
        select 1 from staging.item_problem as s
        where s.entity_key = p.entity_key and s.reason = p.reason
    );
