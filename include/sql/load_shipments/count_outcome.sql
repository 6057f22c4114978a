-- load_shipments/load: what the run did, counted in shipments; read = created + updated + unchanged + skipped + failed.
-- Reads    staging.   A line of which nobody can tell the shipment counts as one.

with judged as (
    select
        count(*) filter (where d.verdict = 'create') as created,
        count(*) filter (where d.verdict = 'update') as updated,
        count(*) filter (where d.verdict = 'same') as unchanged,
        count(*) filter (where d.verdict = 'older') as skipped,
        (
            select count(distinct p.group_key) + count(distinct p.line) filter (where p.group_key is null)
            from staging.feed_problem as p
        ) as failed
    from staging.shipment as d
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
