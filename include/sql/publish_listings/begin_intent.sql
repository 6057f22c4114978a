-- publish_listings/load: a product is about to be created: what is meant, committed before the call.
-- Reads    staging.payload.   Writes  ops.push: one row, unless the listing has one whose fate is open (an index says no).

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail, epoch)
select
    :channel,
    'publish_listings',
    :run_no,
    'listing',
    p.listing_key,
    'create',
    'sending',
    jsonb_build_object('to', cast(:product as jsonb), 'version', p.version, 'variants', p.variants),
    :epoch
from staging.payload as p
where p.listing_key = :listing_key
returning push_no;
