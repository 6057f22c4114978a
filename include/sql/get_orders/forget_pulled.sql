-- get_orders/extract: an order that is read again, in another window, is staged as it is now.

delete from staging.pulled_order
where order_id = any(:order_ids);
