-- get_orders/transform: the next refunds to handle, in order of id.   Reads  staging.pulled_refund.

select
    refund_id,
    payload::text as payload
from staging.pulled_refund
where refund_id > :after
order by refund_id
limit :most;
