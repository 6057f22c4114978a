-- publish_listings/load: what is to be sent, what was refused before at the end.   Reads  staging.payload.

select
    p.listing_key,
    p.product_id,
    p.categories
from staging.payload as p
where p.action = :action
order by p.retried, p.listing_key;
