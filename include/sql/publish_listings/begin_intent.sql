-- publish_listings/load: a product is about to be created: what is meant, committed before the call.
-- Reads    staging.payload.   Writes  ops.push.   Answers  nothing where the listing has one whose fate is still open.

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
on conflict (channel, entity, entity_key)
where action = 'create' and state in ('pending', 'sending', 'unknown') do nothing
returning push_no;
