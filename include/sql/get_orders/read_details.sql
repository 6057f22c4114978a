-- get_orders/transform: the details of the next orders.   Reads  staging.pulled_detail.
-- All parts of an order come together, so up to three times as many rows as orders.

select
    d.order_id,
    d.part,
    d.payload::text as payload
from staging.pulled_detail as d
where
    d.order_id in (
        select distinct n.order_id from staging.pulled_detail as n
        where n.order_id > :after
        order by n.order_id
        limit :most
    )
order by d.order_id, d.part;
