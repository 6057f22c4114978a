-- publish_listings/transform: what the store refused before goes after the others.
-- Reads    ops.problem.   Writes  staging.payload.   Repeat  safe.

update staging.payload as p set retried = true
from ops.problem as o
where
    o.channel = :channel
    and o.operation = 'publish_listings'
    and o.open
    and o.reason in ('refused_by_store', 'name_taken', 'sku_taken', 'unknown_outcome')
    and o.entity = 'listing'
    and o.entity_key = p.listing_key;

analyze staging.payload;
