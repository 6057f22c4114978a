-- load_shipments/load: a problem closes when a later file has the shipment without it.
-- Reads    staging.   Writes  ops.problem.   Of shipments that the file does not have, problems stay open.
-- Order    an older run that finishes late closes nothing that a newer one has seen.

with handled as materialized (
    select 'feed/shipment/' || d.shipment_key as source
    from staging.shipment as d
    union
    select p.source from staging.feed_problem as p
    union
    select 'feed/shipments'
)

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'load_shipments'
    and p.open
    and p.run_no <= :run_no
    and p.source in (select h.source from handled as h)
    and not exists (
        select 1 from staging.feed_problem as s
        where
            s.entity = p.entity
            and s.entity_key = p.entity_key
            and s.reason = p.reason
            and s.source = p.source
    );
