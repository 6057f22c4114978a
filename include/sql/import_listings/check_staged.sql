-- import_listings/load: whether all that was staged is still there.   Reads  ops.run, staging.product.

select coalesce(r.staged = (select count(*) from staging.product), false) as whole
from ops.run as r
where r.run_no = :run_no;
