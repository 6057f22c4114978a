-- sync_listings/plan: what the guards are about and nobody has approved.
-- Reads    staging.plan, staging.differing, ops.approval.
-- A price held back is not sent, so it counts only where the guard of prices binds; an approved one is not held at all.

with guarded as (
    select distinct
        p.guard,
        case p.guard when 'zeroed' then p.entity_key else p.listing_key end as entity_key
    from staging.plan as p
    where p.guard is not null
),

unapproved as (
    select g.entity_key
    from guarded as g
    where
        not exists (
            select 1 from ops.approval as a
            where a.run_no = :run_no and a.guard = g.guard and a.entity_key = g.entity_key and a.approved_at is not null
        )
    union all
    select d.master_sku
    from staging.differing as d
    where (d.held = 'price_held' or d.held_sale_price is not null) and 'price' = any(cast(:guards as text[]))
)

select
    count(*) as rows,
    min(u.entity_key) as example,
    (
        select count(*) from ops.approval as a
        where a.run_no = :run_no and a.approved_at is not null
    ) as asked
from unapproved as u;
