-- sync_orders/transform: how much there is to do.   Reads  staging.

select
    count(*) filter (where p.action = 'create') as new,
    count(*) filter (where p.action in ('adopt', 'update')) as changed,
    count(*) filter (where p.action = 'delete') as cancelled,
    (select count(*) from staging.problem) as problems
from staging.planned as p;
