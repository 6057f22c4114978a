-- publish_listings/load: how many variants the channel has in the store.   Reads  core.listing_variant.

select count(*) as variants from core.listing_variant as v
where v.channel = :channel and v.variant_id is not null;
