-- feed/extract: how many SKUs or shipments the last file had that was loaded from the same path.   Reads  ops.run.
-- A run that was given no path of its own has loaded the configured one.

select max(l.staged) as counted
from (
    select r.staged
    from ops.run as r
    where
        r.channel = :channel
        and r.operation = :operation
        and r.step = 'loaded'
        and not r.dry_run
        and r.run_no <> :run_no
        and (r.params ->> 'path' = :path or (:configured and r.params ->> 'path' is null))
    order by r.finished_at desc
    limit 1
) as l;
