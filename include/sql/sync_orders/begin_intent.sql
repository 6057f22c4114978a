-- sync_orders/load: a shipment is about to be made: what is meant, committed before the call.
-- Reads    staging.planned, core.   Writes  ops.push.
-- Answers  nothing where the shipment was changed since it was planned, the store has it by now, or a call for it is open.
-- before   the order's shipments that the warehouse knew of, and since the store's clock: what is not among them, and not
--          older, may be what a lost answer has made.

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail, epoch)
select
    :channel,
    'sync_orders',
    :run_no,
    'shipment',
    p.shipment_key,
    'create',
    'sending',
    jsonb_build_object(
        'to', p.payload,
        'order_id', p.order_id,
        'lines', p.lines,
        'since', (
            select r.store_time + (clock_timestamp() - r.pulled_from) from ops.run as r
            where r.run_no = :run_no
        ),
        'before', coalesce((
            select jsonb_agg(b.store_shipment_id order by b.store_shipment_id)
            from core.store_shipment as b
            where b.channel = :channel and b.order_id = p.order_id and b.store_shipment_id is not null
        ), '[]'),
        'shipped', coalesce((
            select
                jsonb_object_agg(
                    i.order_product_id,
                    greatest(i.quantity_shipped, (
                        select sum(l.quantity)
                        from core.store_shipment as b
                        inner join core.store_shipment_item as l on b.store_shipment_no = l.store_shipment_no
                        where
                            b.channel = :channel
                            and b.order_id = p.order_id
                            and b.deleted_at is null
                            and l.order_product_id = i.order_product_id
                    ))
                )
            from core.order_item as i
            where i.channel = :channel and i.order_id = p.order_id and p.lines ? i.order_product_id::text
        ), '{}')
    ),
    :epoch
from staging.planned as p
inner join core.shipment as s
    on s.channel = :channel and p.shipment_key = s.shipment_key and p.version = s.version
where
    p.planned_no = :planned_no
    and not exists (
        select 1 from core.store_shipment as o
        where
            o.channel = :channel
            and o.shipment_key = p.shipment_key
            and o.order_address_id = p.order_address_id
            and o.deleted_at is null
    )
on conflict (channel, entity, entity_key)
where action = 'create' and state in ('pending', 'sending', 'unknown') do nothing
returning push_no, detail;
