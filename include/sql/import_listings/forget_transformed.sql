-- import_listings/transform: begin again.   Repeat  safe.

truncate staging.listing, staging.variant, staging.problem;
