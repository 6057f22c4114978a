-- runs/fail: a task gave up; a later attempt opens the run again.   Writes  ops.run.
-- Order    a run that has loaded stays a success.

update ops.run set
    state = 'failed',
    finished_at = now(),
    touched_at = now(),
    message = :message
where run_no = :run_no and attempt = :attempt and step <> 'loaded';
