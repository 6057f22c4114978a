-- sync_listings/plan: guarded rows that nobody has approved.   Reads  staging.plan, ops.approval.

with unapproved as (
    select p.listing_key as entity_key
    from staging.plan as p
    where
        p.guard is not null
        and not exists (
            select 1 from ops.approval as a
            where a.run_no = :run_no and a.guard = p.guard and a.entity_key = p.listing_key and a.approved_at is not null
        )
)

select
    count(*) as rows,
    min(u.entity_key) as example,
    (
        select count(*) from ops.approval as a
        where a.run_no = :run_no and a.approved_at is not null
    ) as asked
from unapproved as u;
