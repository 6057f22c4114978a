-- runs/count_open_problems: what an operation has left open, whichever run.   Reads  ops.problem.

select count(*) as problems
from ops.problem
where channel = :channel and operation = :operation and open;
