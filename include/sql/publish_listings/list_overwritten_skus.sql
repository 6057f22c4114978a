-- publish_listings/load: the variants of listings about to be written over: what would change of them is judged beforehand.
-- Reads    staging.payload, core.listing_variant.

select v.master_sku
from staging.payload as p
inner join core.listing_variant as v on v.channel = :channel and p.listing_key = v.listing_key
where p.action = 'overwrite' and v.variant_id is not null
order by v.master_sku;
