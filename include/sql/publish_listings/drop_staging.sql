-- publish_listings/load: the run's staging goes when its effect is committed.   Repeat  safe.

drop table if exists
staging.draft, staging.payload, staging.draft_problem, staging.sku, staging.differing, staging.plan, staging.problem, staging.step,
staging.stretch;
