-- publish_listings/load: nobody wants these written over any more: what became of the last call stays unknown.
-- Reads    core.listing.   Writes  ops.push.   Repeat  safe.

update ops.push as p set state = 'unknown'
where
    p.channel = :channel
    and p.operation = 'publish_listings'
    and p.action = 'overwrite'
    and p.state = 'sending'
    and not exists (
        select 1 from core.listing as l
        where l.channel = :channel and l.listing_key = p.entity_key and l.queued_action = 'overwrite'
    );
