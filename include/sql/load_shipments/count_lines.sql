-- load_shipments/load: how many rows the file has, and how many shipments of it can be taken.   Reads  staging.

select
    (
        select count(*)
        from (
            select r.line from staging.shipment_row as r
            union
            select p.line from staging.feed_problem as p
        ) as l
    ) as lines,
    (select count(*) from staging.shipment) as usable;
