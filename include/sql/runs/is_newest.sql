-- runs/is_newest: whether no other attempt of the run has begun since this one.   Reads  ops.run.

select r.attempt = :attempt as mine
from ops.run as r
where r.run_no = :run_no;
