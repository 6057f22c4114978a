-- sync_listings/load: the outcome of what was sent; it leaves the plan with this.
-- Writes   ops.push, ops.problem, core.listing_variant, staging.plan.   Repeat  safe: what has left the plan is not recorded again.
-- Order    after the settling, which reads the plan.

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail, epoch, sent_at)
select
    :channel,
    (
        select r.operation from ops.run as r
        where r.run_no = :run_no
    ),
    :run_no,
    p.entity,
    p.entity_key,
    p.action,
    :state,
    jsonb_strip_nulls(jsonb_build_object('to', p.sent, 'from', p.former, 'reason', cast(:reason as text))),
    :epoch,
    :sent_at
from staging.plan as p
where p.plan_no = any(cast(:plan_nos as bigint[]));

insert into ops.problem as o (channel, operation, entity, entity_key, reason, source, message, run_no)
select distinct
    :channel,
    'sync_listings',
    p.entity,
    p.entity_key,
    'refused_by_store',
    p.action,
    format('The store refused %s of %s: %s %s', replace(p.action, '_', ' '), p.entity_key, cast(:reason as text), cast(:hint as text)),
    :run_no
from staging.plan as p
where p.plan_no = any(cast(:plan_nos as bigint[])) and :state = 'refused'
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    message = excluded.message,
    run_no = excluded.run_no,
    last_seen = now();

update ops.problem as o set
    open = false,
    closed_at = now()
from staging.plan as p
where
    p.plan_no = any(cast(:plan_nos as bigint[]))
    and :state = 'done'
    and o.channel = :channel
    and o.operation = 'sync_listings'
    and o.open
    and o.reason = 'refused_by_store'
    and o.source = p.action
    and o.entity = p.entity
    and o.entity_key = p.entity_key;

-- a refusal changes nothing in the store: what was sent is not in doubt
update core.listing_variant as v set
    in_doubt = array(
        select f.name from unnest(v.in_doubt) as f (name)
        where not p.sent ? f.name
    )
from staging.plan as p
where
    p.plan_no = any(cast(:plan_nos as bigint[]))
    and :state = 'refused'
    and p.entity = 'variant'
    and v.channel = :channel
    and v.master_sku = p.entity_key
    and v.in_doubt <> '{}';

delete from staging.plan as p
where p.plan_no = any(cast(:plan_nos as bigint[])) and :state <> 'unknown';
