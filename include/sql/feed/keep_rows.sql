-- feed/extract: how many rows the file has.   Writes  ops.run.   Repeat  safe.

update ops.run set staged = :rows
where run_no = :run_no;
