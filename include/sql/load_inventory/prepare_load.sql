-- load_inventory/load: one load after the other, and what the planner must know.

select pg_advisory_xact_lock(hashtextextended('load_inventory', 0));

select
    set_config('jit', 'off', true),
    set_config('work_mem', '64MB', true);

analyze staging.item, staging.feed_problem;
