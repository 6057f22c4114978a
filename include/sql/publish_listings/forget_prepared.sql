-- publish_listings/transform: it begins anew.   Writes  staging.payload, staging.draft_problem.   Repeat  safe.

truncate staging.payload, staging.draft_problem;
