-- forget_shopper/forget: runs that have staged orders and not loaded them, alive or killed, begin anew.
-- Writes   ops.run.   Repeat  safe.
-- Order    the attempt rises, so that one that still runs can stage nothing more: its staging may go.

update ops.run as r set
    attempt = r.attempt + 1,
    state = 'failed',
    finished_at = now(),
    message = 'A shopper was forgotten meanwhile, and what this run had staged is gone: run it again.'
where
    (
        r.operation = 'get_orders'
        or (r.operation = 'sync_orders' and exists (
            select 1 from pg_catalog.pg_tables as t
            where t.schemaname = 'staging' and t.tablename = 'order_contact_' || r.run_no
        ))
    )
    and r.state = 'running'
    and r.step <> 'loaded'
    and :channel in ('*', r.channel);
