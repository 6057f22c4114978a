-- publish_listings/load: images of a listing's product: those that it has of what was sent, and those about to be added.
-- Writes   core.listing.   Repeat  safe.

update core.listing as l set images_sent = cast(:images as jsonb)
where l.channel = :channel and l.listing_key = :listing_key;
