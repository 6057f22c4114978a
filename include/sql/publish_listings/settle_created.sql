-- publish_listings/load: a product is in the store as the warehouse wants it.
-- Grain    a listing.
-- Reads    core.draft.   Writes  core.listing, core.listing_variant.   Repeat  safe: it sets what was sent.
-- Where somebody changed the listing after it was prepared, it is overwritten next.

update core.listing as l set
    product_id = :product_id,
    status = case when :visible then 'listed' else 'hidden' end,
    hidden_as = case when :visible then null else 'invisible' end,
    queued_action = case
        when l.queued_action is distinct from 'publish' then l.queued_action
        when d.version = :version then null
        else 'overwrite'
    end,
    channel_price = :price,
    channel_visible = :visible,
    available_as = null,
    inventory_tracking = :tracking,
    images_sent = cast(:images as jsonb),
    assign_to = :assign_to,
    last_seen = null
from core.draft as d
where l.channel = :channel and l.listing_key = :listing_key and d.channel = l.channel and d.listing_key = l.listing_key;

update core.listing_variant as v set
    variant_id = s.variant_id,
    synced_price = s.price,
    channel_price = s.price,
    channel_price_inherited = s.inherits,
    synced_sale_price = s.sale_price,
    synced_cost_price = s.cost_price,
    synced_retail_price = s.retail_price,
    synced_weight = s.weight,
    synced_quantity = null,
    channel_quantity = 0,
    synced_at = now(),
    observed_at = now()
from
    jsonb_to_recordset(cast(:variants as jsonb)) as s (
        master_sku text,
        variant_id bigint,
        price numeric,
        inherits boolean,
        sale_price numeric,
        cost_price numeric,
        retail_price numeric,
        weight numeric
    )
where
    v.channel = :channel
    and v.listing_key = :listing_key
    and v.master_sku = s.master_sku
    and s.variant_id is not null;
