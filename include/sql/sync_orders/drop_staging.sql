-- sync_orders/load: the plan is not needed any more.   Repeat  safe.

drop table if exists staging.planned, staging.problem, staging.considered;
