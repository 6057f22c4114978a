-- runs/begin: a task of a run starts; the first one opens the run.
-- Writes   ops.run.   Repeat  safe: each start raises the attempt, and an older attempt may not write any more.
-- Order    a run that has loaded stays as it is; one that somebody has cleared begins anew: see runs/is_cleared.

insert into ops.run as r (run_key, channel, operation, run_id, attempt, dry_run, params)
values (:run_key, :channel, :operation, :run_id, 1, :dry_run, cast(:params as jsonb))
on conflict (run_key) do update
    set
        attempt = r.attempt + 1,
        touched_at = now(),
        step = case when :anew then 'started' else r.step end,
        dry_run = case when :anew then excluded.dry_run else r.dry_run end,
        params = case when :anew then excluded.params else r.params end,
        started_at = case when :anew then now() else r.started_at end,
        pulled_from = case when not :anew then r.pulled_from end,
        store_time = case when not :anew then r.store_time end,
        store_hash = case when not :anew then r.store_hash end,
        complete = case when not :anew then r.complete end,
        changed_since = case when not :anew then r.changed_since end,
        state = case when r.step = 'loaded' and not :anew then r.state else 'running' end,
        finished_at = case when r.step = 'loaded' and not :anew then r.finished_at end,
        message = case when r.step = 'loaded' and not :anew then r.message end
returning run_no, attempt, step, dry_run;
