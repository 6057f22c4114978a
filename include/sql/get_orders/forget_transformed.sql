-- get_orders/transform: begin again.   Repeat  safe.

truncate staging.sales_order, staging.order_item, staging.order_consignment, staging.order_fee, staging.order_contact,
staging.order_address, staging.order_text, staging.order_coupon, staging.order_tax, staging.order_message,
staging.refund, staging.refund_item, staging.order_problem, staging.verdict;

update staging.pulled_detail set unread = false
where unread;
