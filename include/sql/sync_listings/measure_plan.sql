-- sync_listings/plan: how large a change it is, for the guards.   Reads  staging.plan, staging.differing, core.listing.

select
    (
        select count(*)
        from core.listing as l
        where l.channel = :channel and l.product_id is not null and l.status in ('listed', 'hidden')
    ) as listings,
    count(distinct p.listing_key) filter (where p.guard = 'zeroed') as zeroed,
    count(distinct p.listing_key) filter (where p.guard = 'hidden') as hidden,
    count(distinct p.listing_key) filter (where p.guard = 'delisted') as delisted,
    (
        select count(distinct d.listing_key) from staging.differing as d
        where d.held = 'price_held' or d.held_sale_price is not null
    ) as held,
    count(*) as rows
from staging.plan as p;
