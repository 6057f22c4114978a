-- runs/spend: what a task has cost, added up over a run's tasks and attempts.   Writes  ops.run.

update ops.run set
    requests = requests + :requests,
    work_seconds = work_seconds + :work_seconds,
    touched_at = now()
where run_no = :run_no;
