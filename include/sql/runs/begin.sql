-- runs/begin: a task of a run starts; the first one opens the run.
-- Writes   ops.run.   Repeat  safe: each start raises the attempt, and an older attempt may not write any more.
-- Order    a run that has loaded stays as it is, unless its first task starts again: then somebody has cleared the run,
--          maybe with other parameters, and it begins anew.

insert into ops.run as r (run_key, channel, operation, run_id, attempt, dry_run, params)
values (:run_key, :channel, :operation, :run_id, 1, :dry_run, cast(:params as jsonb))
on conflict (run_key) do update
    set
        attempt = r.attempt + 1,
        touched_at = now(),
        step = case when r.step = 'loaded' and :first then 'started' else r.step end,
        dry_run = case when r.step = 'loaded' and :first then excluded.dry_run else r.dry_run end,
        params = case when r.step = 'loaded' and :first then excluded.params else r.params end,
        started_at = case when r.step = 'loaded' and :first then now() else r.started_at end,
        pulled_from = case when r.step = 'loaded' and :first then null else r.pulled_from end,
        store_time = case when r.step = 'loaded' and :first then null else r.store_time end,
        complete = case when r.step = 'loaded' and :first then null else r.complete end,
        changed_since = case when r.step = 'loaded' and :first then null else r.changed_since end,
        state = case when r.step = 'loaded' and not :first then r.state else 'running' end,
        finished_at = case when r.step = 'loaded' and not :first then r.finished_at end,
        message = case when r.step = 'loaded' and not :first then r.message end
returning run_no, attempt, step, dry_run;
