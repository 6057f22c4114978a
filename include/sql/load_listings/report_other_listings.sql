-- load_listings/load: lines whose master SKU the warehouse knows as a variant of another listing.
-- Reads    staging.draft_row, core.listing_variant.   Writes  staging.feed_problem.

insert into staging.feed_problem (line, entity, entity_key, reason, source, message, group_key, master_sku)
select
    r.line,
    'variant',
    r.master_sku,
    'in_other_listing',
    'feed/listing/' || r.listing_key,
    'line ' || r.line || ': its master_sku belongs to the listing ''' || left(v.listing_key, 100) || '''.',
    r.listing_key,
    r.master_sku
from staging.draft_row as r
inner join core.listing_variant as v on v.channel = :channel and lower(r.master_sku) = lower(v.master_sku)
where r.listing_key <> v.listing_key;
