-- import_listings/extract: the stretches of ids that this run reads, and how far each has come.

select
    stretch_no,
    reached_id,
    before_id,
    finished
from staging.stretch
order by stretch_no;
