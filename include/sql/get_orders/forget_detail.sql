-- get_orders/transform: a detail that cannot be read replaces nothing.   Repeat  safe.

update staging.pulled_detail set unread = true
where order_id = :order_id and part = :part;
