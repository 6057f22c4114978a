-- publish_listings/load: problems that a dry run has found, for its log.   Reads  staging.draft_problem.

select
    p.reason,
    p.message
from staging.draft_problem as p
order by p.entity_key, p.reason
limit :most;
