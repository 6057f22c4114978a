-- import_listings/extract: the products of chosen SKUs, as far as the warehouse knows them.   Reads  core.

select
    k.master_sku,
    l.product_id
from unnest(cast(:skus as text[])) as k (master_sku)
left join core.listing_variant as v on v.channel = :channel and lower(k.master_sku) = lower(v.master_sku)
left join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key;
