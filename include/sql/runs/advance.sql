-- runs/advance: a step's effect is committed with this.   Writes  ops.run.

update ops.run set
    step = :step,
    touched_at = now()
where run_no = :run_no;
