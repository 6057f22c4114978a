-- import_listings/extract: the moment before the first record is read.   Writes  ops.run.   Repeat  safe.

update ops.run set pulled_from = clock_timestamp()
where run_no = :run_no and pulled_from is null;
