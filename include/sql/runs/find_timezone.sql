-- runs/find_timezone: whether the warehouse knows a time zone.   Reads  ops.channel, then Postgres's own list.
-- The list is read from files; a zone that some channel has already was found there before.

select 1 as known
where
    exists (
        select 1 from ops.channel as c
        where c.timezone = :timezone
    )
    or exists (
        select 1 from pg_catalog.pg_timezone_names as z
        where z.name = :timezone
    );
