-- import_listings/load: this transaction's settings, what the planner must know, and a clean slate for a second attempt.

select pg_advisory_xact_lock(hashtextextended('import_listings/' || :channel, 0));

select
    set_config('storekeeper.own_write', 'on', true),
    set_config('jit', 'off', true),
    set_config('work_mem', '64MB', true);

truncate staging.match, staging.unmatchable, staging.pinned, staging.change;

analyze staging.product, staging.missing, staging.listing, staging.variant, staging.brand, staging.category, staging.stock,
staging.problem;
