-- sync_orders/load: some of the problems that the plan has met, for the log of a dry run.   Reads  staging.problem.

select
    p.reason,
    p.message
from staging.problem as p
order by p.reason, p.entity_key
limit :most;
