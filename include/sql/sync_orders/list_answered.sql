-- sync_orders/load: shipments that a person has settled in an earlier attempt of this run.   Reads  ops.push.

select p.entity_key as shipment_key
from ops.push as p
where
    p.run_no = :run_no
    and p.entity = 'shipment'
    and p.action = 'create'
    and p.detail ->> 'reason' like 'settled as %';
