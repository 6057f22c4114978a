-- publish_listings/load: listings to be written over, where they are still as they were prepared.
-- Reads    staging.payload, core.draft, core.listing, core.listing_variant, core.wanted, ops.problem, ops.push, raw.brand.

select
    p.listing_key,
    p.payload,
    p.variants,
    p.categories,
    p.version,
    l.product_id,
    l.images_sent,
    exists(
        select 1
        from core.listing_variant as v
        inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
        where
            v.channel = :channel
            and v.listing_key = p.listing_key
            and w.quantity is not null
            and w.quantity is distinct from v.synced_quantity
    ) as stock_differs,
    (
        select jsonb_object_agg(v.master_sku, v.variant_id) from core.listing_variant as v
        where v.channel = :channel and v.listing_key = p.listing_key and v.variant_id is not null
    ) as variant_ids,
    coalesce(l.hidden_as = 'unavailable', false) as unavailable,
    -- linked to a product that was there: what the listing does not speak of is not ours to take away
    exists(
        select 1 from ops.push as q
        where
            q.channel = :channel
            and q.operation = 'publish_listings'
            and q.entity = 'listing'
            and q.entity_key = p.listing_key
            and q.action = 'link'
            and q.state = 'done'
    ) as linked,
    (
        -- what an import could not take in is nobody's to delete
        select array_agg(split_part(o.source, '/', 4)::bigint) from ops.problem as o
        where
            o.channel = :channel
            and o.operation = 'import_listings'
            and o.open
            and o.source like 'product/' || l.product_id || '/variant/%'
    ) as kept_variants,
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
