-- load_inventory/load: what the run did, counted in items; read = created + updated + unchanged + skipped + failed.
-- Reads    staging.   Lines of one SKU count once, each line that could not be taken by itself; zeroed items are updated ones.

with judged as (
    select
        count(*) filter (where c.verdict = 'create') as created,
        count(*) filter (where c.verdict = 'update') + :zeroed as updated,
        count(*) filter (where c.verdict = 'same') as unchanged,
        count(*) filter (where c.verdict = 'older') as skipped,
        count(*) filter (where c.verdict = 'conflict') + (
            select count(distinct p.line) from staging.feed_problem as p
        ) as failed
    from staging.choice as c
)

select
    j.created + j.updated + j.unchanged + j.skipped + j.failed as read,
    j.created,
    0 as linked,
    j.updated,
    0 as overwritten,
    j.unchanged,
    j.skipped,
    j.failed
from judged as j;
