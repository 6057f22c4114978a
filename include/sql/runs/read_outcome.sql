-- runs/read_outcome: a run as the ledger has it.   Reads  ops.run.

select
    run_no,
    channel,
    operation,
    run_id,
    state,
    step,
    dry_run,
    message,
    read,
    created,
    linked,
    updated,
    overwritten,
    unchanged,
    skipped,
    failed,
    requests,
    work_seconds
from ops.run
where run_no = :run_no;
