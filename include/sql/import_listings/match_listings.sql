-- import_listings/load: which listing each product of the store belongs to.
-- Grain    sets staging.match.listing_key, one listing a product; adds to staging.unmatchable each product whose
--          variants match rows of different listings, or whose listing another product has.
-- Reads    staging.match, core.   Writes  staging.match, staging.unmatchable.
-- Repeat   match_variants and this run until staging.unmatchable does not grow.

with matched as ( -- the listings that a product's variants point to
    select
        m.product_id,
        count(distinct v.listing_key) as listings,
        min(v.listing_key) as listing_key,
        string_agg(distinct v.listing_key, ', ') as keys
    from staging.match as m
    inner join core.listing_variant as v on v.channel = :channel and m.row_sku = v.master_sku
    group by m.product_id
),

chosen as ( -- else the listing that has the product, else one named after it
    select
        p.product_id,
        coalesce(m.listing_key, l.listing_key, 'bc-' || p.product_id) as listing_key,
        coalesce(m.listings, 0) > 1 as torn,
        m.keys
    from (select distinct product_id from staging.match) as p
    left join matched as m on p.product_id = m.product_id
    left join lateral (
        select o.listing_key
        from core.listing as o
        where o.channel = :channel and o.product_id = p.product_id
        order by o.listing_key
        limit 1
    ) as l on true
),

contested as ( -- one listing, one product: the one it has, else the lowest id
    select
        c.product_id,
        c.listing_key,
        c.torn,
        c.keys,
        row_number() over (
            partition by c.listing_key
            order by c.torn asc, coalesce(l.product_id = c.product_id, false) desc, c.product_id asc
        ) > 1
        -- a living product that this run has not read anew holds the listing
        or (
            l.product_id is not null and l.product_id <> c.product_id
            and l.product_id not in (select s.product_id from staging.listing as s)
            and l.product_id not in (select s.product_id from staging.missing as s)
        ) as taken
    from chosen as c
    left join core.listing as l on l.channel = :channel and c.listing_key = l.listing_key
),

unmatchable as (
    insert into staging.unmatchable (product_id, keys)
    select
        c.product_id,
        coalesce(c.keys, c.listing_key)
    from contested as c
    where (c.torn or c.taken) and c.product_id not in (select u.product_id from staging.unmatchable as u)
    returning product_id
)

update staging.match as m set listing_key = c.listing_key
from contested as c
where m.product_id = c.product_id;
