-- sync_listings/load: what of the plan is left to send; what the store refused before comes last of all.
-- Reads    staging.plan.

select
    p.call,
    p.batch
from staging.plan as p
group by p.call, p.batch
order by p.batch >= 1000000, array_position(array['products', 'variants', 'stock', 'showing', 'delist'], p.call), p.batch;
