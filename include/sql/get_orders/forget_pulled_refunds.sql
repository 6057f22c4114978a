-- get_orders/extract: a refund that is read again is staged as it is now.

delete from staging.pulled_refund
where refund_id = any(:refund_ids);
