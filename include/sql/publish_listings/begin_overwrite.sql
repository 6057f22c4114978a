-- publish_listings/load: a product is about to be written over; a row of a call whose fate nobody knows is taken up again.
-- Writes   ops.push.   Repeat  safe.

with former as (
    update ops.push as p set
        run_no = :run_no,
        epoch = :epoch,
        detail = jsonb_build_object('to', cast(:sent as jsonb))
    where
        p.channel = :channel
        and p.operation = 'publish_listings'
        and p.entity = 'listing'
        and p.entity_key = :listing_key
        and p.action = 'overwrite'
        and p.state = 'sending'
    returning p.push_no
)

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail, epoch)
select
    :channel,
    'publish_listings',
    :run_no,
    'listing',
    :listing_key,
    'overwrite',
    'sending',
    jsonb_build_object('to', cast(:sent as jsonb)),
    :epoch
where not exists (select 1 from former);
