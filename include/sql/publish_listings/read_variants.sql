-- publish_listings/load: the variants of a listing as they were prepared.   Reads  staging.payload.

select p.variants from staging.payload as p
where p.listing_key = :listing_key;
