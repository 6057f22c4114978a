-- sync_listings/load: the store has taken quantities over.
-- Reads    staging.plan, core.listing.   Writes  core.listing_variant.   Repeat  safe: it sets what was sent.
-- What was wanted is agreed on, also where a listing shown again got back what the store had before.

update core.listing_variant as v set
    synced_quantity = p.wanted_quantity,
    channel_quantity = (p.sent ->> 'quantity')::bigint,
    synced_at = now(),
    in_doubt = array_remove(v.in_doubt, 'quantity'),
    held_quantity = case when h.hidden then v.held_quantity end,
    held_wanted = case when h.hidden then v.held_wanted end
from staging.plan as p
inner join core.listing as l on l.channel = :channel and p.listing_key = l.listing_key
cross join
    lateral (
        select
            (l.status = 'hidden' and l.hidden_as = 'out_of_stock' and l.queued_action is distinct from 'unhide')
            or (l.status = 'listed' and :hide_as = 'out_of_stock' and coalesce(l.queued_action = 'hide', false)) as hidden
    ) as h
where p.plan_no = any(cast(:plan_nos as bigint[])) and v.channel = :channel and v.master_sku = p.entity_key;
