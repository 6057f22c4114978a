-- feed/extract: how many SKUs or shipments the file has, the measure of the next one.   Writes  ops.run.   Repeat  safe.

update ops.run set staged = :counted
where run_no = :run_no;
