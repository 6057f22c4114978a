-- load_listings/load: one load of the channel's listings after the other, and what the planner must know.
-- Order    an import's load and a change of statuses are waited for: they hold rows in an order of their own.

select pg_advisory_xact_lock(hashtextextended('import_listings/' || :channel, 0));

select
    set_config('jit', 'off', true),
    set_config('work_mem', '64MB', true);

analyze staging.draft_row (line, listing_key, master_sku, updated_at), staging.feed_problem;
