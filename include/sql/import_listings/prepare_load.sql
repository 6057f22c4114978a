-- import_listings/load: this transaction's settings, what the planner must know, and a clean slate for a second attempt.

select pg_advisory_xact_lock(hashtextextended('import_listings/' || :channel, 0));

select
    set_config('storekeeper.own_write', 'on', true),
    set_config('jit', 'off', true),
    set_config('work_mem', '64MB', true),
    set_config('default_statistics_target', '20', true);

truncate staging.match, staging.unmatchable, staging.pinned, staging.change;

analyze staging.product (product_id, fetched_at), staging.listing (product_id, brand_id),
staging.variant (variant_id, product_id, master_sku), staging.missing, staging.brand, staging.category, staging.stock,
staging.problem;
