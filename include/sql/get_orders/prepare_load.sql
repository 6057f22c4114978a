-- get_orders/load: one load of a channel's orders after the other, and what the planner must know.

select pg_advisory_xact_lock(hashtextextended('get_orders/' || :channel, 0));

select
    set_config('jit', 'off', true),
    set_config('work_mem', '64MB', true),
    set_config('default_statistics_target', '20', true);

truncate staging.verdict;

analyze staging.pulled_order (order_id, fetched_at), staging.sales_order (order_id, status_id, created_at),
staging.order_item (order_id), staging.order_consignment (order_id), staging.order_contact, staging.order_address (
    order_id, email
), staging.refund;
