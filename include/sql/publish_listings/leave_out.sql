-- publish_listings/load: a dry run leaves a listing out, as the real one would.   Writes  staging.payload.

delete from staging.payload as p
where p.listing_key = :listing_key;
