-- publish_listings/load: the listing's SKU stands in the store already: the two belong together from now on.
-- Grain    a listing.   Writes  core.listing, core.listing_variant, raw.product.   Repeat  safe.
-- Nothing was sent: synced stays empty, so that a sync sends what the warehouse wants and the store does not have.

update core.listing as l set
    product_id = :product_id,
    status = case when :visible then 'listed' else 'hidden' end,
    hidden_as = case when :visible then null else 'invisible' end,
    queued_action = nullif(l.queued_action, 'publish'),
    channel_price = :price,
    channel_visible = :visible,
    inventory_tracking = :tracking,
    last_seen = null
where l.channel = :channel and l.listing_key = :listing_key;

update core.listing_variant as v set
    variant_id = s.variant_id,
    channel_price = s.channel_price,
    channel_price_inherited = s.inherits,
    observed_at = now()
from
    jsonb_to_recordset(cast(:variants as jsonb)) as s (
        master_sku text,
        variant_id bigint,
        channel_price numeric,
        inherits boolean
    )
where
    v.channel = :channel
    and v.listing_key = :listing_key
    and v.master_sku = s.master_sku
    and s.variant_id is not null;

update raw.product as r set reflected = null
where r.channel = :channel and r.product_id = :product_id;
