-- sync_listings/load: products that the store does not have any more, as a read by id has confirmed.
-- Reads    staging.plan.   Writes  core.listing, core.listing_variant, raw.product.   Repeat  safe.
-- Nothing is deleted in the system of record; to come back, the listing is published again.

with gone as (
    update core.listing as l set
        status = 'delisted',
        queued_action = null,
        product_id = null,
        hidden_as = null,
        channel_price = null,
        channel_visible = null,
        pushed_at = now(),
        last_seen = (
            select w.value from ops.watermark as w
            where w.channel = :channel and w.operation = 'import_listings'
        )
    from staging.plan as p
    where
        p.plan_no = any(cast(:plan_nos as bigint[]))
        and l.channel = :channel
        and l.listing_key = p.listing_key
        and l.product_id = p.product_id
    returning p.product_id, l.listing_key
),

released as (
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
    from gone as g
    where v.channel = :channel and v.listing_key = g.listing_key
)

delete from raw.product as r using gone as g
where r.channel = :channel and r.product_id = g.product_id;
