-- sync_listings/load: what the store has of variants that are about to be hidden by their stock.
-- Writes   core.listing_variant.   Repeat  safe: the first reading stays, for a later one may show the 0 that was sent.

update core.listing_variant as v set
    held_quantity = s.units,
    held_wanted = v.synced_quantity
from
    unnest(cast(:master_skus as text[]), cast(:units as bigint[])) as s (master_sku, units)
where v.channel = :channel and v.master_sku = s.master_sku and v.held_quantity is null;
