-- sync_listings/load: the store has taken quantities over.
-- Reads    staging.plan.   Writes  core.listing_variant.   Repeat  safe: it sets what was sent.

update core.listing_variant as v set
    synced_quantity = (p.sent ->> 'quantity')::bigint,
    channel_quantity = (p.sent ->> 'quantity')::bigint,
    synced_at = now()
from staging.plan as p
where p.plan_no = any(cast(:plan_nos as bigint[])) and v.channel = :channel and v.master_sku = p.entity_key;
