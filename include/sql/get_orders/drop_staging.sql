-- get_orders/load: what was pulled is not needed any more.   Repeat  safe.

drop table if exists staging.plan, staging.pulled_order, staging.pulled_refund, staging.pulled_detail,
staging.sales_order, staging.order_item, staging.order_consignment, staging.order_fee, staging.order_contact,
staging.order_address, staging.order_text, staging.order_coupon, staging.order_tax, staging.order_message,
staging.refund, staging.refund_item, staging.order_problem, staging.verdict;
