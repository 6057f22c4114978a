-- runs/hold: this attempt still has the run; nobody else may begin it before this transaction ends.
-- Reads    ops.run, with a shared lock: the extraction's readers commit side by side, a new attempt waits.
-- The transaction bears the run's name, by which a new attempt cuts it off; runs/bound_stall tells why it is bounded.

select
    r.step,
    r.attempt = :attempt as mine,
    clock_timestamp() as clock,
    set_config('application_name', 'storekeeper run ' || r.run_no, true) as named,
    set_config('idle_in_transaction_session_timeout', :stall_ms, true) as bounded
from ops.run as r
where r.run_no = :run_no
for share;
