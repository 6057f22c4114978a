-- load_listings/load: how many rows the file has, and how many of them are of a listing that can be taken.
-- Reads    staging.

select
    (
        select count(*)
        from (
            select r.line from staging.draft_row as r
            union
            select p.line from staging.feed_problem as p
        ) as l
    ) as lines,
    (select count(*) from staging.draft_variant) as usable;
