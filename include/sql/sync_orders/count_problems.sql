-- sync_orders/load: how many problems the run leaves open, those with orders among them.   Reads  ops.problem.

select count(*) as problems
from ops.problem as p
where p.channel = :channel and p.operation = 'sync_orders' and p.open and p.run_no = :run_no;
