-- publish_listings/load: products that are still to be put on a sales channel of the store.   Reads  core.listing.

select
    l.listing_key,
    l.product_id,
    l.assign_to
from core.listing as l
where l.channel = :channel and l.assign_to is not null and l.product_id is not null and not l.paused
order by l.product_id;
