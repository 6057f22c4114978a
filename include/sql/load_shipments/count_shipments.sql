-- load_shipments/extract: how many shipments the file speaks of.
-- Reads    staging.   A line that could not be taken counts by its key; one whose key is no usable one does not.

select count(*) as shipments
from (
    select r.shipment_key
    from staging.shipment_row as r
    union
    select p.group_key
    from staging.feed_problem as p
    where p.group_key is not null
) as k;
