-- publish_listings/load: what the run did, counted in listings; read is the sum of the others.
-- Reads    staging.draft, staging.payload, ops.push.

with pushed as (
    select
        p.entity_key,
        bool_or(p.action = 'create' and p.state in ('done', 'adopted')) as created,
        bool_or(p.action = 'link' and p.state = 'done') as linked,
        bool_or(p.action not in ('create', 'link') and p.state in ('done', 'adopted')) as updated,
        bool_or(p.state = 'dry_run' and p.action = 'create') as would_create,
        bool_or(p.state = 'dry_run' and p.action <> 'create') as would_update,
        bool_or(p.state in ('refused', 'unknown', 'sending')) as refused
    from ops.push as p
    where p.run_no = :run_no and p.operation = 'publish_listings' and p.entity = 'listing' and p.action <> 'assign'
    group by p.entity_key
),

handled as (
    select
        coalesce(u.created or u.would_create, false) as created,
        coalesce(u.linked, false) as linked,
        coalesce(u.updated or u.would_update, false) as updated,
        coalesce(u.refused, false) as refused,
        d.listing_key is not null and (p.listing_key is null or exists (
            select 1 from ops.problem as o
            where
                o.channel = :channel
                and o.operation = 'publish_listings'
                and o.open
                and o.run_no = :run_no
                and o.entity = 'listing'
                and o.entity_key = d.listing_key
                and o.reason in ('unknown_category', 'not_in_store', 'gone_from_store', 'ambiguous_listing', 'sku_taken')
        )) as skipped
    from staging.draft as d
    left join staging.payload as p on d.listing_key = p.listing_key
    full join pushed as u on d.listing_key = u.entity_key
)

select
    count(*) filter (where created) as created,
    count(*) filter (where not created and linked) as linked,
    count(*) filter (where not created and not linked and updated and not refused) as updated,
    count(*) filter (where not created and not linked and refused) as failed,
    count(*) filter (where not created and not linked and not updated and not refused and skipped) as skipped,
    count(*) filter (where not created and not linked and not updated and not refused and not skipped) + :listed as unchanged,
    count(*) + :listed as read
from handled;
