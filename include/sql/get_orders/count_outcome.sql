-- get_orders/load: what the run did, counted in orders; read = created + updated + unchanged + skipped + failed.
-- Reads    staging.   Orders outside of the window, and unknown ones where only known are wanted, are not counted.

with judged as (
    select
        count(*) filter (where v.verdict = 'create') as created,
        count(*) filter (where v.verdict = 'update') as updated,
        count(*) filter (where v.verdict in ('same', 'outdated')) as settled,
        count(*) filter (where v.verdict not in ('create', 'update', 'same', 'outdated', 'outside', 'unknown')) as skipped
    from staging.verdict as v
),

others as (
    select
        (
            select count(*) from staging.pulled_order as p
            where p.payload is null and p.unstorable is null
        ) as untouched,
        (
            select count(distinct s.source) from staging.order_problem as s
            where s.entity = 'order' and not exists (
                select 1 from staging.sales_order as o
                where s.source = 'order/' || o.order_id
            )
        ) as failed
)

select
    j.created + j.updated + j.settled + o.untouched + j.skipped + o.failed as read,
    j.created,
    0 as linked,
    j.updated,
    0 as overwritten,
    j.settled + o.untouched as unchanged,
    j.skipped,
    o.failed
from judged as j
cross join others as o;
