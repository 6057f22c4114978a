-- import_listings/load: the changes are known; the planner must know their number too.

analyze staging.change, core.listing, core.listing_variant;
