-- feed/extract: how many SKUs the file has, the measure of the next one.   Writes  ops.run.   Repeat  safe.

update ops.run set staged = :skus
where run_no = :run_no;
