-- publish_listings/load: queued for publishing, and in the store already: there is nothing to do.
-- Writes   core.listing.   Answers  the listings.

update core.listing as l set queued_action = null
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
returning l.listing_key;
