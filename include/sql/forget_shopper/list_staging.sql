-- forget_shopper/forget: what runs of Get Orders, and of Sync Orders while it reads orders, have staged and none will
-- load; a repeat of one of them pulls again.
-- Reads    ops.run, the catalog.

select c.relname as table_name
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join ops.run as r on r.run_no::text = substring(c.relname from '_([0-9]+)$')
where
    n.nspname = 'staging'
    and c.relkind = 'r'
    and (
        r.operation = 'get_orders'
        or (r.operation = 'sync_orders' and exists (
            select 1 from pg_catalog.pg_tables as t
            where t.schemaname = 'staging' and t.tablename = 'order_contact_' || r.run_no
        ))
    )
    and :channel in ('*', r.channel);
