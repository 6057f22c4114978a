-- sync_listings/load: products and variants that the store refused to know, and that a confirming read did not find.
-- Writes   core.listing, core.listing_variant, raw.product, ops.problem.   Repeat  safe.
-- Nothing is deleted in the system of record, and nothing is published again unless somebody queues it.

with gone as (
    update core.listing_variant as v set
        variant_id = null,
        synced_price = null,
        synced_quantity = null,
        synced_sale_price = null,
        synced_cost_price = null,
        synced_retail_price = null,
        synced_weight = null,
        channel_price = null,
        channel_price_inherited = null,
        channel_quantity = null,
        in_doubt = '{}',
        held_quantity = null,
        held_wanted = null
    from core.listing as l
    where
        v.channel = :channel
        and l.channel = v.channel
        and l.listing_key = v.listing_key
        and l.product_id = any(cast(:product_ids as bigint[]))
        and v.variant_id is not null
        and v.variant_id <> all(cast(:living_variants as bigint[]))
    returning v.master_sku, v.listing_key, l.product_id
)

insert into ops.problem as p (channel, operation, entity, entity_key, reason, source, message, run_no)
select
    :channel,
    'sync_listings',
    'variant',
    g.master_sku,
    'gone_from_store',
    'product/' || g.product_id,
    'The store has no variant with the master SKU ' || g.master_sku || ' any more (listing ' || g.listing_key || '). '
    || :hint,
    :run_no
from gone as g
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    run_no = excluded.run_no,
    last_seen = now();

update core.listing as l set
    status = 'not_listed',
    product_id = null,
    hidden_as = null,
    channel_price = null,
    channel_visible = null,
    last_seen = (
        select w.value from ops.watermark as w
        where w.channel = :channel and w.operation = 'import_listings'
    )
where
    l.channel = :channel
    and l.product_id = any(cast(:product_ids as bigint[]))
    and l.product_id <> all(cast(:living_products as bigint[]));

delete from raw.product as r
where
    r.channel = :channel
    and r.product_id = any(cast(:product_ids as bigint[]))
    and r.product_id <> all(cast(:living_products as bigint[]));

update ops.problem as o set
    open = false,
    closed_at = now()
where
    o.channel = :channel
    and o.operation = 'sync_listings'
    and o.open
    and o.reason = 'refused_by_store'
    and exists (
        select 1
        from core.listing_variant as v
        where v.channel = o.channel and v.master_sku = o.entity_key and v.variant_id is null
    );
