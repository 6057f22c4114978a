-- sync_orders/transform: a plan is made anew.   Repeat  safe.

truncate staging.planned, staging.problem, staging.considered;
