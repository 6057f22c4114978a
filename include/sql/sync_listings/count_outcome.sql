-- sync_listings/load: what the run did, counted in variants; read = updated + unchanged + skipped + failed.
-- Reads    ops.push, ops.problem, core.

with pushed as (
    select
        p.entity,
        p.entity_key,
        bool_or(p.state in ('done', 'dry_run')) as done,
        coalesce(max(case when p.state in ('refused', 'unknown') then p.push_no end), 0)
        > coalesce(max(case when p.state = 'done' then p.push_no end), 0) as refused
    from ops.push as p
    where p.run_no = :run_no
    group by p.entity, p.entity_key
),

variants as (
    select
        coalesce(u.refused, false) or coalesce(g.refused, false) as failed,
        coalesce(u.done, false) or coalesce(g.done, false) as updated,
        exists(
            select 1 from staging.problem as s
            where s.entity = 'variant' and s.entity_key = v.master_sku
        ) as skipped
    from core.listing_variant as v
    left join pushed as u on u.entity = 'variant' and v.master_sku = u.entity_key
    left join pushed as g on g.entity = 'listing' and v.listing_key = g.entity_key
    where v.channel = :channel and (:everything or lower(v.master_sku) = any(cast(:skus as text[])))
)

select
    count(*) as read,
    count(*) filter (where updated and not failed) as updated,
    count(*) filter (where failed) as failed,
    count(*) filter (where skipped and not updated and not failed) as skipped,
    count(*) filter (where not updated and not failed and not skipped) as unchanged
from variants;
