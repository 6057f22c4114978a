-- load_listings/load: what the run did, counted in rows; read = created + updated + unchanged + skipped + failed.
-- Reads    staging.   A row counts as changed with its variant or its listing; a good one of a listing that is left out for
-- another row is skipped.

with judged as (
    select
        count(*) as sound,
        count(*) filter (where v.verdict = 'create') as created,
        count(*) filter (where v.verdict = 'update' or (v.verdict = 'same' and l.verdict = 'update')) as updated
    from staging.draft_variant as v
    left join staging.draft_listing as l on v.listing_key = l.listing_key
),

lines as (
    select
        count(*) as read,
        count(*) filter (where f.line is not null) as failed
    from (
        select r.line from staging.draft_row as r
        union
        select p.line from staging.feed_problem as p
    ) as a
    left join (select distinct p.line from staging.feed_problem as p) as f on a.line = f.line
)

select
    a.read,
    j.created,
    0 as linked,
    j.updated,
    0 as overwritten,
    j.sound - j.created - j.updated as unchanged,
    a.read - a.failed - j.sound as skipped,
    a.failed
from judged as j
cross join lines as a;
