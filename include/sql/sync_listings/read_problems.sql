-- sync_listings/plan: the problems of the plan, for a dry run to keep when it takes everything else back.
-- Reads    staging.problem.

select
    p.entity,
    p.entity_key,
    p.reason,
    p.message,
    p.source
from staging.problem as p;
