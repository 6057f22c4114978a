-- runs/begin: a task of a run starts; the first one opens the run.
-- Writes   ops.run.   Repeat  safe: each start raises the attempt, and an older attempt may not write any more.
-- Order    a run that has loaded stays as it is.

insert into ops.run as r (run_key, channel, operation, run_id, attempt, dry_run, params)
values (:run_key, :channel, :operation, :run_id, 1, :dry_run, cast(:params as jsonb))
on conflict (run_key) do update
    set
        attempt = r.attempt + 1,
        touched_at = now(),
        state = case when r.step = 'loaded' then r.state else 'running' end,
        finished_at = case when r.step = 'loaded' then r.finished_at end,
        message = case when r.step = 'loaded' then r.message end
returning run_no, attempt, step, dry_run;
