-- sync_listings/plan: remember which inventory item each variant is linked to, so that an item that goes is noticed.
-- Reads    core.wanted.   Writes  core.listing_variant.   Repeat  safe: only a change is written.

update core.listing_variant as v set linked_to = w.item
from core.wanted as w
where
    w.channel = :channel
    and v.channel = w.channel
    and v.master_sku = w.master_sku
    and w.item is not null
    and w.item is distinct from v.linked_to;
