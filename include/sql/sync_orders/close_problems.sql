-- sync_orders/load: close problems that hold no more: of shipments that wait for nothing any more, that the run has looked
-- at and not met them again, or that are there no more; and of orders whose status has followed.
-- Reads    staging.considered, core, ops.push.   Writes  ops.problem.

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'sync_orders'
    and p.open
    and case
        when p.entity <> 'shipment'
            then
                not exists (
                    select 1 from core.store_shipment as s
                    where s.channel = :channel and s.order_id::text = p.entity_key and s.status_due
                )
        when
            p.reason = 'unknown_outcome' and exists (
                select 1 from ops.problem as said
                where
                    said.channel = :channel
                    and said.operation = 'sync_orders'
                    and said.entity = p.entity
                    and said.entity_key = p.entity_key
                    and said.reason = 'undecided'
                    and said.open
            ) then true -- the store has answered since: one doubt, told once
        when exists (
            select 1 from ops.push as o
            where
                o.channel = :channel
                and o.entity = 'shipment'
                and o.entity_key = p.entity_key
                and o.action = 'create'
                and o.state in ('pending', 'sending', 'unknown')
        ) then false
        when
            exists (
                select 1 from core.shipment as s
                where s.channel = :channel and s.shipment_key = p.entity_key and s.version = s.settled_version
            )
            then
                p.reason <> 'shipment_gone' or exists (
                    select 1 from core.shipment as s
                    where s.channel = :channel and s.shipment_key = p.entity_key and s.cancelled_at is not null
                )
        when not exists (
            select 1 from core.shipment as s
            where s.channel = :channel and s.shipment_key = p.entity_key
        ) then true
        else
            p.run_no < :run_no -- what a newer run has seen is not for one that wakes late to close
            and not (:gave_up and p.reason in ('refused_by_store', 'unknown_outcome'))
            and exists (
                select 1 from staging.considered as c
                where c.shipment_key = p.entity_key
            )
            and not ( -- what was not reached is not mended
                p.reason in ('refused_by_store', 'unknown_outcome')
                and exists (
                    select 1 from staging.planned as o
                    where o.shipment_key = p.entity_key and not o.done
                )
            )
    end;
