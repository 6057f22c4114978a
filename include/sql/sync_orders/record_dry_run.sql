-- sync_orders/load: what a dry run would have sent.   Reads  staging.planned.   Writes  ops.push.

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail)
select
    :channel,
    'sync_orders',
    :run_no,
    'shipment',
    p.shipment_key,
    p.action,
    'dry_run',
    jsonb_build_object('to', p.payload || jsonb_strip_nulls(jsonb_build_object('order_id', p.order_id, 'id', p.store_shipment_id)))
from staging.planned as p
where p.action = :action
order by p.retried, p.planned_no
limit :most;
