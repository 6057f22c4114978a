-- change_listing_status/change: how much of the channel the next sync is to hide or delete.   Reads  core.listing.

select
    count(*) as listings,
    count(*) filter (where l.queued_action = 'hide' and not l.paused) as hidden,
    count(*) filter (where l.queued_action = 'delist' and not l.paused) as delisted
from core.listing as l
where l.channel = :channel and l.product_id is not null and l.status in ('listed', 'hidden');
