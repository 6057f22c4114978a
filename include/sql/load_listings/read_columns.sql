-- load_listings/load: which of the known columns the file has.   Reads  staging.draft_column.

select c.name
from staging.draft_column as c
where c.prefix = ''
order by c.place;
