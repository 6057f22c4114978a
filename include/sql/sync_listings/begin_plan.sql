-- sync_listings/plan: this transaction's settings, and a clean slate.

select
    set_config('storekeeper.own_write', 'on', true),
    set_config('jit', 'off', true),
    set_config('work_mem', '64MB', true);

truncate staging.differing, staging.plan, staging.problem;

delete from staging.step
where step = 'planned';
