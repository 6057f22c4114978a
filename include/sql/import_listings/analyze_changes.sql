-- import_listings/load: the changes are known; the planner must know their number too.

analyze staging.change, core.listing (channel, listing_key, product_id),
core.listing_variant (channel, master_sku, listing_key, variant_id);
