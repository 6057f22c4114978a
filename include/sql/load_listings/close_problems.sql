-- load_listings/load: a problem closes when a later file has the listing, or the variant, without it.
-- Reads    staging.   Writes  ops.problem.   Of listings that the file does not have, problems stay open.
-- Order    an older run that finishes late closes nothing that a newer one has seen.

with handled as materialized (
    select 'feed/listing/' || r.listing_key as source
    from staging.draft_row as r
    union
    select p.source from staging.feed_problem as p
    union
    select 'feed/listings'
)

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'load_listings'
    and p.open
    and p.run_no <= :run_no
    and (
        p.source in (select h.source from handled as h)
        or (
            p.entity = 'variant'
            and lower(p.entity_key) in (select lower(v.master_sku) from staging.draft_variant as v)
        )
    )
    and not exists (
        select 1 from staging.feed_problem as s
        where
            s.entity = p.entity
            and s.entity_key = p.entity_key
            and s.reason = p.reason
            and s.source = p.source
    );
