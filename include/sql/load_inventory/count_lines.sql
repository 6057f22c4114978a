-- load_inventory/load: how many rows the file has, and of how many SKUs one can be taken.   Reads  staging.

select
    (select count(*) from staging.item) + (select count(distinct p.line) from staging.feed_problem as p) as lines,
    (select count(*) filter (where c.verdict <> 'conflict') from staging.choice as c) as usable;
