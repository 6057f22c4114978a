-- publish_listings/load: listings to be written over, where they are still as they were prepared.
-- Reads    staging.payload, core.draft, core.listing, core.listing_variant, raw.brand.

select
    p.listing_key,
    p.payload,
    p.variants,
    p.categories,
    p.version,
    l.product_id,
    l.images_sent,
    (
        select jsonb_object_agg(v.master_sku, v.variant_id) from core.listing_variant as v
        where v.channel = :channel and v.listing_key = p.listing_key and v.variant_id is not null
    ) as variant_ids,
    (
        select array_agg(b.brand_id) from raw.brand as b
        where b.channel = :channel and lower(b.name) = lower(p.payload ->> 'brand_name')
    ) as brand_ids
from staging.payload as p
inner join core.draft as d on d.channel = :channel and p.listing_key = d.listing_key
inner join core.listing as l on d.channel = l.channel and d.listing_key = l.listing_key
where
    p.listing_key = any(cast(:listing_keys as text[]))
    and p.action = 'overwrite'
    and p.version = d.version
    and d.queued_action = 'overwrite'
    and not d.paused
    and l.product_id is not null
order by p.retried, p.listing_key;
