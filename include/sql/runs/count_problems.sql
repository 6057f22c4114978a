-- runs/count_problems: a run's open problems by reason.   Reads  ops.problem.

select
    reason,
    count(*) as problems,
    min(entity_key) as example
from ops.problem
where channel = :channel and operation = :operation and open and run_no = :run_no
group by reason
order by count(*) desc, reason;
