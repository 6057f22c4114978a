-- staging/read_stretches: the stretches of ids that this run reads, and how far each has come.

select
    stretch_no,
    reached_id,
    before_id,
    finished
from staging.stretch
where collection = :collection
order by stretch_no;
