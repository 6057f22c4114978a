-- import_listings/load: what the guards look at, before the first write.
-- Returns  one row: rows and re-keyed rows of the channel, listings and listings that are gone, and the first ten of each.

select
    (
        select count(*) from core.listing_variant as v
        where v.channel = :channel
    ) as variants,
    (
        select count(*) from staging.match as m
        where m.held_sku is not null and lower(m.held_sku) <> lower(m.master_sku)
    ) as renamed,
    (
        select string_agg(w.shown, ', ')
        from (
            select m.held_sku || ' -> ' || m.master_sku as shown
            from staging.match as m
            where m.held_sku is not null and lower(m.held_sku) <> lower(m.master_sku)
            order by m.held_sku
            limit 10
        ) as w
    ) as renamed_first,
    (
        select count(*) from core.listing as l
        where l.channel = :channel and l.product_id is not null
    ) as listings,
    (
        select count(*)
        from core.listing as l
        inner join staging.missing as s on l.product_id = s.product_id
        where l.channel = :channel
    ) as gone,
    (
        select string_agg(w.listing_key, ', ')
        from (
            select l.listing_key
            from core.listing as l
            inner join staging.missing as s on l.product_id = s.product_id
            where l.channel = :channel
            order by l.listing_key
            limit 10
        ) as w
    ) as gone_first;
