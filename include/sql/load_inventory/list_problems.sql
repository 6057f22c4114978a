-- load_inventory/load: some problems of a dry run, which records none.   Reads  staging.item_problem.

select
    entity_key,
    reason,
    message
from staging.item_problem
order by line, entity_key, reason
limit :most;
