-- runs/cut_off: a run's older attempts that are inside a transaction lose their connection.
-- Reads    ops.run, the activity.
-- A worker that stalled there would hold the run's row, and its successor would wait for it without end.

select pg_terminate_backend(a.pid)
from ops.run as r
inner join pg_catalog.pg_stat_activity as a on a.application_name = 'storekeeper run ' || r.run_no
where r.run_key = :run_key and a.datname = current_database() and a.usename = session_user;
