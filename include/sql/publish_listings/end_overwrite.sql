-- publish_listings/load: what became of writing over a product; nothing where nothing was begun.   Writes  ops.push.

update ops.push as p set
    state = :state,
    detail = p.detail || jsonb_strip_nulls(jsonb_build_object('reason', cast(:reason as text))),
    run_no = :run_no,
    epoch = :epoch,
    sent_at = coalesce(p.sent_at, :sent_at),
    settled_at = now()
where
    p.channel = :channel
    and p.operation = 'publish_listings'
    and p.entity = 'listing'
    and p.entity_key = :listing_key
    and p.action = 'overwrite'
    and p.state = 'sending';
