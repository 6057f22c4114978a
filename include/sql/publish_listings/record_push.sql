-- publish_listings/load: something done to a listing's product, or in a dry run what would be.   Writes  ops.push.

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail, epoch, sent_at)
values (
    :channel,
    'publish_listings',
    :run_no,
    'listing',
    :listing_key,
    :action,
    :state,
    jsonb_strip_nulls(
        jsonb_build_object(
            'to', cast(:sent as jsonb), 'from', cast(:former as jsonb), 'reason', cast(:reason as text)
        )
    ),
    :epoch,
    :sent_at
);
