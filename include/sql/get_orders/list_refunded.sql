-- get_orders/extract: new or changed orders that show a refund.   Reads  staging.pulled_order.

select order_id
from staging.pulled_order
where refund_shown
order by order_id;
