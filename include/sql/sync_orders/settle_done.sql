-- sync_orders/load: one planned thing is done; where it was the last of its shipment, nothing of that waits any more.
-- Reads    staging.planned.   Writes  staging.planned, core.shipment, ops.problem.   Repeat  safe.

update staging.planned as p set done = true
where p.planned_no = any(cast(:planned_nos as bigint[]));

update core.shipment as s set settled_version = p.version
from staging.planned as p
where
    p.planned_no = any(cast(:planned_nos as bigint[]))
    and s.channel = :channel
    and s.shipment_key = p.shipment_key
    and s.settled_version <> p.version
    and not exists (
        select 1 from staging.planned as o
        where o.shipment_key = p.shipment_key and not o.done
    );
