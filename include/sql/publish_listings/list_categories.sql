-- publish_listings/load: the categories that the run's products name.   Reads  staging.payload.

select distinct c.path
from staging.payload as p
cross join lateral unnest(p.categories) as c (path)
order by c.path;
