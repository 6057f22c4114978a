-- import_listings/extract: what this run pulls; all of it, what changed since the last pull, or chosen products.
-- Reads    ops.watermark.   Writes  ops.run.   Repeat  safe: a second attempt keeps to what the first one decided.
-- What changed alone is pulled only where a former pull of the same store says since when, and the last complete one is
-- not too long ago.

update ops.run as r set
    complete = coalesce(r.complete, not d.narrowed and d.since is null),
    changed_since = case when r.complete is null then d.since else r.changed_since end
from (
    select
        cast(:narrowed as boolean) as narrowed,
        (
            select w.store_time - make_interval(mins => :overlap_minutes)
            from ops.watermark as w
            inner join ops.run as o on w.store_hash = o.store_hash
            where
                o.run_no = :run_no
                and w.channel = :channel
                and w.operation = 'import_listings'
                and not :narrowed
                and :only_changed
                and w.value > now() - make_interval(hours => :complete_every_hours)
        ) as since
) as d
where r.run_no = :run_no
returning r.complete, r.changed_since;
