-- import_listings/load: what this run read before something newer was loaded is not to be loaded any more.
-- Reads    raw.product, ops.watermark, core.listing.   Writes  staging.product, listing, variant, problem, missing.
-- Order    a stalled run that wakes up after its successor cannot overwrite it.

with outdated as (
    select s.product_id
    from staging.product as s
    left join raw.product as r on r.channel = :channel and s.product_id = r.product_id
    where
        s.fetched_at <= r.fetched_at
        or s.fetched_at < (
            select w.value from ops.watermark as w
            where w.channel = :channel and w.operation = 'import_listings'
        )
        -- read before we had it deleted
        or exists (
            select 1
            from staging.variant as n
            inner join core.listing_variant as v on v.channel = :channel and lower(n.master_sku) = lower(v.master_sku)
            inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
            where n.product_id = s.product_id and l.status = 'delisted' and l.pushed_at > s.fetched_at
        )
),

problems as (
    delete from staging.problem as p using outdated as o
    where p.source like 'product/%' and split_part(p.source, '/', 2) = o.product_id::text
),

variants as (
    delete from staging.variant as v using outdated as o
    where v.product_id = o.product_id
),

missing as (
    delete from staging.missing
    where
        (
            select r.pulled_from from ops.run as r
            where r.run_no = :run_no
        )
        < (
            select w.value from ops.watermark as w
            where w.channel = :channel and w.operation = 'import_listings'
        )
),

products as (
    delete from staging.product as p using outdated as o
    where p.product_id = o.product_id
)

delete from staging.listing as l using outdated as o
where l.product_id = o.product_id;
