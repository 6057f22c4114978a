-- import_listings/extract: products whose payload is what core reflects, but whose stock at the location is not.
-- Reads    staging.stock, core.listing, core.listing_variant, raw.product.   Writes  staging.product.
-- Repeat   safe: keyed. What was pulled keeps what was pulled.

insert into staging.product as s (product_id, content_hash, payload, fetched_at)
select
    r.product_id,
    r.content_hash,
    r.payload,
    clock_timestamp()
from raw.product as r
where
    r.channel = :channel
    and r.product_id in (
        select l.product_id
        from core.listing_variant as v
        inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
        left join staging.stock as k on v.variant_id = k.variant_id
        left join (
            select
                g.product_id,
                g.quantity
            from staging.stock as g
            where
                g.variant_id is null
                and 1 = (
                    select count(*)
                    from core.listing_variant as o
                    inner join core.listing as p on o.channel = p.channel and o.listing_key = p.listing_key
                    where p.channel = :channel and p.product_id = g.product_id and o.variant_id is not null
                )
        ) as w on l.product_id = w.product_id
        where
            v.channel = :channel
            and v.variant_id is not null
            and coalesce(k.quantity, w.quantity) <> v.channel_quantity
    )
on conflict (
    product_id) do update set payload = excluded.payload
where s.payload is null and s.unstorable is null;
