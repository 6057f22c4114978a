-- problems/open: what a run has found is open from now on; what was open already is seen again.
-- Reads    staging.problem.   Writes  ops.problem.   Repeat  safe.

insert into ops.problem as p (channel, operation, entity, entity_key, reason, source, message, run_no)
select
    :channel,
    :operation,
    s.entity,
    s.entity_key,
    s.reason,
    s.source,
    concat_ws(' ', min(s.message), cast(:hints as jsonb) ->> s.reason),
    :run_no
from staging.problem as s
group by s.entity, s.entity_key, s.reason, s.source
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    message = excluded.message,
    run_no = excluded.run_no,
    last_seen = now();
