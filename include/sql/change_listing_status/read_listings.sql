-- change_listing_status/change: the listings that were named by SKUs, and those of their variants that were not.
-- Grain    (listing).
-- Reads    core.listing, core.listing_variant.

with given as (
    select distinct lower(g.sku) as sku
    from unnest(cast(:skus as text[])) as g (sku)
),

named as materialized (
    select distinct v.listing_key
    from core.listing_variant as v
    inner join given as g on lower(v.master_sku) = g.sku
    where v.channel = :channel
),

variants as (
    select
        v.listing_key,
        count(*) as variants,
        array_agg(v.master_sku order by v.master_sku) filter (where g.sku is null) as unnamed
    from named as n
    inner join core.listing_variant as v on v.channel = :channel and n.listing_key = v.listing_key
    left join given as g on lower(v.master_sku) = g.sku
    group by v.listing_key
)

select
    l.listing_key,
    coalesce(l.title, '') as title,
    l.status,
    l.paused,
    l.queued_action,
    l.product_id is not null and l.status in ('listed', 'hidden') as in_store,
    v.variants,
    coalesce(v.unnamed, '{}') as unnamed
from variants as v
inner join core.listing as l on l.channel = :channel and v.listing_key = l.listing_key
order by l.listing_key;
