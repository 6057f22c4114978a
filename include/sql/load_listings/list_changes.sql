-- load_listings/load: some of the listings that a dry run would make or change, and what would be queued for them.
-- Reads    staging, core.listing.

select
    c.listing_key,
    concat_ws(
        ', ',
        case
            when c.verdict = 'create' then 'would be created'
            when c.verdict = 'update' then 'would be changed'
            else 'would keep its own data'
        end,
        c.new_variants || ' new variants',
        c.changed_variants || ' changed',
        'then queued: ' || coalesce(l.queued_action, 'nothing')
    ) as what
from (
    select
        v.listing_key,
        d.verdict,
        count(*) filter (where v.verdict = 'create') as new_variants,
        count(*) filter (where v.verdict = 'update') as changed_variants
    from staging.draft_variant as v
    left join staging.draft_listing as d on v.listing_key = d.listing_key
    group by v.listing_key, d.verdict
) as c
inner join core.listing as l on l.channel = :channel and c.listing_key = l.listing_key
where c.verdict in ('create', 'update') or c.new_variants > 0 or c.changed_variants > 0
order by c.listing_key
limit :most;
