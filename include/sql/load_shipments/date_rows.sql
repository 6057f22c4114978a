-- load_shipments/load: since when each row of a shipment without any problem holds, and whether it beats the warehouse.
-- Grain    the row.   Reads  staging, core.shipment, ops.run.   Writes  staging.shipment_dated_row.
-- A row without updated_at is as new as the newest of its shipment that has one; where none has, as of the moment before
-- the file was read.

insert into staging.shipment_dated_row (line, shipment_key, as_of, dated, wins)
with aged as (
    select
        r.line,
        r.shipment_key,
        coalesce(r.updated_at, max(r.updated_at) over of_shipment, u.pulled_from) as as_of,
        max(r.updated_at) over of_shipment is not null as dated
    from staging.shipment_row as r
    cross join ops.run as u
    where
        u.run_no = :run_no
        and not exists (
            select 1 from staging.feed_problem as p
            where p.group_key = r.shipment_key
        )
    window of_shipment as (partition by r.shipment_key)
)

select
    a.line,
    a.shipment_key,
    a.as_of,
    a.dated,
    s.updated_at is null or a.as_of > s.updated_at
from aged as a
left join core.shipment as s on s.channel = :channel and a.shipment_key = s.shipment_key;

analyze staging.shipment_dated_row;
