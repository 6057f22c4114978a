-- load_shipments/load: one load of the channel's shipments after the other, and what the planner must know.

select pg_advisory_xact_lock(hashtextextended('load_shipments/' || :channel, 0));

select
    set_config('jit', 'off', true),
    set_config('work_mem', '64MB', true);

analyze staging.shipment_row (line, shipment_key, order_id, updated_at), staging.feed_problem;
