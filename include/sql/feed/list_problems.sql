-- feed/load: some problems of a dry run, which records none.   Reads  staging.feed_problem.

select
    entity_key,
    reason,
    message
from staging.feed_problem
order by line, entity_key, reason
limit :most;
