-- sync_listings/load: the store has confirmed fields of variants.
-- Reads    staging.plan.   Writes  core.listing_variant.   Repeat  safe: it sets what was sent.

update core.listing_variant as v set
    synced_price = coalesce((p.sent ->> 'price')::numeric, v.synced_price),
    channel_price = coalesce((p.sent ->> 'price')::numeric, v.channel_price),
    channel_price_inherited = v.channel_price_inherited and not p.sent ? 'price',
    synced_sale_price = coalesce((p.sent ->> 'sale_price')::numeric, v.synced_sale_price),
    synced_cost_price = coalesce((p.sent ->> 'cost_price')::numeric, v.synced_cost_price),
    synced_retail_price = coalesce((p.sent ->> 'retail_price')::numeric, v.synced_retail_price),
    synced_weight = coalesce((p.sent ->> 'weight')::numeric, v.synced_weight),
    synced_at = now(),
    in_doubt = array(
        select f.name from unnest(v.in_doubt) as f (name)
        where not p.sent ? f.name
    )
from staging.plan as p
where p.plan_no = any(cast(:plan_nos as bigint[])) and v.channel = :channel and v.master_sku = p.entity_key;
