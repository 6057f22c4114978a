-- load_listings/load: what the file has made or changed waits for the next publish.
-- Reads    staging.   Writes  core.listing.   Repeat  safe: it sets what is wanted.
-- A queued hide, unhide or delist stays: it is somebody's decision. Listings that the file leaves as they are get nothing.

update core.listing as l set
    queued_action = case when l.product_id is null then 'publish' else 'overwrite' end
where
    l.channel = :channel
    and l.listing_key in (
        select d.listing_key from staging.draft_listing as d
        where d.verdict in ('create', 'update')
        union
        select v.listing_key from staging.draft_variant as v
        where v.verdict in ('create', 'update')
    )
    and (l.queued_action is null or l.queued_action in ('publish', 'overwrite'))
    and l.queued_action is distinct from case when l.product_id is null then 'publish' else 'overwrite' end
    and (
        (l.product_id is null and l.status in ('not_listed', 'delisted'))
        or (:overwrites and l.product_id is not null and l.status in ('listed', 'hidden'))
    );
