-- runs/touch: a sign of life from an attempt; no row means that another attempt has taken over.   Writes  ops.run.

update ops.run set touched_at = now()
where run_no = :run_no and attempt = :attempt;
