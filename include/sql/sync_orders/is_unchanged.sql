-- sync_orders/load: whether a shipment is still the one that was planned.   Reads  staging.planned, core.shipment.

select s.shipment_key
from staging.planned as p
inner join core.shipment as s
    on s.channel = :channel and p.shipment_key = s.shipment_key and p.version = s.version
where p.planned_no = :planned_no;
