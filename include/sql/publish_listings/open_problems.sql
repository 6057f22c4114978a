-- publish_listings/load: what was found while the listings were prepared, before the first call: a trace must not be lost.
-- Reads    staging.draft_problem.   Writes  ops.problem.   Repeat  safe.

insert into ops.problem as p (channel, operation, entity, entity_key, reason, source, message, run_no)
select
    :channel,
    'publish_listings',
    s.entity,
    s.entity_key,
    s.reason,
    s.source,
    concat_ws(' ', min(s.message), cast(:hints as jsonb) ->> s.reason),
    :run_no
from staging.draft_problem as s
group by s.entity, s.entity_key, s.reason, s.source
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    message = excluded.message,
    run_no = excluded.run_no,
    last_seen = now();
