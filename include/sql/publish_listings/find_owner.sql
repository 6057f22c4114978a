-- publish_listings/load: the other listing of the channel whose product this is.   Reads  core.listing.

select l.listing_key
from core.listing as l
where l.channel = :channel and l.product_id = :product_id and l.listing_key <> :listing_key
order by l.listing_key
limit 1;
