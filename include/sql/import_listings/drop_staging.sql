-- import_listings/load: the run has loaded; its staging is not needed any more.   Repeat  safe.

drop table if exists staging.step, staging.stretch, staging.product, staging.missing, staging.brand, staging.category,
staging.stock, staging.listing, staging.variant, staging.problem, staging.match, staging.unmatchable, staging.pinned,
staging.change;
