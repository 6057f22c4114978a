-- get_orders/transform: the next orders to handle, in order of id.   Reads  staging.pulled_order.

select
    order_id,
    payload::text as payload,
    unstorable
from staging.pulled_order
where order_id > :after and (payload is not null or unstorable is not null)
order by order_id
limit :most;
