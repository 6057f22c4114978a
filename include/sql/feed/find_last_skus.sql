-- feed/extract: how many SKUs the last file had that was loaded.   Reads  ops.run.

select max(l.staged) as skus
from (
    select r.staged
    from ops.run as r
    where
        r.channel = :channel
        and r.operation = :operation
        and r.step = 'loaded'
        and not r.dry_run
        and r.run_no <> :run_no
    order by r.finished_at desc
    limit 1
) as l;
