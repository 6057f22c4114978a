-- publish_listings/load: a product that was made and not recorded, and that an import has linked since: it knows better.
-- Writes   core.listing.   Repeat  safe.

update core.listing as l set
    queued_action = nullif(l.queued_action, 'publish'),
    images_sent = cast(:images as jsonb)
where l.channel = :channel and l.listing_key = :listing_key;
