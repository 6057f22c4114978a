-- runs/touch: a sign of life from a long task.   Writes  ops.run.   Repeat  safe.

update ops.run set touched_at = now()
where run_no = :run_no and attempt = :attempt;
