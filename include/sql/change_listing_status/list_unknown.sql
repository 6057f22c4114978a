-- change_listing_status/change: what was given as a master SKU and is none of the channel.   Reads  core.listing_variant.

select g.sku
from unnest(cast(:skus as text[])) with ordinality as g (sku, place)
where
    not exists (
        select 1 from core.listing_variant as v
        where v.channel = :channel and lower(v.master_sku) = lower(g.sku)
    )
order by g.place;
