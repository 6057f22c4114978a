-- publish_listings/load: whether the warehouse still has a listing, and what its product is.   Reads  core.listing.

select
    l.product_id,
    l.queued_action,
    l.paused
from core.listing as l
where l.channel = :channel and l.listing_key = :listing_key;
