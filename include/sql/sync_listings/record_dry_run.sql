-- sync_listings/load: what a dry run would have sent; no later run ever sends it.
-- Reads    staging.plan.   Writes  ops.push.   Repeat  safe: recorded anew.

delete from ops.push
where run_no = :run_no;

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail)
select
    :channel,
    'sync_listings',
    :run_no,
    p.entity,
    p.entity_key,
    p.action,
    'dry_run',
    jsonb_build_object('to', p.sent, 'from', p.former)
from staging.plan as p
order by p.plan_no;
