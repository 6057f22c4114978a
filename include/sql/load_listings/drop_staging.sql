-- load_listings/load: what was read is not needed any more.   Repeat  safe.

drop table if exists staging.draft_column, staging.draft_row, staging.draft_listing, staging.draft_variant;
