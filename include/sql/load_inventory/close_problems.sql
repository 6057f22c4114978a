-- load_inventory/load: a problem closes when a later file that is loaded no longer has it.
-- Reads    staging.feed_problem.   Writes  ops.problem.

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'load_inventory'
    and p.open
    and not exists (
        select 1 from staging.feed_problem as s
        where s.entity_key = p.entity_key and s.reason = p.reason
    );
