-- sync_listings/load: what a dry run has found wrong, by reason, as the run itself would open it.
-- Reads    staging.problem.
-- Answers  for each reason how many there are, and the first of them as an example; with each, how many there are in all.

with found as (
    select distinct on (p.entity, p.entity_key, p.reason, p.source)
        p.entity_key,
        p.reason,
        concat_ws(' ', p.message, cast(:hints as jsonb) ->> p.reason) as message
    from staging.problem as p
    order by p.entity, p.entity_key, p.reason, p.source, p.message
)

select
    f.reason,
    count(*) as problems,
    min(f.entity_key) as example,
    (array_agg(f.message order by f.entity_key, f.message))[1] as message,
    (sum(count(*)) over ())::bigint as all_problems
from found as f
group by f.reason
order by count(*) desc, f.reason
limit :most;
