-- sync_orders/load: what the run did, counted in shipments; read is the sum of the others.
-- Reads    staging.considered, staging.planned, ops.push, ops.problem.
-- Waiting  is what was not sent without anything being wrong with it: beyond the most that a run sends.

with pushed as (
    select
        p.entity_key as shipment_key,
        bool_or(p.action in ('create', 'adopt') and p.state in ('done', 'adopted', 'dry_run')) as created,
        bool_or(p.action in ('update', 'delete') and p.state in ('done', 'dry_run')) as updated
    from ops.push as p
    where p.run_no = :run_no and p.operation = 'sync_orders' and p.entity = 'shipment'
    group by p.entity_key
),

handled as (
    select
        coalesce(u.created, false) as created,
        coalesce(u.updated, false) as updated,
        exists(
            select 1 from ops.problem as o
            where
                o.channel = :channel
                and o.operation = 'sync_orders'
                and o.entity = 'shipment'
                and o.entity_key = coalesce(c.shipment_key, u.shipment_key)
                and o.open
                and o.run_no = :run_no
                and o.reason in ('refused_by_store', 'unknown_outcome', 'undecided')
        ) as failed,
        exists(
            select 1 from staging.problem as s
            where s.entity = 'shipment' and s.entity_key = c.shipment_key
        ) as skipped
    from staging.considered as c
    full join pushed as u on c.shipment_key = u.shipment_key
)

select
    count(*) filter (where created and not failed) as created,
    0 as linked,
    count(*) filter (where not created and updated and not failed) as updated,
    0 as overwritten,
    count(*) filter (where failed) as failed,
    count(*) filter (where not created and not updated and not failed and skipped) as skipped,
    count(*) filter (where not created and not updated and not failed and not skipped) as unchanged,
    count(*) as read
from handled;
