-- runs/is_cleared: whether a run whose first task starts has been cleared by somebody.   Reads  ops.run.
-- It has loaded already (where it has a single task, that may be the work of the attempt before), or it is to do something
-- else now: a backfill takes a failed run over with a conf of its own.

select r.run_no
from ops.run as r
where
    r.run_key = :run_key
    and ((r.step = 'loaded' and not :single) or r.dry_run <> :dry_run or r.params <> cast(:params as jsonb));
