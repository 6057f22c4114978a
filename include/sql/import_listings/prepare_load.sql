-- import_listings/load: this transaction's settings, what the planner must know, and a clean slate for a second attempt.

select pg_advisory_xact_lock(hashtextextended('import_listings/' || :channel, 0));

set local storekeeper.own_write = 'on';

set local jit = off;

set local work_mem = '64MB';

truncate staging.match, staging.unmatchable, staging.change;

analyze staging.product, staging.missing, staging.listing, staging.variant, staging.brand, staging.category, staging.stock,
staging.problem;
