-- import_listings/extract: how much was staged, kept where a crash of the database does not lose it.   Writes  ops.run.

update ops.run set staged = (select count(*) from staging.product)
where run_no = :run_no;
