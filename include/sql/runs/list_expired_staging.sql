-- runs/list_expired_staging: staging tables of runs that ended, or died, long ago.   Reads  ops.run, the catalog.

select c.relname as table_name
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
left join ops.run as r on r.run_no::text = substring(c.relname from '_([0-9]+)$')
where
    n.nspname = 'staging'
    and c.relkind = 'r'
    and (r.run_no is null or (r.channel = :channel and r.step = 'loaded') or r.touched_at < now() - interval '7 days');
