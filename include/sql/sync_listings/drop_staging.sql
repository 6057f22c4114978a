-- sync_listings/load: the run's staging goes when its effect is committed.   Repeat  safe.

drop table if exists staging.differing, staging.plan, staging.problem, staging.step, staging.stretch;
