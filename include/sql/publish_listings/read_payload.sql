-- publish_listings/load: one listing's product, where the listing is still as it was prepared and still to be sent.
-- Reads    staging.payload, core.draft.   Answers  nothing where somebody changed, paused or took it back meanwhile.

select
    p.payload,
    p.version,
    p.variants
from staging.payload as p
inner join core.draft as d on d.channel = :channel and p.listing_key = d.listing_key
where
    p.listing_key = :listing_key
    and p.version = d.version
    and p.action = d.queued_action
    and not d.paused
    and (p.action = 'overwrite' or d.product_id is null);
