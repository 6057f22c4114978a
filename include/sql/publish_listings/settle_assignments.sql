-- publish_listings/load: the store has put these products on their sales channel.   Writes  core.listing.   Repeat  safe.

update core.listing as l set assign_to = null
where l.channel = :channel and l.product_id = any(cast(:product_ids as bigint[]));
