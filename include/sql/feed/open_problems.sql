-- feed/load: open this run's problems, and see again those that still hold.
-- Reads    staging.feed_problem.   Writes  ops.problem.

insert into ops.problem as p (channel, operation, entity, entity_key, reason, source, message, run_no)
select
    :channel,
    :operation,
    s.entity,
    s.entity_key,
    s.reason,
    s.source,
    concat_ws(' ', (array_agg(s.message order by s.line))[1], cast(:hints as jsonb) ->> s.reason),
    :run_no
from staging.feed_problem as s
group by s.entity, s.entity_key, s.reason, s.source
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    message = excluded.message,
    run_no = excluded.run_no,
    last_seen = now();
