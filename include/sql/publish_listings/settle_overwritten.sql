-- publish_listings/load: the store has what the listing says.
-- Grain    a listing.   Writes  core.listing, core.listing_variant.   Repeat  safe.
-- A price that the store shows otherwise than it is wanted is in doubt: what sends prices sends it.

update core.listing as l set
    queued_action = case when l.queued_action = 'overwrite' and d.version = :version then null else l.queued_action end,
    images_sent = cast(:images as jsonb),
    inventory_tracking = coalesce(cast(:tracking as text), l.inventory_tracking),
    last_seen = null
from core.draft as d
where l.channel = :channel and l.listing_key = :listing_key and d.channel = l.channel and d.listing_key = l.listing_key;

update core.listing_variant as v set
    variant_id = s.variant_id,
    synced_price = case when v.synced_price is null and not s.price_differs then s.channel_price else v.synced_price end,
    in_doubt = case
        when :price and s.price_differs and not 'price' = any(v.in_doubt) then v.in_doubt || array['price']
        else v.in_doubt
    end,
    channel_price = coalesce(s.channel_price, v.channel_price),
    channel_price_inherited = coalesce(s.inherits, v.channel_price_inherited),
    channel_quantity = case when v.variant_id is distinct from s.variant_id then 0 else v.channel_quantity end,
    synced_quantity = case when v.variant_id is distinct from s.variant_id then null else v.synced_quantity end,
    observed_at = now()
from
    jsonb_to_recordset(cast(:variants as jsonb)) as s (
        master_sku text,
        variant_id bigint,
        channel_price numeric,
        price_differs boolean,
        inherits boolean
    )
where
    v.channel = :channel
    and v.listing_key = :listing_key
    and v.master_sku = s.master_sku
    and s.variant_id is not null;
