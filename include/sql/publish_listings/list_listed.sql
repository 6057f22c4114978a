-- publish_listings/load: queued for publishing, and in the store already, as far as the warehouse knows.   Reads  core.listing.

select
    l.listing_key,
    l.product_id
from core.listing as l
where
    l.channel = :channel
    and not l.paused
    and l.queued_action = 'publish'
    and l.product_id is not null
    and (
        :everything
        or exists (
            select 1 from core.listing_variant as v
            where v.channel = :channel and v.listing_key = l.listing_key and lower(v.master_sku) = any(cast(:skus as text[]))
        )
    )
order by l.product_id;
