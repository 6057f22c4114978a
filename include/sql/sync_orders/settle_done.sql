-- sync_orders/load: planned things are done; where one was the last of its shipment, nothing of that waits any more.
-- Reads    staging.planned.   Writes  staging.planned, core.shipment.   Repeat  safe.
-- Nobody waits here for a person who has the shipment's row open: what is left out then is settled by the next run.

update staging.planned as p set done = true
where p.planned_no = any(cast(:planned_nos as bigint[]));

with finished as (
    select
        p.shipment_key,
        max(p.version) as version
    from staging.planned as p
    where
        p.planned_no = any(cast(:planned_nos as bigint[]))
        and not exists (
            select 1 from staging.planned as o
            where o.shipment_key = p.shipment_key and not o.done
        )
    group by p.shipment_key
),

free as (
    select
        s.shipment_key,
        f.version
    from finished as f
    inner join core.shipment as s on s.channel = :channel and f.shipment_key = s.shipment_key
    for update of s skip locked
)

update core.shipment as s set settled_version = f.version
from free as f
where s.channel = :channel and s.shipment_key = f.shipment_key and s.settled_version <> f.version;
