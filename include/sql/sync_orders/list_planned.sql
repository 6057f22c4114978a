-- sync_orders/load: what is to be done, in its order: what is deleted makes room, what the store refused before goes last.
-- Reads    staging.planned.

select
    p.planned_no,
    p.action,
    p.order_id,
    p.shipment_key,
    p.order_address_id,
    p.store_shipment_no,
    p.store_shipment_id,
    p.payload,
    p.lines,
    p.retried
from staging.planned as p
where
    not p.done
    and p.action = :action
    and (p.retried, p.planned_no) > (:after_retried, :after_no)
order by p.retried, p.planned_no
limit :most;
