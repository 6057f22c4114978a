-- runs/list_own_staging: the staging tables of one run.   Reads  the catalog.

select c.relname as table_name
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where n.nspname = 'staging' and c.relkind = 'r' and substring(c.relname from '_([0-9]+)$') = :number;
