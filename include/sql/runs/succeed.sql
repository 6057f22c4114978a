-- runs/succeed: the run's effect, its counts and its end are committed together.   Writes  ops.run.

update ops.run set
    state = :state,
    step = 'loaded',
    finished_at = now(),
    touched_at = now(),
    message = :message,
    read = :read,
    created = :created,
    linked = :linked,
    updated = :updated,
    overwritten = :overwritten,
    unchanged = :unchanged,
    skipped = :skipped,
    failed = :failed
where run_no = :run_no;
