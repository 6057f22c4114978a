-- publish_listings/load: queued for publishing, and in the store, as it has confirmed: there is nothing to do.
-- Writes   core.listing.   Repeat  safe.

update core.listing as l set queued_action = null
where
    l.channel = :channel
    and not l.paused
    and l.queued_action = 'publish'
    and l.product_id = any(cast(:product_ids as bigint[]));
